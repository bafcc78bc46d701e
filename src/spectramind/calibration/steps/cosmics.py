"""Cosmic rays: exposures far off the running median of five of their own pixel.

In the finished exposures, not the reads: a hit adds charge between two reads, and CDS has removed
the reset level it would have to be told from. The flat scales value and noise alike and the dark is
a constant, so neither changes the verdict. The median passes any monotone run unchanged: ingress,
egress and drift are safe. What counts as far is the largest of three scales, each a Gaussian's
standard deviation: the scatter seen, the noise stated (it does not shrink where a signal is
constant), and the tail of the steps seen. A pixel on the flank of a moving star steps far now and
then, and more often than cosmic rays strike.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

WINDOW = 5  # exposures of the running median
SIGMA_SAMPLES = 128  # differences from which a pixel's robust sigma is taken
MAD_TO_SIGMA = 1.4826
TAIL_SAMPLES = 4096  # steps among which the tail is sought
HEAVY = 1.5  # a tail that steep flanks make is heavier than a Gaussian's
_TAIL = 1e-3  # share of the steps beyond it, but
_SPARED = 6  # no fewer: the steps up and down of three cosmic rays


def scatter(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robust sigma from exposure to exposure, (T, ...) to (...); drift and hits do not move it."""
    if len(signal) < 2:
        return np.zeros(signal.shape[1:])
    stride = max(1, (len(signal) - 1) // SIGMA_SAMPLES)
    steps = np.abs(signal[1::stride] - signal[:-1:stride])
    return np.asarray(MAD_TO_SIGMA * np.median(steps, axis=0) / np.sqrt(2.0))


def tail_rank(n_exposures: int) -> tuple[int, int, float]:
    """Where the tail of a series lies: every how many-th step is taken, how many of these lie
    beyond it, and what turns such a step into a Gaussian's standard deviation.
    """
    if n_exposures < 2:
        return 1, 0, 0.0
    stride = max(1, (n_exposures - 1) // TAIL_SAMPLES)
    steps = (n_exposures - 2) // stride + 1
    beyond = min(max(round(_TAIL * steps), _SPARED), steps // 2)
    return stride, beyond, float(1 / (np.sqrt(2) * ndtri(1 - (beyond + 1) / (2 * steps + 2))))


def tail(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sigma of a Gaussian whose longest steps would be as long as these, (T, ...) to (...)."""
    stride, beyond, gain = tail_rank(len(signal))
    if len(signal) < 2:
        return np.zeros(signal.shape[1:])
    steps = np.abs(signal[1::stride] - signal[:-1:stride])
    return np.asarray(gain * np.sort(steps, axis=0)[len(steps) - 1 - beyond])


def cosmics(
    signal: NDArray[np.float64], variance: NDArray[np.float64], sigma: float
) -> NDArray[np.bool_]:
    """Exposures more than ``sigma`` off; signal [e], variance [e^2] and result (T, ...).

    Fewer than five exposures have no running median of five: nothing is flagged.
    """
    found = np.zeros(signal.shape, dtype=bool)
    if len(signal) < WINDOW:
        return found
    seen = np.maximum(scatter(signal), HEAVY * tail(signal))
    for t in range(len(signal)):
        first = min(max(t - WINDOW // 2, 0), len(signal) - WINDOW)
        window = slice(first, first + WINDOW)
        stated = np.sqrt(np.median(variance[window], axis=0))
        off = np.abs(signal[t] - np.median(signal[window], axis=0))
        found[t] = off > sigma * np.maximum(seen, stated)
    return found
