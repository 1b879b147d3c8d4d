"""What is recorded of spans, where more than one component was there."""

import pytest
from spacy.tokens import Span

from spacy_el4ner.pipeline import attributes
from spacy_el4ner.pipeline.faults import annotate
from tests.pipeline.taggers import pipeline
from tests.strategies import VOCAB
from tests.test_scorer import make_doc


def test_what_another_component_found_keeps_its_record():
    doc = make_doc([(0, 1, "PERSON"), (2, 3, "GPE")], [0.9, 0.8])
    ann, rome = doc.ents[0], Span(doc, 4, 5, "GPE")
    record = {"confidence": 0.5, "provenance": {}}
    pipeline().get_pipe("slm_llm_fusion")._annotate(doc, [ann, rome], [rome], [record], {})
    assert [ent._.confidence for ent in doc.ents] == [0.9, 0.5]
    # Paris is not there any more.
    assert set(doc._.el4ner["spans"]) == {"0:3:PERSON", attributes.key_of(rome)}


@pytest.mark.filterwarnings("ignore:.*WL002")
def test_a_failure_takes_nothing_away():
    doc = make_doc([(0, 1, "PERSON")], [0.9])
    assert doc.vocab is VOCAB

    def fail(docs):
        raise RuntimeError("boom")

    annotate([doc], fail, lambda docs, results: None, "warn")
    assert doc.ents[0]._.confidence == 0.9
    assert doc._.el4ner["error"] == "RuntimeError: boom"
