"""A voter that is not a language model: names looked up in a list."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import spacy
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc

from spacy_el4ner.api import ABSTAIN, Ballot, Demonstrations, Labels, Proposals, Spans, Voter, Window


class NameList(Voter):
    """Proposes the names of a list, and votes for their labels; of other spans it has no opinion.

    names (dict[str, str]): Name -> label.
    probability (float): Probability that a name of the list is an entity of its label, 0 to 1.
    """

    def __init__(self, names: Mapping[str, str], probability: float = 0.9):
        self.names = dict(names)
        self.probability = probability
        self._nlp = spacy.blank("xx")
        self._matcher = PhraseMatcher(self._nlp.vocab)
        self._matcher.add("names", [self._nlp.make_doc(name) for name in self.names])

    @property
    def identity(self) -> str:
        """RETURNS (str): A digest of the list."""
        text = json.dumps([self.names, self.probability], sort_keys=True)
        return f"names#{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    def propose(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        hints: Spans = (),
    ) -> list[Proposals]:
        """windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Not used.
        hints (Sequence[Sequence[Span]]): Not used.
        RETURNS (list[Proposals]): The names in each window.
        """
        return [Proposals(dict.fromkeys(self._find(w), self.probability)) for w in windows]

    def classify(
        self,
        windows: Sequence[Window],
        spans: Spans,
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Ballot]]:
        """windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): A vote for each name of the list, an abstention for other spans.
        """
        return [
            [self._ballot(window.text[start:end], labels) for start, end in found]
            for window, found in zip(windows, spans, strict=True)
        ]

    def _find(self, window: Window) -> list[tuple[int, int]]:
        words = [window.text[start:end] for start, end in window.tokens]
        matches = self._matcher(Doc(self._nlp.vocab, words=words))
        return [(window.tokens[s][0], window.tokens[e - 1][1]) for _, s, e in matches]

    def _ballot(self, surface: str, labels: Labels) -> Ballot:
        label = self.names.get(surface)
        if label is None or label not in labels:
            return ABSTAIN
        return Ballot({label: self.probability, "": 1 - self.probability})
