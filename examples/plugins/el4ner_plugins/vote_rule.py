"""A vote rule that wants the voters to agree."""

from collections.abc import Sequence

from spacy_el4ner.api import Vote


class Unanimous:
    """The label that all votes are for; "no entity" where they differ. Abstentions are not votes."""

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast, at least one.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        chosen = {vote.label for vote in votes}
        return chosen.pop() if len(chosen) == 1 else ""
