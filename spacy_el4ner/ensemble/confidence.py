"""The confidence of the ensemble in an entity."""

from collections.abc import Sequence

from spacy_el4ner.types import Verdict, Vote


def confidence(label: str, votes: Sequence[Vote], verdict: Verdict | None) -> float:
    """Compute the mean probability of a label. (Ours; the paper has no confidence.)

    label (str): The label that won the vote.
    votes (Sequence[Vote]): All votes. Abstentions count as missing.
    verdict (Verdict | None): The verifier's answer, if it was asked.
    RETURNS (float): 0 to 1: the mean of the probabilities that the voters give the label and that the
        verifier gives "true".
    """
    opinions = [vote.probabilities.get(label, 0.0) for vote in votes if not vote.abstained]
    if verdict is not None:
        opinions.append(verdict.probability)
    return sum(opinions) / len(opinions) if opinions else 0.0
