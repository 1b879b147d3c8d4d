"""A vote weighted by what each voter is known to confuse."""

import math
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.ensemble.reliability import (
    Reliability,
    distribution,
    fit_reliability,
    pseudo_votes,
)
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.types import Vote

Logs = Mapping[str | None, NDArray[np.float64]]
"""Voter, None for an unknown one -> logs of its confusions, (right labels, labels)."""


class ReliabilityVote:
    """The label with the highest posterior probability, given what each voter is known to confuse.

    The confusions are those of Dawid and Skene (1979), with a Dirichlet prior, and with probabilities
    as soft votes. `tune` fits the confusions of each voter; `fit_vote` fits them to documents with or
    without gold annotation. Before a fit, and for voters that it does not know, they are those that the
    settings assume. A fit to other labels than those of the ensemble is not used. Ties go to the order
    of the labels, "no entity" last.

    accuracy (float): Share of its vote that a voter is assumed to give the right label, 0 to 1.
    strength (float): How many votes on each label that assumption counts for, above 0.
    """

    name: ClassVar[str] = "reliability"

    def __init__(self, accuracy: float = 0.7, strength: float = 10.0):
        for setting, value, allowed, valid in (
            ("accuracy", accuracy, "a number between 0 and 1", 0 < accuracy < 1),
            ("strength", strength, "a number above 0", 0 < strength < math.inf),
        ):
            if not valid:
                message = Errors.EL010.format(value=value, setting=f"vote.{setting}", known=allowed)
                raise EL4NERValueError(message)
        self.accuracy = accuracy
        self.strength = strength
        self.reliability: Reliability | None = None
        self._logs: dict[tuple[str, ...], tuple[NDArray[np.float64], Logs]] = {}

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        posterior = self.posterior(votes, labels)
        order = list(posterior)
        return max(order, key=lambda label: (round(posterior[label], 9), -order.index(label)))

    def posterior(self, votes: Sequence[Vote], labels: Sequence[str]) -> dict[str, float]:
        """votes (Sequence[Vote]): The votes on a span; abstentions count for nothing.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (dict[str, float]): Label, "" for "no entity" -> its probability; they sum to 1.
        """
        options = (*labels, "")
        prior, logs = self._tables(options)
        evidence = [logs.get(v.voter, logs[None]) @ distribution(v, options) for v in votes]
        # Summed exactly, so that the order of the votes cannot decide.
        joint = np.array([math.fsum(column) for column in zip(prior, *evidence, strict=True)])
        shares = np.exp(joint - np.logaddexp.reduce(joint))
        return dict(zip(options, shares.tolist(), strict=True))

    def fit(
        self, votes: Sequence[Sequence[Vote]], gold: Sequence[str | None], labels: Sequence[str]
    ) -> Self:
        """votes (Sequence[Sequence[Vote]]): The votes on each span.
        gold (Sequence[str | None]): The right label of each, "" for "no entity"; None where it is
            unknown.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (ReliabilityVote): A copy with the reliability of these voters.
        """
        found = fit_reliability(votes, gold, labels, self.accuracy, self.strength)
        return self._with(found)

    @property
    def parameters(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The fit as plain data; empty before it."""
        return {} if self.reliability is None else self.reliability.to_dict()

    def with_parameters(self, parameters: Mapping[str, Any]) -> Self:
        """parameters (Mapping[str, Any]): What `parameters` returned.
        RETURNS (ReliabilityVote): A copy with this fit.
        RAISES (ValueError): EL293, the data are something else.
        """
        if not parameters:
            return self._with(None)
        try:
            return self._with(Reliability.from_dict(parameters))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise EL4NERValueError(Errors.EL293.format(name=self.name, problem=repr(error))) from error

    def remarks(self) -> dict[str, str]:
        """RETURNS (dict[str, str]): Voter -> the labels that it is best and weakest at, in words; empty
        before a fit.
        """
        voters = {} if self.reliability is None else self.reliability.voters
        return {name: voter.remark() for name, voter in voters.items()}

    def _with(self, reliability: Reliability | None) -> Self:
        other = copy(self)
        other.reliability, other._logs = reliability, {}
        return other

    def _tables(self, options: tuple[str, ...]) -> tuple[NDArray[np.float64], Logs]:
        """The logs of the prior and of all confusions, in the order of the options."""
        if options not in self._logs:
            assumed = pseudo_votes(len(options), self.accuracy, 1.0)
            tables: dict[str | None, NDArray[np.float64]] = {None: np.log(assumed)}
            prior = np.full(len(options), 1 / len(options))
            if (known := self.reliability) is not None and set(known.options) == set(options):
                prior = np.array([known.prior[option] for option in options])
                for name, voter in known.voters.items():
                    rows = [[voter.confusion[k][label] for label in options] for k in options]
                    tables[name] = np.log(np.array(rows))
            self._logs[options] = np.log(prior), tables
        return self._logs[options]
