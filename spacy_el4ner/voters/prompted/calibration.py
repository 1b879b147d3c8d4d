"""The calibration of one voter: offsets, priors and what the voter is better not asked."""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from spacy_el4ner.calibration.labels import LabelCalibration
from spacy_el4ner.errors import EL4NERValueError, Errors

Offsets = Mapping[str, float]
"""Decision of a grammar, as `Grammar.decision` names it -> what is added to its log-odds, in nats."""


@dataclass(frozen=True)
class VoterCalibration:
    """Corrections to what a language model says of itself, fitted to labelled sentences.

    offsets (dict[str, float]): Decision of the format's grammar, such as "open" -> what is added to the
        log-odds of departing from the source there, in nats; in prompts with demonstrations.
    zero_shot (dict[str, float]): The same in prompts without demonstrations.
    one_by_one (bool): Whether the beginning and the end of each mention are decided by themselves (see
        `openings.py`), not along an answer with the mentions so far. The offsets are for the one or the
        other.
    priors (dict[str, float]): Label, "" standing for "no entity" -> what is subtracted from the
        log-probability of the label, in nats; empty to leave the probabilities as they are. (Contextual
        calibration, Zhao et al. 2021, and batch calibration, Zhou et al. 2024.)
    temperature (float): Divides the log-probabilities of the labels.
    neutral (float): Share of the labels' log-probabilities about the template's neutral word, in the
        same prompt, that is subtracted before; 0 not to ask about it.
    verification (float): Added to the log-odds of "true" in a verification, in nats.
    verifies (bool): Whether the voter is of use as a verifier.
    demonstrations (bool): Whether demonstrations are shown to the voter.
    """

    offsets: Offsets = field(default_factory=dict, hash=False)
    zero_shot: Offsets = field(default_factory=dict, hash=False)
    one_by_one: bool = False
    priors: Mapping[str, float] = field(default_factory=dict, hash=False)
    temperature: float = 1.0
    neutral: float = 0.0
    verification: float = 0.0
    verifies: bool = True
    demonstrations: bool = True

    def bias(self, shown: bool) -> tuple[tuple[str, float], ...]:
        """shown (bool): Whether the prompt has demonstrations.
        RETURNS (tuple[tuple[str, float], ...]): The offsets, as a `DecodeRequest` takes them.
        """
        return tuple(sorted((self.offsets if shown else self.zero_shot).items()))

    def labels(self, options: Collection[str]) -> LabelCalibration | None:
        """options (Collection[str]): The labels in the order of their log-probabilities, and "".
        RETURNS (LabelCalibration | None): Calibrates these log-probabilities; None if the priors are
            of other labels, or there are none.
        """
        if set(options) != set(self.priors):
            return None
        return LabelCalibration(tuple(self.priors[label] for label in options), self.temperature)

    def only(self, parts: Mapping[str, bool]) -> "VoterCalibration":
        """parts (Mapping[str, bool]): Whether to keep "offsets", "labels", "verification" and
            "demonstrations"; a part that is not named is kept.
        RETURNS (VoterCalibration): The calibration without the other parts.
        """
        neutral = VoterCalibration()
        fields: dict[str, Any] = {}
        for part, names in PARTS.items():
            if not parts.get(part, True):
                fields |= {name: getattr(neutral, name) for name in names}
        return replace(self, **fields)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Any) -> "VoterCalibration":
        """data (Any): What `to_dict` returned.
        RETURNS (VoterCalibration): The calibration.
        RAISES (EL4NERValueError): EL290, the data are not a calibration.
        """
        if not isinstance(data, Mapping) or set(data) != set(cls.__dataclass_fields__):
            raise EL4NERValueError(Errors.EL290.format(data=data))
        numbers = [data["temperature"], data["neutral"], data["verification"]]
        for name in ("offsets", "zero_shot", "priors"):
            if not isinstance(data[name], Mapping):
                raise EL4NERValueError(Errors.EL290.format(data=data))
            numbers += data[name].values()
        flags = [data["one_by_one"], data["verifies"], data["demonstrations"]]
        if not all(map(_is_finite, numbers)) or data["temperature"] <= 0:
            raise EL4NERValueError(Errors.EL290.format(data=data))
        if not all(isinstance(flag, bool) for flag in flags):
            raise EL4NERValueError(Errors.EL290.format(data=data))
        return cls(**data)


PARTS = {
    "offsets": ("offsets", "zero_shot", "one_by_one"),
    "labels": ("priors", "temperature", "neutral"),
    "verification": ("verification", "verifies"),
    "demonstrations": ("demonstrations",),
}
"""Part that a setting can leave out -> its fields."""


def shifted(log_odds: float, offset: float) -> float:
    """log_odds (float): Log-odds, which may be infinite.
    offset (float): Added to them.
    RETURNS (float): The probability, 0 to 1.
    """
    return 0.5 * (1 + math.tanh((log_odds + offset) / 2))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
