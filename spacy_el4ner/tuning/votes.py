"""The choice of the voters that take part in the vote."""

from collections.abc import Collection, Mapping

from spacy_el4ner.tuning.extraction import GAIN
from spacy_el4ner.tuning.replay import Sentences
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.voters.base import Voter


def choose_voters(
    sentences: Sentences, voters: Mapping[str, Voter], needed: Collection[str] = ()
) -> tuple[dict[str, Voter], list[Step]]:
    """Leave out one voter after another, while that raises F1.

    sentences (Sentences): The sentences.
    voters (Mapping[str, Voter]): Voters with recorded answers.
    needed (Collection[str]): Voters that have to stay, such as one that the settings name.
    RETURNS (tuple[dict[str, Voter], list[Step]]): The voters that stay, and the effect of each voter.
    """
    kept, f1 = dict(voters), sentences.f1(sentences.candidates(voters))
    left_out: dict[str, tuple[float, float]] = {}
    while len(kept) > 1:
        scores = {
            name: sentences.f1(sentences.candidates(_without(kept, name)))
            for name in kept
            if name not in needed
        }
        worst = max(scores, key=lambda name: scores[name], default=None)
        if worst is None or scores[worst] <= f1 + GAIN:
            break
        left_out[worst] = scores[worst], f1
        kept, f1 = _without(kept, worst), scores[worst]
    steps = []
    for name in voters:
        if name in left_out:
            without, with_ = left_out[name]
            choice = "does not vote"
        else:
            others = _without(kept, name)
            without = sentences.f1(sentences.candidates(others)) if others else 0.0
            with_, choice = f1, "votes"
        steps.append(Step("votes", name, "F1 of the ensemble", without, with_, choice))
    return kept, steps if len(voters) > 1 else []


def _without(voters: Mapping[str, Voter], name: str) -> dict[str, Voter]:
    return {other: voter for other, voter in voters.items() if other != name}
