"""What a prompted voter remembers of a batch, while other threads use the same voter."""

from spacy_el4ner.types import Answer
from spacy_el4ner.voters.prompted.voter import PromptedVoter
from tests.strategies import make_shot, make_window

WINDOWS = [make_window("Ann", "left"), make_window("Bill", "stayed")]
SHOWN = [[make_shot(make_window("Eve", "left"), (0, 3, "PERSON"))], []]
LABELS = {"PERSON": "people"}


class Interrupted:
    """Finds nothing, and is interrupted by another thread that ends its own batch."""

    model, exact, context, forward_passes = "interrupted", True, 1000, 0
    meanwhile = staticmethod(lambda: None)

    def count(self, text):
        return len(text.split())

    def count_prompt(self, prompt):
        return sum(map(self.count, prompt.texts))

    def decode(self, requests):
        self.meanwhile()
        return [
            Answer("Ann left" if "Ann" in request.prompt.question else "Bill stayed")
            for request in requests
        ]

    def score(self, requests):
        return [[0.0] * len(request.options) for request in requests]

    def forget(self):
        pass

    def unload(self):
        pass


def test_spans_are_proposed_although_another_thread_forgets():
    voter = PromptedVoter(Interrupted())
    voter.propose(WINDOWS[1:], SHOWN[1:], LABELS)
    voter.backend.meanwhile = voter.forget
    proposals = voter.propose(WINDOWS, SHOWN, LABELS)
    assert [dict(found.spans) for found in proposals] == [{}, {}]
