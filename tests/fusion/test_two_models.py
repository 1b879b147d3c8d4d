"""The method on real documents, with tagger scores and a language model made by hand."""

import numpy as np
import pytest
import spacy

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion import cases
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.fusion.two_models import COUNTS, TwoModels
from spacy_el4ner.retrieval.gold import gold_demonstrations
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.slm.tags import Scheme
from tests.pipeline.taggers import Letters, Scripted, annotated

LABELS = {"PERSON": "people", "GPE": "places"}
SCHEME = Scheme(tuple(LABELS))
NLP = spacy.blank("en")
TEXT = "Ann left Rome."
TWO = "Ann left Rome. Bill met Ann in Oslo."


def scores(doc, tags, sure=9.0):
    """The tagger's scores of a document: these tags at these words, "O" elsewhere."""
    rows = np.zeros((len(doc), len(SCHEME.tags)), np.float32)
    for token in doc:
        rows[token.i, SCHEME.tags.index(tags.get(token.text, "O"))] = sure
    return rows


def two_models(llm=None, rule=None, pool=(), **settings):
    retriever, labelled = SentenceSimilarity(Letters()), Pool()
    if pool:
        labelled.take(list(gold_demonstrations(annotated(NLP.vocab, s) for s in pool)), retriever)
    settings = {"k": 2, "max_sentences": 1, **settings}
    return TwoModels(llm, retriever, labelled, rule or PaperRule(), LABELS, **settings)


def run(method, *docs, tags=None, sure=9.0):
    docs = [NLP.make_doc(text) for text in docs]
    tags = {"Ann": "U-PERSON", "Rome": "U-GPE"} if tags is None else tags
    return method.trace(docs, [scores(doc, tags, sure) for doc in docs])


def found(result):
    return [(m.start, m.end, m.label) for m in result.entities]


@pytest.mark.parametrize("llm", [Scripted(), TaggingLLM(backend=None)])
def test_a_language_model_follows_the_protocol(llm):
    assert isinstance(llm, FusionLLM)


def test_without_a_language_model_the_tagger_stands():
    trace = run(two_models(), TEXT)
    assert found(trace.results[0]) == [(0, 3, "PERSON"), (9, 13, "GPE")]
    assert trace.results[0].counts == {**dict.fromkeys(COUNTS, 0), "windows": 1}


def test_offsets_are_those_of_the_document():
    llm = Scripted({"Ann": "PERSON", "Oslo": "GPE"})
    (result,) = run(two_models(llm, PaperRule(9.0)), TWO).results
    assert [(TWO[start:end], label) for start, end, label in found(result)] == [
        ("Ann", "PERSON"),
        ("Ann", "PERSON"),
        ("Oslo", "GPE"),
    ]
    assert [(TWO[m.start : m.end], m.provenance["side"]) for m in result.rejected] == [("Rome", "slm")]


def test_results_are_those_of_their_own_documents():
    trace = run(two_models(Scripted({"Rome": "GPE"})), TEXT, "", "Rome burnt.")
    assert [[label for *_, label in found(result)] for result in trace.results] == [
        ["PERSON", "GPE"],
        [],
        ["GPE"],
    ]


def test_what_happened_is_counted():
    (result,) = run(two_models(Scripted({"Ann": "GPE", "Rome": "GPE"})), TEXT).results
    counts = result.counts
    assert (counts["windows"], counts["asked"], counts["unread"]) == (1, 1, 0)
    assert (counts["disagreements"], counts["slm_won"], counts["llm_won"]) == (1, 1, 0)


def test_a_reading_that_failed_leaves_the_tagger_s():
    (result,) = run(two_models(Scripted(error="timeout")), TEXT).results
    assert found(result) == [(0, 3, "PERSON"), (9, 13, "GPE")]
    assert (result.counts["asked"], result.counts["unread"]) == (1, 1)


def test_only_windows_above_the_threshold_are_asked_about():
    llm = Scripted()
    unsure = two_models(llm, threshold=1.0)
    run(unsure, TEXT, sure=20.0)
    assert llm.calls == []
    run(unsure, TEXT, sure=0.1)
    assert [text for text, _ in llm.calls] == [TEXT]


def test_a_rule_by_which_the_tagger_always_wins_asks_nobody():
    llm = Scripted()
    run(two_models(llm, SLMRule()), TEXT)
    assert llm.calls == []


def test_every_window_is_read_for_a_calibration():
    llm = Scripted()
    method, doc = two_models(llm, SLMRule(), threshold=99.0), NLP.make_doc(TWO)
    tagged = method.tagged([doc], [scores(doc, {})])
    assert all(case.llm is not None for case in method.ask([doc], tagged, everywhere=True))
    assert len(llm.calls) == 2


def test_the_prompts_of_all_documents_are_read_together():
    class Batches(Scripted):
        def read(self, windows, *arguments):
            sizes.append(len(windows))
            return super().read(windows, *arguments)

    sizes = []
    run(two_models(Batches()), TEXT, TWO)
    assert sizes == [3]


def test_demonstrations_are_the_most_similar_ones():
    pool = ["[PERSON Ann] left [GPE Rome] .", "It rained .", "[PERSON Ann] left ."]
    llm = Scripted()
    trace = run(two_models(llm, pool=pool), TEXT)
    shown = [hit.demonstration.window.text for hit in trace.hits[0]]
    assert shown == ["Ann left Rome .", "Ann left ."]
    assert llm.calls[0][1] == [hit.demonstration.id for hit in trace.hits[0]]


def test_disputed_mentions_come_with_their_counts_in_the_pool():
    pool = ["[PERSON Ann] left [GPE Rome] .", "In Rome it rained ."]
    trace = run(two_models(Scripted({"Ann": "PERSON"}), pool=pool), TEXT)
    ((mention, seen),) = trace.windows[0].case.seen.items()
    assert (mention.label, seen.labelled, seen.otherwise) == ("GPE", 1, 1)


def test_the_confidence_is_calibrated():
    weights = Weights(0.0, {"agreement": 2.0})
    method = two_models(Scripted({"Ann": "PERSON", "Rome": "GPE"}), weights=weights)
    (result,) = run(method, TEXT).results
    assert [m.confidence for m in result.entities] == pytest.approx([0.8808] * 2, abs=1e-4)


def test_the_readings_of_a_window_are_compared_once(monkeypatch):
    compared = []

    def counting(*readings):
        compared.append(readings)
        return compare(*readings)

    compare = cases.compare
    monkeypatch.setattr(cases, "compare", counting)
    run(two_models(Scripted({"Ann": "GPE"}), pool=["[PERSON Ann] left ."]), TWO)
    assert len(compared) == 2
