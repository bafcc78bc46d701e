"""Noise with memory: a Matern process as a sum of cosines with Gaussian coefficients.

On a visit of length L a covariance is nearly that of sum_j r_j cos(w_j t), w_j = pi j / L, with
independent r_j of variance (2 / L) S(w_j), S its spectral density (Solin & Sarkka 2020, Statistics
and Computing 30, 419): of deviation s and memory m, 2 s^2 m / (1 + w^2 m^2) for a rough course
(Ornstein-Uhlenbeck) and 4 s^2 m / (1 + w^2 m^2)^2 for a smooth one (Matern 3/2). So memory costs
more linear coefficients, and where there is none they vanish: deviation, memory and smoothness are
averaged over a grid with the evidence of what was seen. Beforehand s = 0 is as likely as all else
together; the visits of a telescope tell better shares (population.py).
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

from spectramind.features.evidence import posterior_shares

Array = NDArray[np.float64]
_SMOOTHNESS = (1, 2)
_NOTHING = 1e-6  # deviation that counts as none, as a share of the least that is tried


def cosines(time_h: Array, terms: int) -> Array:
    """cos(pi j t / L) for j = 1..terms over the span of ``time_h``, (T, terms)."""
    low, high = time_h.min(), time_h.max()
    phase = np.pi * (time_h - low) / max(high - low, 1e-12)
    return np.asarray(np.cos(phase[:, None] * np.arange(1, terms + 1)))


def variances(
    span_h: float, terms: int, deviation: float, memory_h: float, smoothness: int
) -> Array:
    """Prior variances (terms,) of the cosines' coefficients; ``smoothness`` 1: rough, 2: smooth."""
    turning = np.pi * np.arange(1, terms + 1) / span_h * memory_h
    density = 2 * smoothness * deviation**2 * memory_h / (1 + turning**2) ** smoothness
    return np.asarray(2 / span_h * density)


def choices(
    span_h: float, terms: int, deviations: Sequence[float], memories_h: Sequence[float]
) -> Array:
    """Prior variances (N, terms) to choose from, the first of them nothing."""
    nothing = variances(span_h, terms, _NOTHING * min(deviations), min(memories_h), 1)
    tried = product(deviations, memories_h, _SMOOTHNESS)
    some = [variances(span_h, terms, *point) for point in tried]
    return np.array([nothing, *some])


def even_shares(deviations: Sequence[float], memories_h: Sequence[float]) -> Array:
    """Shares (N,) of ``choices`` before any visit: half for nothing, the rest alike."""
    some = len(deviations) * len(memories_h) * len(_SMOOTHNESS)
    return np.append(0.5, np.full(some, 0.5 / some))


def weigh(normal: Array, right: Array, tried: Array, share: Array) -> Array:
    """Posterior shares (N,) of prior variances, by the evidence for their coefficients.

    Args:
        normal, right: (K, K) and (K,), normal equations of the coefficients in units of the noise,
            all else eliminated.
        tried, share: (N, K) prior variances and their shares beforehand, see ``choices``.
    """
    log_p = np.zeros(len(tried))
    for which, variance in enumerate(tried):
        # With x = sqrt(v) z the matrix stays sound however small a variance.
        root = np.sqrt(variance)
        system = root[:, None] * normal * root + np.eye(len(right))
        lower = cholesky(system, lower=True, overwrite_a=True, check_finite=False)
        solved = solve_triangular(lower, root * right, lower=True, check_finite=False)
        log_p[which] = 0.5 * solved @ solved - np.log(np.diag(lower)).sum()
    return posterior_shares(log_p, share)
