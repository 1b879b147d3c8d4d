"""The ensemble is measured as the pipeline runs it."""

import pytest
from spacy.training import Example

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.corpora import unannotated
from spacy_el4ner.ensemble.cascade import Cascade
from spacy_el4ner.evaluation.ensemble import Bench, ablate, any_similarity, evaluate
from spacy_el4ner.evaluation.ensemble_tables import cascade, confidence
from spacy_el4ner.evaluation.memo import MemoBackend
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.retrieval.base import Query
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact


@pytest.fixture(scope="module")
def nlp(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    nlp = pipeline([save_compact(folder / str(seed), seed) for seed in range(2)])
    patterns = [{"label": ent.label_, "pattern": ent.text} for eg in gold(nlp) for ent in eg.y.ents]
    nlp.add_pipe("entity_ruler", first=True).add_patterns(patterns)
    return nlp


def test_a_row_scores_what_the_pipeline_does(nlp):
    docs = [eg.reference for eg in gold(nlp)]
    row = Bench(nlp, docs).row()
    scores = nlp.evaluate([Example(unannotated(doc), doc) for doc in docs])
    assert row["ents_r"] == scores["ents_r"] == 1
    assert row["ents_f"] == pytest.approx(scores["ents_f"])


def test_rows_do_not_see_each_others_entities(nlp):
    bench = Bench(nlp, [eg.reference for eg in gold(nlp)])
    first = bench.row()
    assert [ent.text for doc in bench.docs for ent in doc.ents] == ["Bill", "Paris", "Ann Lee"]
    assert not any(doc.spans for doc in bench.docs)
    assert bench.row()["ents_f"] == first["ents_f"]


def test_a_remembered_answer_is_charged_its_tokens_again(nlp):
    bench = Bench(nlp, [eg.reference for eg in gold(nlp)])
    first = bench.row()["tokens"]
    assert bench.row()["tokens"] == first > 0


def test_a_cascade_is_measured_beside_the_full_ensemble(nlp):
    component = nlp.get_pipe("llm_ensemble_ner")
    docs = [eg.reference for eg in gold(nlp)]
    full = evaluate(Bench(nlp, docs), say=lambda _: None, ablations=False)["rows"]
    first = next(iter(component.voters))
    # A threshold above 1: only the first voter is ever asked.
    component.apply(Tuning(cascade=Cascade((first,), (Weights(0.0, {}),), 1.1)))
    measured = evaluate(Bench(nlp, docs), say=lambda _: None, ablations=False)
    component.apply(Tuning())
    saving = measured["cascade"]
    assert saving["all_voters"]["tokens"] == full["ensemble"]["tokens"]
    assert saving["all_voters"]["ents_f"] == full["ensemble"]["ents_f"]
    assert 0 < saving["tokens_share"] < 1
    assert [row["tokens"] for name, row in measured["rows"].items() if name != "ensemble"] == [
        row["tokens"] for name, row in full.items() if name != "ensemble"
    ]
    assert "| all voters asked |" in cascade(measured)[1]


def test_extraction_is_judged_where_the_entities_are_known(nlp):
    docs = [eg.reference for eg in gold(nlp)]
    known = Bench(nlp, docs[:2]).extraction()
    docs[2].set_ents([], default="missing")
    assert Bench(nlp, docs).extraction() == known


def test_a_calibrated_ensemble_is_measured_with_raw_confidences_too(nlp):
    component = nlp.get_pipe("llm_ensemble_ner")
    docs = [eg.reference for eg in gold(nlp)]
    raw = evaluate(Bench(nlp, docs), say=lambda _: None, ablations=False)
    assert "confidence" not in raw
    assert confidence(raw) == []
    # All entities get the confidence 1/2.
    component.apply(Tuning(confidence=Weights(0.0, {})))
    measured = evaluate(Bench(nlp, docs), say=lambda _: None, ablations=False)
    component.apply(Tuning())
    calibrated, before = (measured["confidence"][name] for name in ("calibrated", "raw"))
    row = raw["rows"]["ensemble"]
    assert before == {key: row[name] for key, name in KEYS.items()}
    assert calibrated["brier"] == pytest.approx(0.25)
    for name in raw["rows"].keys() - {"ensemble"}:
        assert measured["rows"][name]["brier_score"] == raw["rows"][name]["brier_score"]
    assert "| calibrated |" in confidence(measured)[1]


def test_variants_leave_no_entity_out_for_a_confidence_that_is_not_theirs(nlp):
    component = nlp.get_pipe("llm_ensemble_ner")
    bench = Bench(nlp, [eg.reference for eg in gold(nlp)])
    component.cfg["min_confidence"] = 1.0
    try:
        assert bench.variant().cfg["min_confidence"] == 1.0
        variant = bench.variant(stages={"verification": False})
        assert variant.cfg["min_confidence"] == 0.0
        assert variant.cfg["tuned"]["confidence"] is False
    finally:
        component.cfg["min_confidence"] = 0.0


KEYS = {
    "ece": "expected_calibration_error",
    "by_chance": "error_by_chance",
    "brier": "brier_score",
    "aurc": "aurc",
}


@pytest.fixture(scope="module")
def distant(tmp_path_factory):
    """With a pool of which nothing is similar enough to be shown."""
    folder = tmp_path_factory.mktemp("models")
    retriever = {"@el4ner_retrievers": "spacy-el4ner.SentenceSimilarity.v1", "min_similarity": 2.0}
    nlp = pipeline([save_compact(folder / "0", 0)], retriever=retriever)
    nlp.initialize(lambda: gold(nlp))
    return nlp


def test_the_paper_shows_the_k_most_similar_however_similar(distant):
    component = distant.get_pipe("llm_ensemble_ner")
    asked = [Query("Bill went to Paris.")]
    assert component.retriever.retrieve(asked, 2) == [[]]
    (found,) = any_similarity(component).retrieve(asked, 2)
    assert len(found) == 2
    assert component.retriever.min_similarity == 2.0


def test_the_number_of_demonstrations_is_ablated_as_in_the_paper(distant, monkeypatch):
    bench = Bench(distant, [eg.reference for eg in gold(distant)])
    read = []
    decode = MemoBackend.decode
    monkeypatch.setattr(
        MemoBackend, "decode", lambda self, rs: read.append(max(map(_length, rs))) or decode(self, rs)
    )
    bench.row()
    configured = max(read)
    ablate(bench, say=lambda _: None)
    assert max(read) > configured


def _length(request):
    return len(request.prompt.context)
