import pytest

from spacy_el4ner.report.judging import Tally
from spacy_el4ner.report.tables import calibration, confusion, model_errors, type_errors
from spacy_el4ner.scorer import calibration_error
from spacy_el4ner.types import Mention


@pytest.fixture
def tally():
    found = [Mention(0, 3, "A"), Mention(5, 8, "B"), Mention(10, 12, "A"), Mention(20, 22, "A")]
    gold = [Mention(0, 3, "A"), Mention(5, 8, "A"), Mention(10, 13, "A"), Mention(30, 31, "B")]
    tally = Tally(pairs=[(0.05, False), (0.51, True), (0.55, False), (1.0, True)])
    tally.add(found, gold)
    tally.hear([("one", Mention(0, 3, "A")), ("one", Mention(5, 8)), ("one", Mention(6, 7))], gold)
    return tally


def test_errors_of_a_type_add_up_to_what_was_found(tally):
    rows = {row[0]: row[1:] for row in type_errors(tally).rows}
    assert rows["all"] == ["4", "4", "0.250", "0.250", "0.250", "1", "1", "1", "0", "1"]
    assert rows["A"] == ["3", "3", "0.333", "0.333", "0.333", "0", "0", "1", "0", "1"]
    assert rows["B"] == ["1", "1", "0.000", "0.000", "0.000", "1", "1", "0", "0", "0"]


def test_confusion_has_gold_in_rows_and_what_was_found_in_columns(tally):
    table = confusion(tally)
    assert table.header == ("", "A", "B", "none")
    assert [list(row) for row in table.rows] == [
        ["A", "1", "1", "1"],
        ["B", "", "", "1"],
        ["none", "2", "", ""],
    ]


def test_a_model_is_right_too_where_it_says_none_of_nothing(tally):
    assert model_errors(tally).rows == [["one", "3", "2", "0", "0", "0", "0", "1"]]


def test_the_curve_has_the_points_of_the_calibration_error(tally):
    points, error = calibration(tally)
    assert [(p.confidence, p.accuracy, p.entities) for p in points] == [
        (0.05, 0, 1),
        (pytest.approx(0.53), 0.5, 2),
        (1.0, 1, 1),
    ]
    expected = sum(abs(p.confidence - p.accuracy) * p.entities for p in points) / 4
    assert error == pytest.approx(expected) == pytest.approx(calibration_error(tally.pairs))


def test_nothing_counted_is_no_error():
    assert calibration(Tally()) == ([], None)
    assert type_errors(Tally()).rows == [["all", "0", "0", "0.000", "0.000", "0.000", *"00000"]]


def test_sections_have_the_measured_rows(sections):
    ensemble, fusion = sections
    assert [bar.name for bar in ensemble.bars if bar.main] == ["full ensemble"]
    assert [bar.name for bar in fusion.bars if bar.main] == [
        "fusion, as chosen on the development split"
    ]
    assert not any("*" in row[0] for s in sections for table in s.tables for row in table.rows)
