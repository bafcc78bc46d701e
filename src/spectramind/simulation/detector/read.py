"""Effect: read noise.

Units: electrons a read. Place in the chain: after non-linearity, before the ADC. Equation: white
normal noise of each read; a pixel's sigma is normal, for some noisy pixels a least sigma times exp
of an exponential variate, up to a most. Source: real read frames (13 +- 0.8 e; 3.5 % of the pixels:
18 e, a variate of mean 0.41, at most 150 e).
A sum of N cycles has sigma sqrt(N).
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig


def draw_read_map(
    rng: np.random.Generator, shape: tuple[int, int], detector: DetectorConfig
) -> NDArray[np.float64]:
    """Draw sigma of one read of one cycle for each pixel [e]."""
    core = rng.normal(detector.read_e, detector.read_scatter_e, shape)
    tail = detector.noisy_least_e * np.exp(rng.exponential(detector.noisy_log_scale, shape))
    noisy = rng.random(shape) < detector.noisy_fraction
    return np.where(noisy, np.minimum(tail, detector.noisy_most_e), core)


def variance(sigma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of a correlated double sample [e^2]: that of two reads of ``sigma`` [e]."""
    return 2 * sigma**2


def add_read_noise(
    electrons: NDArray[np.float64], sigma: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Electrons (W, reads) with normal noise of ``sigma`` (W,) added."""
    noise = rng.standard_normal(electrons.shape, dtype=np.float32)
    noise *= sigma[:, None].astype(np.float32)
    return electrons + noise
