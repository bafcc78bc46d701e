"""The official metric of the NeurIPS 2025 Ariel Data Challenge.

An element's score compares the log-likelihood of the prediction with that of a naive prediction
(one mean and one standard deviation for all) and of an ideal one:

    s = (ln N(y; mu, sigma) - ln N(y; m0, s0)) / (ln N(y; y, sigma_true) - ln N(y; m0, s0))

The score is the weighted mean of s over planets and bins, clipped to [0, 1]. FGS1 (bin 0) weighs
57.846 against 1 for each AIRS bin, which is 17 % of the sum.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.instrument.grid import FGS1_BIN, N_BINS

FGS1_WEIGHT = 57.846
FGS1_SIGMA_TRUE = 1e-6
AIRS_SIGMA_TRUE = 1e-5
SMALLEST_SIGMA = 1e-15

Array = NDArray[np.float64]


def bin_weights() -> Array:
    """Weight of each bin, (283,), not normalised."""
    weights = np.ones(N_BINS)
    weights[FGS1_BIN] = FGS1_WEIGHT
    return weights


def naive_moments(train: Array) -> tuple[float, float]:
    """The metric's m0 and s0: mean and standard deviation of all train labels together."""
    return float(train.mean()), float(train.std())


def _log_normal(y: Array, mu: Array | float, sigma: Array | float) -> Array:
    z = (y - mu) / sigma
    return -0.5 * (z * z + np.log(2 * np.pi)) - np.log(sigma)


def check_scored(truth: Array, mu: Array, sigma: Array) -> None:
    """Refuse what the metric cannot judge.

    Raises:
        SchemaError: wrong shapes, a value that is not finite, a negative mu or sigma.
    """
    for name, values in (("truth", truth), ("mu", mu), ("sigma", sigma)):
        if values.shape != (len(truth), N_BINS) or len(truth) == 0:
            raise SchemaError(f"score: {name} has shape {values.shape}, expected (n > 0, {N_BINS})")
        if not np.isfinite(values).all():
            raise SchemaError(f"score: {name} holds NaN or infinity")
    for name, values in (("mu", mu), ("sigma", sigma)):
        if (values < 0).any():
            row, bin_ = np.argwhere(values < 0)[0]
            raise SchemaError(
                f"score: {name} is {values[row, bin_]:.6g} in row {row}, bin {bin_}: "
                "the metric refuses negative values"
            )


def element_scores(
    truth: Array, mu: Array, sigma: Array, naive_mean: float, naive_sigma: float
) -> Array:
    """Score s of every element, (n, 283): 1 is ideal, 0 naive, below 0 worse than naive.

    Args:
        truth, mu, sigma: (n, 283), depths.
        naive_mean, naive_sigma: m0, s0 of the train labels.

    Raises:
        SchemaError: wrong shapes, a value that is not finite, a negative mu or sigma.
    """
    check_scored(truth, mu, sigma)
    predicted = _log_normal(truth, mu, np.maximum(sigma, SMALLEST_SIGMA))
    naive = _log_normal(truth, naive_mean, naive_sigma)
    return (predicted - naive) / (_ideal(truth) - naive)


def score_weights(truth: Array, naive_mean: float, naive_sigma: float) -> Array:
    """What one nat more in an element adds to its planet's score, (n, 283).

    That is w / (ideal - naive) with the bins' weights w summing to 1. It hangs on the truth alone,
    so a sigma is best for the score where a weighted likelihood is largest. The clip at 0 and 1 is
    of the mean over all planets and moves no optimum inside.

    Args:
        truth: (n, 283). naive_mean, naive_sigma: m0, s0 of the train labels.
    """
    weights = bin_weights() / bin_weights().sum()
    return weights / (_ideal(truth) - _log_normal(truth, naive_mean, naive_sigma))


def ideal_sigma() -> Array:
    """The sigma of the ideal prediction in each bin, (283,), depth."""
    sigma_true = np.full(N_BINS, AIRS_SIGMA_TRUE)
    sigma_true[FGS1_BIN] = FGS1_SIGMA_TRUE
    return sigma_true


def _ideal(truth: Array) -> Array:
    return _log_normal(truth, truth, ideal_sigma())


def planet_scores(elements: Array) -> Array:
    """Each planet's weighted mean over bins, (n,), not clipped; their mean is the raw score."""
    return np.average(elements, axis=1, weights=bin_weights())


def clipped_score(planets: Array) -> float:
    """The official score from ``planet_scores``: their mean, clipped to [0, 1]."""
    return float(np.clip(planets.mean(), 0.0, 1.0))


def part_scores(elements: Array) -> tuple[float, float]:
    """FGS1 part and AIRS part, not clipped: score = (57.846 FGS1 + 282 AIRS) / 339.846."""
    return float(elements[:, FGS1_BIN].mean()), float(elements[:, FGS1_BIN + 1 :].mean())


def bootstrap_interval(
    planets: Array, rng: np.random.Generator, level: float = 0.95, draws: int = 2000
) -> tuple[float, float]:
    """Percentile interval of the score when the planets are drawn anew with replacement.

    Args:
        planets: ``planet_scores``, (n,).
        rng: source of the draws.
        level: probability inside the interval.
        draws: bootstrap samples.
    """
    return _interval(_drawn_anew(planets[None], rng, draws)[0], level)


def paired_interval(
    planets: Array,
    others: Array,
    rng: np.random.Generator,
    level: float = 0.95,
    draws: int = 2000,
) -> tuple[float, float]:
    """Percentile interval of one score less another, both on the same planets drawn anew.

    Args:
        planets, others: ``planet_scores`` of two predictions, (n,), the same planets in one order.
        rng, level, draws: as in ``bootstrap_interval``.
    """
    ours, theirs = _drawn_anew(np.stack([planets, others]), rng, draws)
    return _interval(ours - theirs, level)


def _drawn_anew(planets: Array, rng: np.random.Generator, draws: int) -> Array:
    """Scores (K, draws) of K predictions (K, n), in each draw on the same planets."""
    count = planets.shape[1]
    chosen = rng.integers(count, size=(draws, count))
    return np.clip(planets[:, chosen].mean(axis=2), 0.0, 1.0)


def _interval(values: Array, level: float) -> tuple[float, float]:
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
