"""A document that breaks the model, at every place of a batch, in both components."""

import pytest
from spacy.tokens import Span

from tests.pipeline.ensembles import found, gold, pipeline
from tests.pipeline.test_campaigns import fusion

TEXTS = ["Bill left Paris.", "Ann met Bill.", "Who saw Ann?"]
POISON = "poison in Oslo"


def ensemble(model):
    return pipeline([model], stages={"verification": False}, on_error="skip")


def fused(model):
    nlp = fusion(model, on_error="skip")
    nlp.initialize(lambda: gold(nlp))
    return nlp


MAKERS = {"ensemble": ensemble, "fusion": fused}


def poison(component):
    """Let the model throw whenever the poison is among what it is asked."""
    reader = component.llm if hasattr(component, "llm") else next(iter(component.voters.values()))
    decode = reader.backend.decode

    def throw(requests):
        if any("poison" in r.prompt.context + r.prompt.question for r in requests):
            raise RuntimeError("no such luck")
        return decode(requests)

    reader.backend.decode = throw


@pytest.mark.parametrize("kind", MAKERS)
def test_it_is_yielded_unharmed_and_marked_and_harms_no_neighbour(models, kind):
    nlp = MAKERS[kind](models[0])
    expected = [found(doc) for doc in nlp.pipe(TEXTS)]
    assert any(expected)
    poison(nlp.get_pipe(nlp.pipe_names[-1]))
    for place in range(len(TEXTS) + 1):
        docs = [nlp.make_doc(text) for text in TEXTS]
        bad = nlp.make_doc(POISON)
        bad.ents = [Span(bad, 2, 3, "GPE")]
        docs.insert(place, bad)
        given = list(nlp.pipe(docs))
        assert given == docs
        assert given.pop(place) is bad
        assert bad.text == POISON
        assert [(e.text, e.label_) for e in bad.ents] == [("Oslo", "GPE")]
        assert "no such luck" in bad._.el4ner["error"]
        assert [doc._.el4ner["error"] for doc in given] == [""] * len(TEXTS)
        assert [found(doc) for doc in given] == expected
