"""The record of models that are only asked."""

import pytest

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.evaluation.in_context import in_context_record, markdown

STEP = {"name": "offsets", "measure": "F1 of starts", "without": 0.2, "with": 0.5, "choice": "offset"}


def row(f1, ece=0.1):
    return {
        "ents_p": f1,
        "ents_r": f1,
        "ents_f": f1,
        "docs_per_s": 2.0,
        "expected_calibration_error": ece,
    }


def run(f1, seed=0, tuning=None, **changes):
    return {
        "name": "sample",
        "documents": 4,
        "sentences": 9,
        "texts": "hash",
        "voter_models": {"a": "A"},
        "pool_sentences": 20,
        "machine": {},
        "date": "2026-11-28",
        "seed": seed,
        "rows": {"ensemble": row(f1), "a": row(f1 / 2)},
        "tuning": tuning or {},
        **changes,
    }


def tuned(f1, seed=0, **changes):
    steps = [{**STEP, "voter": "a"}, {**STEP, "voter": "", "name": "all"}]
    return run(f1, seed, {"sentences": 20, "steps": steps}, **changes)


def test_rows_are_means_over_seeds_with_the_steps_of_each():
    record = in_context_record([run(0.1), run(0.3, 1)], [tuned(0.4), tuned(0.6, 1)])
    rows = record["rows"]
    assert list(rows) == ["a", "ensemble"]
    assert rows["ensemble"]["untuned"]["ents_f"] == pytest.approx(0.2)
    assert rows["ensemble"]["tuned"]["ents_f"] == pytest.approx(0.5)
    assert rows["a"]["tuned"]["ents_f"] == pytest.approx(0.25)
    assert rows["a"]["tuned"]["ece"] == pytest.approx(0.1)
    assert [[s["name"] for s in steps] for steps in rows["a"]["steps"]] == [["offsets"], ["offsets"]]
    assert rows["ensemble"]["steps"][0][0]["name"] == "all"
    assert record["seeds"] == [0, 1]


def test_a_row_without_entities_has_no_calibration_error():
    record = in_context_record(
        [run(0.0, rows={"ensemble": row(0.0, None), "a": row(0.0)})], [tuned(0.4)]
    )
    assert record["rows"]["ensemble"]["untuned"]["ece"] is None
    assert "| ensemble | 0.000 | 0.400 |" in markdown(record)


@pytest.mark.parametrize(
    "runs",
    [
        ([], [tuned(0.4)]),
        ([run(0.1)], [run(0.4)]),
        ([run(0.1)], [tuned(0.4, texts="others")]),
        ([run(0.1)], [tuned(0.4, rows={"ensemble": row(0.4), "b": row(0.4)})]),
    ],
    ids=["nothing", "untuned", "other documents", "other voters"],
)
def test_measurements_that_do_not_belong_together_are_refused(runs):
    with pytest.raises(EL4NERValueError, match="EL292"):
        in_context_record(*runs)
