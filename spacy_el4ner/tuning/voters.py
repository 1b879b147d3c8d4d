"""The voters of an ensemble as tuning asks them: uncalibrated, and with their answers stored."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from spacy_el4ner.backends.store import Identified, ResponseStore, StoredBackend
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from spacy_el4ner.voters.prompted.voter import PromptedVoter


def uncalibrated(voters: Mapping[str, Voter], checkpoint: Path | None) -> dict[str, Voter]:
    """voters (Mapping[str, Voter]): The voters of the ensemble, which are not changed.
    checkpoint (Path | None): A file that stores the answers of language models for a further run; None
        to store nothing.
    RETURNS (dict[str, Voter]): The voters without their calibration.
    """
    plain: dict[str, Voter] = {}
    for name, voter in voters.items():
        plain[name] = voter
        if isinstance(voter, PromptedVoter):
            plain[name] = calibrated(voter, VoterCalibration())
            if checkpoint is not None and isinstance(voter.backend, Identified):
                stored = StoredBackend(voter.backend, ResponseStore(checkpoint))
                plain[name] = calibrated(voter, VoterCalibration(), stored)
    return plain


def with_neutral(voter: Voter) -> Voter:
    """voter (Voter): A voter, without calibration of its labels.
    RETURNS (Voter): A voter whose ballots are corrected by all that it says about the neutral word of
        its template; the same voter if there is no such word.
    """
    if not isinstance(voter, PromptedVoter) or not voter.template.settings.neutral:
        return voter
    return calibrated(voter, replace(voter.calibration, neutral=1.0))


def calibrated(
    voter: PromptedVoter, calibration: VoterCalibration, stored: StoredBackend | None = None
) -> PromptedVoter:
    """voter (PromptedVoter): A voter, which is not changed.
    calibration (VoterCalibration): The calibration of the new voter.
    stored (StoredBackend | None): The backend of the new voter; None for that of `voter`.
    RETURNS (PromptedVoter): A voter that asks the same questions, with a memory of its own.
    """
    other = voter.with_backend(stored or voter.backend)
    other.calibrated = True
    other.calibrate(calibration)
    return other
