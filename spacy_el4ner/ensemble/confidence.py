"""How sure the ensemble is of an entity."""

from collections.abc import Sequence

from spacy_el4ner.types import Verdict, Vote


def confidence(label: str, votes: Sequence[Vote], verdict: Verdict | None) -> float:
    """label (str): The type decided on.
    votes (Sequence[Vote]): All votes.
    verdict (Verdict | None): The verifier's answer, if it was asked.
    RETURNS (float): 0 to 1: the mean of the probabilities that the voters give the label and the
        verifier gives "true". (Ours; the paper has no confidence.)
    """
    opinions = [vote.probabilities.get(label, 0.0) for vote in votes]
    if verdict is not None:
        opinions.append(verdict.probability)
    return sum(opinions) / len(opinions) if opinions else 0.0
