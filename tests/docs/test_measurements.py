"""The scripts that measure what no command measures."""

from dataclasses import replace

import measure_gate
import measure_shards
import measure_voters
import pytest
from measure_voters import Votes

from spacy_el4ner.types import Candidate, Vote

LABELS = ["LOC", "PERSON"]


def candidate(start, end, document=0, **votes):
    """A candidate that each of the voters proposes, and gives the label with certainty."""
    return Candidate(
        start,
        end,
        proposals=dict.fromkeys(votes, 1.0),
        votes=tuple(Vote(name, label, 1.0, {label: 1.0}) for name, label in votes.items()),
        document=document,
    )


def split(*candidates, gold=()):
    surfaces = ["Paris" if c.end - c.start == 5 else "Ann" for c in candidates]
    return Votes(list(candidates), surfaces, set(gold), LABELS)


def test_shards_are_written_and_merged():
    steps = {"survey_s", "write_s", "resume_s", "merge_s"}  # the script checks what is merged
    assert set(measure_shards.measure(3)) == {"shards", "growth_mb", *steps}


def test_an_input_is_surveyed():
    assert measure_shards.survey(10)["documents"] == 10


def test_a_smaller_ensemble_has_only_the_votes_and_spans_of_its_voters():
    votes = split(candidate(0, 5, one="LOC", two="PERSON"), candidate(9, 12, two="PERSON"))
    (only,) = votes.only(["one"]).candidates
    assert [vote.voter for vote in only.votes] == ["one"]
    assert list(only.proposals) == ["one"]


def test_the_same_words_elsewhere_in_a_document_vote():
    first, second = candidate(0, 5, one="LOC"), candidate(20, 25, one="PERSON")
    other = replace(first, document=1)
    added = [
        [v.label for v in c.votes[1:]] for c in split(first, second, other).consistent().candidates
    ]
    assert added == [["PERSON"], ["LOC"], []]


def test_where_most_voters_say_a_name_begins_and_ends_it_does():
    wide = candidate(0, 9, one="LOC", two="LOC", three="LOC")
    spans = [
        replace(wide, label="LOC", start=start, end=end, proposals=proposals)
        for start, end, proposals in (
            (0, 5, {"one": 0.9}),
            (0, 9, {"two": 0.6}),
            (4, 9, {"three": 0.7}),
        )
    ]
    (chosen,) = measure_voters.by_boundaries(spans)
    assert (chosen.start, chosen.end) == (0, 9)


def test_a_row_has_the_scores_of_both_splits():
    gold = {(0, 0, 5, "LOC")}
    votes = split(candidate(0, 5, one="LOC", two="LOC"), candidate(9, 12, two="PERSON"), gold=gold)
    row = measure_voters.row(votes, votes, ["one", "two"], "majority", "confidence", False)
    assert row["dev"] == row["test"]
    assert row["test"]["ents_r"] == 1
    assert row["test"]["ents_p"] == pytest.approx(0.5)


def test_the_gate_is_recorded_by_step_and_folder(tmp_path):
    cases = (("tests.cli.test_show", 2), ("tests.cli.deep.test_a", 3), ("tests.test_docs", 1))
    listed = "".join(f'<testcase classname="{name}" time="{time}"/>' for name, time in cases)
    (tmp_path / "test.xml").write_text(f"<testsuite>{listed}</testsuite>", encoding="utf8")
    test, dist = measure_gate.record(tmp_path, ["test=90", "dist=30"])["rows"]
    assert test == {"step": "test", "seconds": 90, "folders": {"cli": 5.0, "tests": 1.0}}
    assert dist["folders"] == {}
