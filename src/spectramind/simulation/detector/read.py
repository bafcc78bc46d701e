"""Effect: read noise.

Units: electrons a read. Place in the chain: after non-linearity, before the ADC. Equation: white
normal noise of each read; a pixel's sigma is 13 +- 0.8 e, for 3.5 % of the pixels 18 e times exp of
an exponential variate of mean 0.41, at most 150 e. Source: real read frames.
A sum of N cycles has sigma sqrt(N).
"""

import numpy as np
from numpy.typing import NDArray

_MEAN_E = 13.0
_SCATTER_E = 0.8
_TAIL_FRACTION = 0.035
_TAIL_LEAST_E = 18.0
_TAIL_LOG_SCALE = 0.41
_MOST_E = 150.0


def draw_read_map(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Draw sigma of one read of one cycle for each pixel [e]."""
    core = rng.normal(_MEAN_E, _SCATTER_E, shape)
    tail = _TAIL_LEAST_E * np.exp(rng.exponential(_TAIL_LOG_SCALE, shape))
    noisy = rng.random(shape) < _TAIL_FRACTION
    return np.where(noisy, np.minimum(tail, _MOST_E), core)


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
