"""The progress of long work, on a terminal and elsewhere."""

import io
import itertools
from pathlib import Path

import pytest

import spacy_el4ner
from spacy_el4ner.progress import Progress, beat, track


class Terminal(io.StringIO):
    def isatty(self):
        return True


def log_of(seconds_a_unit, units, total=None):
    """What is written to a stream that is not a terminal."""
    stream, now = io.StringIO(), [0.0]
    with Progress("Reading", total, stream=stream, clock=lambda: now[0]) as progress:
        for _ in range(units):
            now[0] += seconds_a_unit
            progress.update()
    return stream.getvalue()


def test_a_stream_that_is_not_a_terminal_gets_a_line_a_minute_and_one_at_the_end():
    assert log_of(0.25, 600).splitlines() == [
        "Reading: 240 documents in 1:00",
        "Reading: 480 documents in 2:00",
        "Reading: 600 documents in 2:30",
    ]


def test_short_work_writes_one_line():
    assert log_of(0.5, 10, total=10) == "Reading: 10/10 documents in 0:05\n"


def test_lines_have_no_control_characters():
    assert not set("\r\x1b") & set(log_of(10, 100, total=100))


def test_a_line_says_how_long_the_rest_takes():
    first = log_of(60, 2, total=4).splitlines()[0]
    assert first == "Reading: 1/4 documents in 1:00, 3:00 left"


def test_what_an_earlier_run_did_is_not_counted_as_speed():
    stream, now = io.StringIO(), itertools.count(0, 60)
    with Progress("Reading", 110, done=90, stream=stream, clock=lambda: next(now)) as progress:
        progress.update(10)
    assert "100/110 documents" in stream.getvalue()
    assert "90/" not in stream.getvalue()


def test_no_work_writes_nothing():
    assert log_of(1, 0, total=5) == ""


def test_title_total_and_note_can_change():
    stream = io.StringIO()
    with Progress("One", unit="steps", stream=stream) as progress:
        progress.title, progress.total, progress.note = "Two", 7, "loss 0.5"
        progress.update(7)
    assert stream.getvalue() == "Two: 7/7 steps in 0:00, loss 0.5\n"


def test_a_terminal_gets_a_bar():
    stream = Terminal()
    with Progress("Reading", 3, stream=stream) as progress:
        progress.note = "loss 0.5"
        progress.update(3)
    assert "\r" in stream.getvalue()
    assert "3/3" in stream.getvalue()


def test_an_error_passes_through():
    with pytest.raises(ValueError, match="broken"), Progress("Reading", 3, stream=io.StringIO()):
        raise ValueError("broken")


@pytest.mark.parametrize("items", [[1, 2, 3], range(3)])
def test_a_tracked_loop_yields_its_items_and_knows_their_number(items):
    stream = io.StringIO()
    assert list(track(items, "Reading", stream=stream)) == list(items)
    assert stream.getvalue().startswith("Reading: 3/3 documents")


def test_a_tracked_stream_of_unknown_length_has_no_total():
    stream = io.StringIO()
    list(track(iter("ab"), "Reading", stream=stream))
    assert stream.getvalue().startswith("Reading: 2 documents")


def test_a_long_unit_has_a_line_a_minute_too(clock, capsys):
    with Progress("Annotating", 2) as progress:
        for n in range(1, 7):
            clock(30)
            beat(f"{n} of 6 answers")
        progress.update()
        clock(60)
        progress.update()
    assert capsys.readouterr().err.splitlines() == [
        "Annotating: 0/2 documents in 1:00, 2 of 6 answers",
        "Annotating: 0/2 documents in 2:00, 4 of 6 answers",
        "Annotating: 0/2 documents in 3:00, 6 of 6 answers",
        "Annotating: 2/2 documents in 4:00",
    ]


def test_a_step_is_of_the_innermost_work(clock, capsys):
    with Progress("Outer", 1), Progress("Inner", 1) as inner:
        clock(60)
        beat("half")
        inner.update()
    assert capsys.readouterr().err.startswith("Inner: 0/1 documents in 1:00, half\n")


def test_without_any_progress_a_step_says_nothing(capsys):
    with Progress("Reading", 1):
        pass
    beat("half")
    assert capsys.readouterr().err == ""


def test_a_terminal_sees_the_step():
    stream = Terminal()
    with Progress("Reading", 3, stream=stream) as progress:
        progress.show_step("4 of 9 answers")
        assert "4 of 9 answers" in stream.getvalue()


def test_nothing_else_draws_bars():
    """Bars of other libraries, which are redrawn in logs, would be drawn by tqdm."""
    package = Path(spacy_el4ner.__file__).parent
    users = [p.name for p in package.rglob("*.py") if "tqdm" in p.read_text(encoding="utf8")]
    assert users == ["progress.py"]
