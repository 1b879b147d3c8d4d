"""The command `distil`."""

import pytest

from tests.cli.runner import call
from tests.distillation.teachers import save_config, save_gold, save_teacher, save_texts

CHEAP = ("--max-steps", 1, "--shard-size", 5)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distil")
    save_teacher(folder / "teacher")
    save_texts(folder / "texts.txt")
    save_gold(folder / "gold.spacy")
    save_config(folder / "student.cfg")
    return folder


def distil(inputs, out, *options):
    teacher = inputs / "teacher" / "pipeline"
    config = ("--config", inputs / "student.cfg")
    return call("distil", teacher, inputs / "texts.txt", out, *config, *CHEAP, *options)


def said(result):
    """What it printed, without line breaks."""
    return " ".join(result.output.split())


def test_it_trains_counts_and_compares(inputs, tmp_path):
    gold = inputs / "gold.spacy"
    result = distil(inputs, tmp_path / "out", "--gold", gold, "--test", gold)
    assert result.exit_code == 0, result.output
    assert "42 of 46 entities are kept; 4 with a confidence below 0.7" in said(result)
    assert "| teacher | 1.000 |" in said(result)
    assert (tmp_path / "out" / "student" / "config.cfg").is_file()
    assert (tmp_path / "out" / "distillation.json").is_file()


def test_a_stop_is_told_with_how_to_go_on(inputs, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("spacy_el4ner.distillation.run.train_student", stop)
        result = distil(inputs, tmp_path / "out")
    assert result.exit_code == 130
    assert "The same command continues" in said(result)
    assert distil(inputs, tmp_path / "out").exit_code == 0


def test_failed_documents_are_told(inputs, tmp_path):
    result = distil(inputs, tmp_path / "out", "--max-length", 40)
    assert result.exit_code == 0, result.output
    assert "of 24 documents failed" in said(result)
    assert "annotated.spacy.failed.jsonl" in said(result)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--min-confidence", 0.99), "EL367"),
        (("--config", "nowhere.cfg"), "EL370"),
        (("--gold", "nowhere.spacy"), "EL007"),
    ],
)
def test_a_mistake_is_told_without_a_traceback(inputs, tmp_path, options, code):
    result = distil(inputs, tmp_path / "out", *options)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert code in said(result)


def test_a_folder_that_holds_something_else_is_left_alone(inputs, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    result = distil(inputs, tmp_path)
    assert result.exit_code == 1
    assert "EL366" in said(result)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_input_in_the_output_is_refused(inputs):
    result = distil(inputs, inputs)
    assert result.exit_code == 1
    assert "EL121" in said(result)
