"""The choice of the documents that a person should review first."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.opinions import Pooling, dispute, mean_vote
from spacy_el4ner.retrieval.encoders import Encoder
from spacy_el4ner.review.k_center import k_center
from spacy_el4ner.types import Mention, Vote


@dataclass(frozen=True)
class Disputed:
    """A document with its disputed spans.

    doc (Doc): The document, annotated.
    id (str): Its id, or its number.
    spans (tuple[tuple[Mention, float], ...]): Its candidates with their dispute, 0 to 1, the greatest
        first.
    """

    doc: Doc
    id: str
    spans: tuple[tuple[Mention, float], ...]

    @property
    def dispute(self) -> float:
        """RETURNS (float): The dispute of its most disputed span; 0 without candidates."""
        return self.spans[0][1] if self.spans else 0.0


def choose_documents(
    docs: Sequence[Doc],
    limit: int = 0,
    strategy: str = "value",
    *,
    nlp: Language | None = None,
    seed: int = 0,
) -> list[Disputed]:
    """Choose the documents to review, as the command `review` does.

    docs (Sequence[Doc]): Annotated documents.
    limit (int): How many to choose at most; 0 for all.
    strategy (str): "value", "disputed" or "random", see `STRATEGIES`.
    nlp (Language | None): The pipeline that annotated them. Its retriever's encoder tells names apart
        for "value", and a `ReliabilityVote.v1` weighs the votes. None to do without.
    seed (int): Seed of the choices by chance.
    RETURNS (list[Disputed]): The chosen documents, in the order in which to review them.
    RAISES (ValueError): EL010, there is no such strategy; EL014, the pipeline has no component of this
        package; EL373, it has other labels than the votes.
    """
    chooses = find_strategy(strategy)
    component = None if nlp is None else find_component(nlp)
    pooling: Pooling = mean_vote
    if isinstance(component, LLMEnsembleNER) and isinstance(component.fitted_vote, ReliabilityVote):
        pooling = by_reliability(component.fitted_vote, component.labels)
    judged = [judge(doc, number, pooling) for number, doc in enumerate(docs, 1)]
    retriever = None if component is None else component.retriever
    return chooses(judged, limit, getattr(retriever, "encoder", None), seed)


def judge(doc: Doc, number: int, pooling: Pooling = mean_vote) -> Disputed:
    """doc (Doc): An annotated document.
    number (int): Its number, which names it if it has no id.
    pooling (Callable): Makes one distribution of the votes on a span.
    RETURNS (Disputed): The document with its disputed spans.
    """
    spans = sorted(
        ((mention, dispute(record, pooling)) for mention, record in records(doc).items()),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return Disputed(doc, str(doc.user_data.get("id", number)), tuple(spans))


def by_reliability(rule: ReliabilityVote, labels: Sequence[str]) -> Pooling:
    """rule (ReliabilityVote): Knows what each voter confuses.
    labels (Sequence[str]): The labels of the ensemble.
    RETURNS (Callable): Makes of the votes on a span the posterior distribution of its label.
    """

    def pooling(votes: Sequence[Vote]) -> dict[str, float]:
        if strange := sorted({label for v in votes for label in v.probabilities} - {*labels, ""}):
            known = ", ".join(labels)
            raise EL4NERValueError(Errors.EL373.format(label=strange[0], known=known))
        return rule.posterior(votes, labels)

    return pooling


def most_valuable(
    docs: Sequence[Disputed], limit: int, encoder: Encoder | None = None, seed: int = 0
) -> list[Disputed]:
    """Choose documents with disputed names, each unlike those chosen before, by greedy k-center.

    docs (Sequence[Disputed]): The documents; those without candidates are left out.
    limit (int): How many to choose at most; 0 for all.
    encoder (Encoder | None): Embeds the names; None to tell only whether two are the same.
    seed (int): Not used.
    RETURNS (list[Disputed]): The chosen ones, the most disputed first.
    """
    ordered = most_disputed(docs, 0)
    names = [[(one.doc.text[m.start : m.end], weight) for m, weight in one.spans] for one in ordered]
    return [ordered[n] for n in k_center(names, limit, encoder)]


def most_disputed(
    docs: Sequence[Disputed], limit: int, encoder: Encoder | None = None, seed: int = 0
) -> list[Disputed]:
    """docs (Sequence[Disputed]): The documents; those without candidates are left out.
    limit (int): How many to choose at most; 0 for all.
    encoder (Encoder | None), seed (int): Not used.
    RETURNS (list[Disputed]): The chosen ones, the one with the most disputed span first.
    """
    disputed = sorted((one for one in docs if one.spans), key=lambda one: -one.dispute)
    return disputed[: limit or None]


def at_random(
    docs: Sequence[Disputed], limit: int, encoder: Encoder | None = None, seed: int = 0
) -> list[Disputed]:
    """docs (Sequence[Disputed]): The documents, with candidates or without.
    limit (int): How many to choose at most; 0 for all.
    encoder (Encoder | None): Not used.
    seed (int): Seed of the choice.
    RETURNS (list[Disputed]): A random sample in random order.
    """
    return random.Random(seed).sample(docs, min(limit or len(docs), len(docs)))


Strategy = Callable[[Sequence[Disputed], int, Encoder | None, int], list[Disputed]]
STRATEGIES: dict[str, Strategy] = {
    "value": most_valuable,
    "disputed": most_disputed,
    "random": at_random,
}
"""Name -> the function that chooses."""


def find_strategy(name: str) -> Strategy:
    """name (str): A strategy.
    RETURNS (Callable): The function that chooses.
    RAISES (ValueError): EL010, there is no such strategy.
    """
    if name not in STRATEGIES:
        known = ", ".join(STRATEGIES)
        raise EL4NERValueError(Errors.EL010.format(value=name, setting="strategy", known=known))
    return STRATEGIES[name]
