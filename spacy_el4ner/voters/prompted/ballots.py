"""From the log-probabilities of labels to a ballot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_el4ner.calibration.labels import without
from spacy_el4ner.voters.base import Ballot
from spacy_el4ner.voters.prompted.calibration import VoterCalibration


@dataclass(frozen=True)
class BallotReader:
    """Reads the scores of a classification.

    labels (Sequence[str]): The labels in the order of their scores, and "".
    calibration (VoterCalibration): Corrects them.
    exact (bool): Whether they are probabilities of the model, not estimates.
    """

    labels: Sequence[str]
    calibration: VoterCalibration
    exact: bool

    def __call__(self, scores: Sequence[float], neutral: Sequence[float] = ()) -> Ballot:
        """scores (Sequence[float]): Log-probabilities of the labels, in nats.
        neutral (Sequence[float]): The same about the neutral word; empty where it was not asked about.
        RETURNS (Ballot): The ballot, with the raw probabilities where they were corrected.
        """
        raw = self._probabilities(scores)
        unread = not any(raw.values())
        calibrate = self.calibration.labels(self.labels)
        if calibrate is None and not neutral:
            return Ballot(raw, not self.exact, unread)
        corrected = without(scores, neutral, self.calibration.neutral) if neutral else scores
        return Ballot(
            self._probabilities(calibrate(corrected) if calibrate else corrected),
            unread=unread,
            raw=raw,
        )

    def _probabilities(self, scores: Sequence[float]) -> dict[str, float]:
        return dict(zip(self.labels, map(math.exp, scores), strict=True))
