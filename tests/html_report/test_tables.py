import json

import pytest

from spacy_el4ner.calibration.error import calibration_error
from spacy_el4ner.html_report.outcomes import MentionTally
from spacy_el4ner.html_report.tables import (
    calibration,
    confusion,
    ensemble_section,
    label_errors,
    model_errors,
)
from spacy_el4ner.types import Mention
from tests.html_report.conftest import METRICS


@pytest.fixture
def tally():
    found = [Mention(0, 3, "A"), Mention(5, 8, "B"), Mention(10, 12, "A"), Mention(20, 22, "A")]
    gold = [Mention(0, 3, "A"), Mention(5, 8, "A"), Mention(10, 13, "A"), Mention(30, 31, "B")]
    tally = MentionTally(pairs=[(0.05, False), (0.51, True), (0.55, False), (1.0, True)])
    tally.add(found, gold)
    tally.add_answers(
        [("one", Mention(0, 3, "A")), ("one", Mention(5, 8)), ("one", Mention(6, 7))], gold
    )
    return tally


def test_errors_of_a_label_add_up_to_what_was_found(tally):
    rows = {row[0]: row[1:] for row in label_errors(tally).rows}
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
    assert calibration(MentionTally()) == ([], None)
    assert label_errors(MentionTally()).rows == [["all", "0", "0", "0.000", "0.000", "0.000", *"00000"]]


def test_sections_have_the_measured_rows(sections):
    ensemble, fusion = sections
    assert [bar.name for bar in ensemble.bars if bar.main] == ["full ensemble"]
    assert [bar.name for bar in fusion.bars if bar.main] == [
        "fusion, as chosen on the development split"
    ]
    assert not any("*" in row[0] for s in sections for table in s.tables for row in table.rows)


def test_what_the_vote_rule_learnt_of_each_voter_is_a_table():
    metrics = json.loads((METRICS / "ensemble.json").read_text())
    assert "Whom to trust" not in [table.title for table in ensemble_section(metrics).tables]
    section = ensemble_section({**metrics, "trust": {"terse": "best at GPE (0.93)"}})
    assert section.tables[-1].title == "Whom to trust"
    assert section.tables[-1].rows == [("terse", "best at GPE (0.93)")]
