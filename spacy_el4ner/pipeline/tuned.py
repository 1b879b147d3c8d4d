"""The choices that tuning makes for an ensemble, as its component keeps and saves them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.ensemble.cascade import Cascade
from spacy_el4ner.ensemble.vote import FittedVoteRule, VoteRule
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.calibration import PARTS, VoterCalibration
from spacy_el4ner.voters.prompted.voter import PromptedVoter

CHOICES = (*PARTS, "votes", "reliability", "confidence", "cascade")
"""Names of the choices, each of which the setting `tuned` can leave out."""


@dataclass(frozen=True)
class Tuning:
    """The choices made for an ensemble on labelled sentences.

    voters (dict[str, VoterCalibration]): Voter -> its calibration.
    left_out (tuple[str, ...]): Voters that the ensemble is better without.
    verifier (str | None): The voter that verifies best; None to leave the choice to the settings.
    verification (bool): Whether the stage of verification is of use.
    vote_rules (dict[str, dict[str, Any]]): Name of a vote rule that learns -> its fitted parameters.
    confidence (Weights | None): The calibration of the confidence; None leaves it raw.
    cascade (Cascade | None): Which voters are asked only where others leave the vote open; None to ask
        all about everything.
    report (dict[str, Any]): What was measured, and what each choice brought; plain data.
    """

    voters: Mapping[str, VoterCalibration] = field(default_factory=dict, hash=False)
    left_out: tuple[str, ...] = ()
    verifier: str | None = None
    verification: bool = True
    vote_rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    confidence: Weights | None = None
    cascade: Cascade | None = None
    report: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def apply(self, voters: Mapping[str, Voter], parts: Mapping[str, bool]) -> None:
        """Calibrate voters.

        voters (Mapping[str, Voter]): The ensemble; voters that ask no language model stay as they are.
        parts (Mapping[str, bool]): Which choices apply, see `CHOICES`; all that are not named do.
        """
        for name, voter in voters.items():
            if isinstance(voter, PromptedVoter):
                voter.calibrate(self.voters.get(name, VoterCalibration()).only(parts))

    def voting(self, names: Collection[str], parts: Mapping[str, bool]) -> list[str]:
        """names (Collection[str]): The voters of the ensemble.
        parts (Mapping[str, bool]): Which choices apply.
        RETURNS (list[str]): The voters that take part: without those left out, unless no other is left.
        """
        if not parts.get("votes", True):
            return list(names)
        return [name for name in names if name not in self.left_out] or list(names)

    def fitted(self, rule: VoteRule, parts: Mapping[str, bool]) -> VoteRule:
        """rule (VoteRule): The vote rule of the settings.
        parts (Mapping[str, bool]): Which choices apply.
        RETURNS (VoteRule): The rule with its fitted parameters, if it learns and has any here.
        RAISES (EL4NERValueError): EL293, the parameters do not fit the rule.
        """
        if not isinstance(rule, FittedVoteRule) or not parts.get("reliability", True):
            return rule
        known = rule.name in self.vote_rules
        return rule.with_parameters(self.vote_rules[rule.name]) if known else rule

    def to_bytes(self) -> bytes:
        """RETURNS (bytes): The choices as JSON."""
        data = {
            "voters": {name: c.to_dict() for name, c in self.voters.items()},
            "left_out": list(self.left_out),
            "verifier": self.verifier,
            "verification": self.verification,
            "vote_rules": self.vote_rules,
            "confidence": None if self.confidence is None else asdict(self.confidence),
            "cascade": None if self.cascade is None else self.cascade.to_dict(),
            "report": self.report,
        }
        return json.dumps(data, indent=2, ensure_ascii=False).encode("utf8")

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tuning":
        """data (bytes): What `to_bytes` returned.
        RETURNS (Tuning): The choices.
        RAISES (EL4NERValueError): EL290, the data are not choices.
        """
        try:
            plain = json.loads(data)
            weights, cascade = plain.get("confidence"), plain.get("cascade")
            voters = {n: VoterCalibration.from_dict(c) for n, c in plain["voters"].items()}
            return cls(
                voters,
                tuple(map(str, plain["left_out"])),
                None if plain["verifier"] is None else str(plain["verifier"]),
                bool(plain["verification"]),
                # Earlier pipelines have none of these.
                dict(plain.get("vote_rules", {})),
                None if weights is None else Weights.from_dict(weights),
                None if cascade is None else Cascade.from_dict(cascade),
                dict(plain["report"]),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise EL4NERValueError(Errors.EL290.format(data=data[:80])) from error
