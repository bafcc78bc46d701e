"""Step 2c, cosmic rays: exposures far off the running median of five of their own pixel.

In the finished exposures, not the reads: a hit adds charge between two reads, and CDS has removed
the reset level it would have to be told from. The flat scales value and noise alike and the dark is
a constant, so neither changes the verdict. The median passes any monotone run unchanged: ingress,
egress and drift are safe. What counts as far is the larger of the scatter seen and the noise
stated: the scatter knows the pointing, the stated noise does not shrink where a signal is constant.
"""

import numpy as np
from numpy.typing import NDArray

WINDOW = 5  # exposures of the running median
SIGMA_SAMPLES = 128  # differences from which a pixel's robust sigma is taken
MAD_TO_SIGMA = 1.4826


def scatter(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robust sigma from exposure to exposure, (T, ...) to (...); drift and hits do not move it."""
    if len(signal) < 2:
        return np.zeros(signal.shape[1:])
    stride = max(1, (len(signal) - 1) // SIGMA_SAMPLES)
    steps = np.abs(signal[1::stride] - signal[:-1:stride])
    return np.asarray(MAD_TO_SIGMA * np.median(steps, axis=0) / np.sqrt(2.0))


def cosmics(
    signal: NDArray[np.float64], variance: NDArray[np.float64], sigma: float
) -> NDArray[np.bool_]:
    """Exposures more than ``sigma`` off; signal [e], variance [e^2] and result (T, ...).

    Fewer than five exposures have no running median of five: nothing is flagged.
    """
    found = np.zeros(signal.shape, dtype=bool)
    if len(signal) < WINDOW:
        return found
    seen = scatter(signal)
    for t in range(len(signal)):
        first = min(max(t - WINDOW // 2, 0), len(signal) - WINDOW)
        window = slice(first, first + WINDOW)
        stated = np.sqrt(np.median(variance[window], axis=0))
        off = np.abs(signal[t] - np.median(signal[window], axis=0))
        found[t] = off > sigma * np.maximum(seen, stated)
    return found
