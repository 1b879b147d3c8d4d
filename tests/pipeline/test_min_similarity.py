"""Windows that no demonstration is similar enough to."""

import pytest

from spacy_el4ner.backends.wrapper import Wrapper
from tests.pipeline.ensembles import found, gold, pipeline
from tests.tiny_tokenizers import TEXTS

NEVER = 2.0
"""No cosine is as high."""


class Counted(Wrapper):
    def __init__(self, backend):
        super().__init__(backend)
        self.decoded = []

    def decode(self, requests):
        self.decoded += [request.prompt for request in requests]
        return self.backend.decode(requests)

    def score(self, requests):
        return self.backend.score(requests)


def with_demonstrations(models, min_similarity):
    retriever = {
        "@el4ner_retrievers": "spacy-el4ner.SpanSimilarity.v1",
        "min_similarity": min_similarity,
    }
    nlp = pipeline(models, retriever=retriever, stages={"verification": False})
    nlp.initialize(lambda: gold(nlp))
    component = nlp.get_pipe("llm_ensemble_ner")
    component.voters = {
        name: voter.with_backend(Counted(voter.backend)) for name, voter in component.voters.items()
    }
    return nlp


@pytest.fixture(scope="module")
def distant(models):
    return with_demonstrations(models, NEVER)


def test_they_are_read_as_without_demonstrations(distant, models):
    alone = pipeline(models, stages={"verification": False, "demonstrations": False})
    assert [found(d) for d in distant.pipe(TEXTS)] == [found(d) for d in alone.pipe(TEXTS)]


def test_they_are_extracted_from_once(distant):
    voters = distant.get_pipe("llm_ensemble_ner").voters.values()
    for voter in voters:
        voter.backend.decoded.clear()
    docs = list(distant.pipe(TEXTS))
    assert {doc._.el4ner["counts"]["demonstrations"] for doc in docs} == {0}
    for voter in voters:
        asked = voter.backend.decoded
        assert len(asked) == sum(doc._.el4ner["counts"]["windows"] for doc in docs)


def test_what_is_shown_demonstrations_is_extracted_from_again(models):
    nlp = with_demonstrations(models, None)
    doc = nlp(TEXTS[0])
    assert doc._.el4ner["counts"]["demonstrations"] > 0
    for voter in nlp.get_pipe("llm_ensemble_ner").voters.values():
        assert len(voter.backend.decoded) == 2 * doc._.el4ner["counts"]["windows"]
