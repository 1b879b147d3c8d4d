"""Small voters that say what a test tells them to."""

import spacy

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.ensemble.four_stages import FourStages
from spacy_el4ner.voters.base import ABSTAIN, Ballot, Proposals, Verification, Voter

LABELS = {"PERSON": "people", "GPE": "places"}
TEXTS = ["Ann met Bill in Oslo.", "It rained in Lima.", "Nobody came."]


class Knows(Voter):
    """Proposes words, and gives each a label; abstains on words that it does not know.

    names (dict[str, str]): Word -> label, "" for "no entity".
    proposes (tuple[str, ...] | None): The words that it proposes; None for all that it knows.
    """

    def __init__(self, names, proposes=None):
        self.names = names
        self.proposes = names if proposes is None else proposes
        self.calls = []

    @property
    def identity(self):
        return f"knows {sorted(self.names)}"

    def propose(self, windows, demonstrations, labels, hints=()):
        self.calls.append(("propose", len(windows)))
        return [
            Proposals({(s, e): 0.8 for s, e in w.tokens if w.text[s:e] in self.proposes})
            for w in windows
        ]

    def classify(self, windows, spans, demonstrations, labels):
        self.calls.append(("classify", len(windows)))
        return [
            [self._ballot(w.text[s:e]) for s, e in pairs]
            for w, pairs in zip(windows, spans, strict=True)
        ]

    def _ballot(self, word):
        if word not in self.names:
            return ABSTAIN
        label = self.names[word]
        return Ballot({label: 0.9, "PERSON" if label != "PERSON" else "": 0.1})


class Verifies(Knows):
    """Also verifies: denies the words of `denied`."""

    denied = ("Bill",)

    def verify(self, windows, mentions, demonstrations, labels):
        self.calls.append(("verify", len(windows)))
        return [
            [self._verification(w.text[m.start : m.end]) for m in named]
            for w, named in zip(windows, mentions, strict=True)
        ]

    def _verification(self, word):
        true = word not in self.denied
        return Verification(true, 0.7 if true else 0.2)


class Down(Knows):
    """Does not answer the given request."""

    def __init__(self, names, request):
        super().__init__(names)
        self.request = request

    def propose(self, *args):
        self._fail("propose")
        return super().propose(*args)

    def classify(self, *args):
        self._fail("classify")
        return super().classify(*args)

    def _fail(self, request):
        if request == self.request:
            raise BackendUnavailable("nobody at home")


def stages(voters, **settings):
    """The four stages, zero-shot; they verify if a verifier is named."""
    ran = {
        "demonstrations": True,
        "extraction": True,
        "classification": True,
        "verification": "verifier" in settings,
    }
    settings = {"verifier": "", "stages": ran, **settings}
    return FourStages(voters, None, labels=LABELS, **settings)


def docs(texts=TEXTS):
    nlp = spacy.blank("en")
    return [nlp.make_doc(text) for text in texts]


def found(results, texts=TEXTS):
    """The candidates of each text: surface, label, confidence."""
    return [
        [(text[c.start : c.end], c.label, round(c.confidence, 6)) for c in result.candidates]
        for text, result in zip(texts, results, strict=True)
    ]
