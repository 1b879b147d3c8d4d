"""A voter that does not answer, at any stage: the others go on or none does, and it is told."""

import math
from dataclasses import replace

import pytest

from spacy_el4ner.backends.base import BackendUnavailable
from tests.pipeline.ensembles import found, gold, pipeline
from tests.tiny import LABELS
from tests.tiny_tokenizers import TEXTS

pytestmark = pytest.mark.filterwarnings("ignore:.*WL248")


class Failing:
    """A backend that answers `calls` requests more and then never again."""

    def __init__(self, backend, calls):
        self.backend = backend
        self.calls = calls

    def __getattr__(self, name):
        return getattr(self.backend, name)

    def decode(self, requests):
        return self._answer(self.backend.decode, requests)

    def score(self, requests):
        return self._answer(self.backend.score, requests)

    def _answer(self, ask, requests):
        if self.calls == 0:
            raise BackendUnavailable("nobody at home")
        self.calls -= 1
        return ask(requests)


def ensemble(models, down, calls=0, **settings):
    nlp = pipeline(models, **settings)
    nlp.initialize(lambda: gold(nlp))
    component = nlp.get_pipe("llm_ensemble_ner")
    for name in down:
        voter = component.voters[name]
        component.voters[name] = voter.with_backend(Failing(voter.backend, calls))
    return nlp


@pytest.mark.parametrize("calls", [0, 1], ids=["extraction", "classification"])
def test_the_others_go_on_and_the_result_says_so(models, calls):
    stages = {"verification": False}
    nlp = ensemble(models, {"plain"}, calls, min_voters=2, stages=stages)
    with pytest.warns(UserWarning, match="WL248.*'plain'.*nobody at home"):
        docs = list(nlp.pipe(TEXTS))
    assert any(doc.spans["el4ner"] for doc in docs)
    for doc in docs:
        assert "WL248" in doc._.el4ner["counts"]["warnings"]
        assert doc._.el4ner["counts"]["unavailable"] == {"plain": "nobody at home"}
        for span in doc.spans["el4ner"]:
            assert [v["voter"] for v in span._.provenance["votes"]] == ["terse", "marked"]


def test_who_never_answers_might_as_well_not_be_there(models):
    stages = {"verification": False}
    with_it = ensemble(models, {"marked"}, min_voters=1, stages=stages)
    pair = ensemble(models, set(), stages=stages)
    component = pair.get_pipe("llm_ensemble_ner")
    del component.voters["marked"]
    with_it.get_pipe("llm_ensemble_ner").retriever = component.retriever
    assert [found(d) for d in with_it.pipe(TEXTS)] == [found(d) for d in pair.pipe(TEXTS)]


def test_another_voter_verifies_in_place_of_one_that_is_down(models):
    nlp = ensemble(models, {"terse"}, 2, min_voters=2, verifier="terse")
    spans = [s for doc in nlp.pipe(TEXTS * 5) for s in doc.spans["el4ner"]]
    assert spans
    assert {s._.provenance["verification"]["voter"] for s in spans} == {"plain"}


def test_too_few_voters_mark_every_document_once(models):
    nlp = ensemble(models, {"terse", "plain"}, min_voters=2, on_error="skip")
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in docs] == TEXTS
    assert all("nobody at home" in doc._.el4ner["error"] for doc in docs)
    assert not any(doc.ents for doc in docs)


def test_by_default_all_voters_are_needed(models):
    nlp = ensemble(models, {"plain"}, on_error="raise")
    with pytest.raises(BackendUnavailable, match="nobody at home"):
        nlp("Bill paid the bill in Paris.")


def test_votes_of_a_backend_without_probabilities_are_marked_as_estimates(models):
    nlp = ensemble(models, {"plain"}, calls=-1, stages={"verification": False})
    component = nlp.get_pipe("llm_ensemble_ner")
    component.voters["plain"].backend.exact = False
    spans = [s for doc in nlp.pipe(TEXTS) for s in doc.spans["el4ner"]]
    assert spans
    for span in spans:
        estimated = {v["voter"]: v["estimated"] for v in span._.provenance["votes"]}
        assert estimated == {"terse": False, "plain": True, "marked": False}
    assert set(LABELS) >= {s.label_ for s in spans}


def test_without_probabilities_and_votes_agreement_is_the_confidence(models):
    nlp = ensemble(models, set(), stages={"classification": False, "verification": False})
    component = nlp.get_pipe("llm_ensemble_ner")
    for voter in component.voters.values():
        decode = voter.backend.decode
        voter.backend.decode = lambda requests, decode=decode: [
            replace(answer, offsets=(), logprobs=()) for answer in decode(requests)
        ]
    spans = [s for doc in nlp.pipe(TEXTS) for s in doc.spans["el4ner"]]
    assert spans
    for span in spans:
        assert span._.confidence == pytest.approx(len(span._.provenance["proposed_by"]) / 3)


@pytest.mark.parametrize("stage", ["classification", "verification"])
def test_answers_that_cannot_be_read_are_counted_and_confirm_nothing(models, stage):
    nlp = ensemble(models[:1], set())
    (voter,) = nlp.get_pipe("llm_ensemble_ner").voters.values()
    score = voter.backend.score

    def unread(requests):
        options = 2 if stage == "verification" else len(LABELS) + 1
        return [
            [-math.inf] * len(found) if len(found) == options else found for found in score(requests)
        ]

    voter.backend.score = unread
    with pytest.warns(UserWarning, match="WL007"):
        docs = list(nlp.pipe(TEXTS))
    counts = [doc._.el4ner["counts"] for doc in docs]
    asked = "union" if stage == "classification" else "typed"
    assert sum(count["unparsed"] for count in counts) == sum(count[asked] for count in counts) > 0
    assert not any(doc.spans["el4ner"] for doc in docs)
