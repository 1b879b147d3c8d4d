"""Priors and a temperature for the labels that a model chooses between."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

FLOOR = -30.0
"""Lowest log-probability of a label, in nats; that of an impossible one."""
STRENGTH = 0.05
"""Weight of the penalty on priors that leave those of the batch, for each labelled span."""


@dataclass(frozen=True)
class LabelCalibration:
    """Turns the log-probabilities of a model's options into calibrated ones.

    p(label) ∝ exp(log p_model(label) / temperature − prior[label])

    prior (tuple[float, ...]): What is subtracted for each option, in nats.
    temperature (float): Divides the log-probabilities.
    """

    prior: tuple[float, ...]
    temperature: float = 1.0

    def __call__(self, logprobs: Sequence[float]) -> list[float]:
        """logprobs (Sequence[float]): Log-probabilities of the options, in nats, or minus infinity.
        RETURNS (list[float]): The calibrated log-probabilities; their exponentials sum to 1.
        """
        scores = np.asarray(logprobs, dtype=np.float64) / self.temperature - np.asarray(self.prior)
        if not np.isfinite(scores).any():
            return [float(score) for score in logprobs]
        calibrated: list[float] = (scores - np.logaddexp.reduce(scores)).tolist()
        return calibrated


def without(logprobs: Sequence[float], neutral: Sequence[float], weight: float) -> list[float]:
    """logprobs (Sequence[float]): Log-probabilities of the options, in nats, or minus infinity.
    neutral (Sequence[float]): The same for a question that says nothing about the answer.
    weight (float): How much of the latter to subtract.
    RETURNS (list[float]): The corrected log-probabilities; their exponentials sum to 1. (Contextual
        calibration, Zhao et al. 2021, within each prompt.)
    """
    bias = np.maximum(np.asarray(neutral, dtype=np.float64), FLOOR)
    scores = np.asarray(logprobs, dtype=np.float64) - weight * bias
    if not np.isfinite(scores).any():
        return [float(score) for score in logprobs]
    corrected: list[float] = (scores - np.logaddexp.reduce(scores)).tolist()
    return corrected


def batch_prior(logprobs: NDArray[np.float64]) -> NDArray[np.float64]:
    """logprobs (ndarray): Log-probabilities of the options of many questions, (questions, options).
    RETURNS (ndarray): The log of their mean probabilities, (options,): what the model prefers whatever
        it is asked (batch calibration, Zhou et al. 2024).
    """
    top = logprobs.max(axis=0)
    mean: NDArray[np.float64] = top + np.log(np.exp(logprobs - top).mean(axis=0))
    return mean


def fit(logprobs: NDArray[np.float64], gold: NDArray[np.int64]) -> LabelCalibration:
    """logprobs (ndarray): Log-probabilities of the options, in nats, (questions, options).
    gold (ndarray): The right option of each question, (questions,).
    RETURNS (LabelCalibration): The prior and the temperature with the lowest log-loss, the prior drawn
        towards that of the batch: with few questions it stays there, with many it goes where they say.
    """
    centre = batch_prior(logprobs)
    centre = centre - centre.mean()
    count = len(gold)

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        sharpness = np.exp(parameters[0])
        scores = logprobs * sharpness - parameters[1:]
        chosen = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
        error = np.exp(chosen)
        error[np.arange(count), gold] -= 1
        shift = parameters[1:] - centre
        penalty = STRENGTH * count**0.5
        value = -chosen[np.arange(count), gold].sum() + penalty * (shift @ shift)
        slope = (error * logprobs).sum() * sharpness
        return value, np.concatenate([[slope], -error.sum(axis=0) + 2 * penalty * shift])

    start = np.concatenate([[0.0], centre])
    bounds = [(-3.0, 1.0), *[(None, None)] * len(centre)]
    best = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return LabelCalibration(tuple(map(float, best.x[1:])), float(np.exp(-best.x[0])))
