"""An ensemble that is trained in seconds: a committee of small spaCy taggers."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import spacy
from spacy.language import Language
from spacy.training import Example

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.retrieval.encoders import Encoder
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.types import Window
from spacy_el4ner.voters.base import Labels
from spacy_el4ner.voters.finding import FindingVoter, TypedSpan

TOK2VEC = {
    "@architectures": "spacy.HashEmbedCNN.v2",
    "pretrained_vectors": None,
    "width": 64,
    "depth": 2,
    "embed_size": 1000,
    "window_size": 1,
    "maxout_pieces": 3,
    "subword_features": True,
}
"""A smaller network than spaCy's default, which trains several times as fast."""
BATCH = 16
"""Examples of an update."""
DROPOUT = 0.2


class CommitteeMember(FindingVoter):
    """A voter over a trained pipeline in memory. It votes "no entity" for a span that it did not find.

    nlp (Language): The pipeline.
    """

    def __init__(self, nlp: Language):
        super().__init__(exhaustive=True)
        self.nlp = nlp

    @property
    def identity(self) -> str:
        """RETURNS (str): The name of the pipeline; its weights are not saved."""
        return f"committee {self.nlp.lang}"

    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): The windows.
        labels (Mapping[str, str]): Ignored; the pipeline finds what it was trained on.
        RETURNS (list[list[TypedSpan]]): The entities of each.
        """
        docs = self.nlp.pipe(window.text for window in windows)
        return [[TypedSpan(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in docs]


@dataclass(frozen=True)
class Committee:
    """Trains several of spaCy's own NER on the same examples, which differ by their initial weights and
    the order of the examples, and lets them vote (query by committee, Seung et al. 1992).

    lang (str): Code of the language.
    members (int): Number of voters.
    epochs (int): Passes over the examples, at least.
    updates (int): Batches of 16 examples, at least: of few examples, more passes are needed.
    encoder (Encoder | None): The encoder of the retriever, which compares names for `review`; None for
        none.
    """

    lang: str = "en"
    members: int = 3
    epochs: int = 10
    updates: int = 300
    encoder: Encoder | None = None

    def __call__(self, examples: Sequence[Example]) -> Language:
        """examples (Sequence[Example]): Labelled sentences.
        RETURNS (Language): A pipeline with an ensemble of the members, without demonstrations.
        RAISES (ValueError): EL376, none of the sentences has an entity.
        """
        labels = sorted({ent.label_ for e in examples for ent in e.reference.ents})
        if not labels:
            raise EL4NERValueError(Errors.EL376.format(n=len(examples)))
        nlp = spacy.blank(self.lang, vocab=examples[0].reference.vocab)
        settings = {
            "labels": dict.fromkeys(labels, ""),
            "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
            "on_error": "raise",
        }
        nlp.add_pipe("llm_ensemble_ner", config=settings)
        component = find_component(nlp, LLMEnsembleNER)
        if self.encoder is not None:
            component.retriever = SentenceSimilarity(self.encoder)
        component.voters = {
            str(n): CommitteeMember(self._member(examples)) for n in range(self.members)
        }
        return nlp

    def _member(self, examples: Sequence[Example]) -> Language:
        nlp = spacy.blank(self.lang, vocab=examples[0].reference.vocab)
        nlp.add_pipe("ner", config={"model": {"tok2vec": TOK2VEC}})
        order = list(examples)
        optimizer = nlp.initialize(lambda: order)
        passes = math.ceil(self.updates * BATCH / len(order))
        for _ in range(max(self.epochs, passes)):
            random.shuffle(order)
            for first in range(0, len(order), BATCH):
                nlp.update(order[first : first + BATCH], sgd=optimizer, drop=DROPOUT)
        return nlp
