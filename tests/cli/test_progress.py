"""The progress of trainings."""

from spacy_el4ner.cli.progress import loss_bar, steps_bar


def test_the_last_line_has_all_steps_and_the_last_loss(capsys):
    with loss_bar("Fine-tuning") as show:
        for step in range(1, 4):
            show(3, step, 1 / step)
    assert capsys.readouterr().err == "Fine-tuning: 3/3 steps in 0:00, loss 0.3333\n"


def test_a_run_that_continues_counts_from_where_it_was(capsys):
    with loss_bar("Fine-tuning") as show:
        show(10, 8, 0.5)
    assert capsys.readouterr().err.startswith("Fine-tuning: 8/10 steps in 0:00, 0:00 left")


def test_a_training_that_had_nothing_to_do_shows_nothing(capsys):
    with loss_bar("Fine-tuning"):
        pass
    assert capsys.readouterr().err == ""


def test_steps_are_passed_through(capsys):
    assert list(steps_bar(range(2), "terse")) == [0, 1]
    assert capsys.readouterr().err == "Training terse: 2/2 steps in 0:00\n"


def test_a_training_of_three_minutes_writes_a_line_a_minute(clock, capsys):
    for _ in steps_bar(range(1440), "marked"):
        clock(0.125)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" in ")[2][:4] for line in lines] == ["1:00", "2:00", "3:00"]


def test_a_fine_tuning_of_three_minutes_writes_a_line_a_minute(clock, capsys):
    with loss_bar("Fine-tuning") as show:
        for step in range(1, 181):
            clock(1)
            show(180, step, 0.5)
    written = capsys.readouterr().err
    assert not set("\r\x1b") & set(written)
    assert [line.partition(" in ")[2][:4] for line in written.splitlines()] == ["1:00", "2:00", "2:59"]
