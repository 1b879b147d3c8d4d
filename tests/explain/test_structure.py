import json

import pytest
from spacy.language import Language
from spacy.tokens import Span

from spacy_el4ner.explain.structure import explain
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import LABELS
from tests.tiny_tokenizers import TEXTS


def candidates(explained):
    return [c for data in explained for c in data["candidates"]]


def dropped(explained, stage):
    return [c for c in candidates(explained) if c["outcome"].get("stage") == stage]


def test_every_proposal_is_a_candidate_and_every_candidate_was_proposed(explained):
    for data in explained:
        proposed = {
            (name, p["start"], p["end"]): p["probability"]
            for window in data["windows"]
            for name, proposals in window["proposals"].items()
            for p in proposals
        }
        assert proposed == {
            (name, c["start"], c["end"]): p
            for c in data["candidates"]
            for name, p in c["proposed_by"].items()
        }
        assert proposed


def test_every_candidate_is_kept_or_dropped_with_a_reason(explained):
    for data in explained:
        kept = [c for c in data["candidates"] if c["outcome"]["kept"]]
        assert [(c["start"], c["end"], c["label"]) for c in kept] == [
            (e["start"], e["end"], e["label"]) for e in data["entities"]
        ]
        for c in data["candidates"]:
            if not c["outcome"]["kept"]:
                assert c["outcome"]["stage"] in ("classification", "verification", "overlaps")
                assert c["outcome"]["reason"]
                assert c["outcome"]["by"]


def test_the_counts_agree(explained):
    for data in explained:
        counts, everyone = data["counts"], data["candidates"]
        assert counts["union"] == len(everyone)
        assert counts["typed"] == len(everyone) - len(dropped([data], "classification"))
        assert counts["verified"] == counts["typed"] - len(dropped([data], "verification"))
        assert counts["entities"] == counts["verified"] - len(dropped([data], "overlaps"))


def test_who_dropped_it_is_who_was_against_it(explained):
    for c in dropped(explained, "classification"):
        assert c["outcome"]["by"] == [v["voter"] for v in c["votes"] if not v["label"]]
        assert c["label"] == ""
    for c in dropped(explained, "verification"):
        assert c["outcome"]["by"] == [c["verification"]["voter"]]
        assert not c["verification"]["true"]
        assert c["verification"]["probability"] <= 0.5
    for c in dropped(explained, "overlaps"):
        for rival in c["outcome"]["by"]:
            assert rival["start"] < c["end"]
            assert c["start"] < rival["end"]
            assert rival["confidence"] >= c["confidence"]


@pytest.mark.parametrize("stage", ["classification", "verification", "overlaps"])
def test_every_stage_drops_something_here(explained, stage):
    assert dropped(explained, stage)


def test_it_explains_what_the_pipeline_does(nlp, explained):
    for data in explained:
        doc = nlp(data["text"])
        assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [
            (e["start"], e["end"], e["label"]) for e in data["entities"]
        ]


def test_offsets_are_those_of_the_text(explained):
    for data in explained:
        windows = data["windows"]
        for where in (*windows, *(s for w in windows for s in w["spans"]), *data["candidates"]):
            assert data["text"][where["start"] : where["end"]] == where["text"]
        for c in data["candidates"]:
            window = windows[c["window"]]
            assert window["start"] <= c["start"] < window["end"]


def test_it_is_plain_data(explained):
    assert json.loads(json.dumps(explained, allow_nan=False)) == explained


def test_demonstrations_come_with_text_entities_and_who_saw_them(explained):
    demonstrations = [s for data in explained for w in data["windows"] for s in w["demonstrations"]]
    assert {demonstration["text"] for demonstration in demonstrations} == {
        *TEXTS[:2],
        *TEXTS[2].replace("? ", "?|").split("|"),
    }
    bill = next(demonstration for demonstration in demonstrations if demonstration["text"] == TEXTS[0])
    assert [(e["text"], e["label"]) for e in bill["entities"]] == [("Bill", "PERSON"), ("Paris", "GPE")]
    assert bill["shown_to"] == ["terse", "plain", "marked"]


def test_similar_demonstrations_stand_first_with_the_spans_they_were_found_by(models):
    nlp = pipeline(models, retriever={"@el4ner_retrievers": "spacy-el4ner.SpanSimilarity.v1"})
    component = nlp.get_pipe("llm_ensemble_ner")
    component.retriever.encoder = component.retriever.sentences.encoder = Letters()
    nlp.initialize(lambda: gold(nlp))
    (window,) = explain(nlp, component, TEXTS[0])["windows"]
    similarities = [demonstration["similarity"] for demonstration in window["demonstrations"]]
    assert similarities == sorted(similarities, reverse=True)
    assert window["demonstrations"][0]["text"] == TEXTS[0]
    assert similarities[0] == pytest.approx(1, abs=1e-5)
    assert window["spans"]
    assert all(span["weight"] >= 0 for span in window["spans"])


class Letters:
    """Embeds a text by its letters."""

    name = "letters"

    def encode(self, texts):
        import numpy as np

        rows = np.array(
            [[t.lower().count(c) for c in "abcdefghijklmnopqrstuvwxyz"] + [0.1] for t in texts]
        )
        return (
            (rows / np.linalg.norm(rows, axis=1, keepdims=True))
            .astype(np.float32)
            .reshape(len(texts), 27)
        )


@Language.component("tests_one_entity")
def one_entity(doc):
    doc.ents = [Span(doc, 0, len(doc), label="ALL")]
    return doc


def test_an_entity_that_was_there_before_is_named_as_such(models):
    nlp = pipeline(models, stages={"verification": False})
    nlp.add_pipe("tests_one_entity", first=True)
    data = explain(nlp, nlp.get_pipe("llm_ensemble_ner"), TEXTS[0])
    outcomes = [c["outcome"] for c in data["candidates"] if c["label"]]
    assert outcomes
    for outcome in outcomes:
        assert outcome["stage"] == "overlaps"
        assert outcome["reason"] == f"overlaps “{TEXTS[0]}” (ALL), which was there before"
        assert [ent["label"] for ent in outcome["by"]] == ["ALL"]


def test_zero_shot_without_classification(models):
    nlp = pipeline(models, stages={"classification": False, "verification": False})
    data = explain(nlp, nlp.get_pipe("llm_ensemble_ner"), TEXTS[1])
    assert {c["label"] for c in data["candidates"]} == {"ENTITY"}
    assert all(c["votes"] == [] and c["verification"] is None for c in data["candidates"])
    assert data["windows"][0]["demonstrations"] == []


def test_the_ensemble_is_named(explained):
    data = explained[0]
    assert data["labels"] == LABELS
    assert list(data["voters"]) == ["terse", "plain", "marked"]
    assert data["settings"]["verifier"] == "terse"
    assert data["settings"]["vote"] == "MajorityVote"
