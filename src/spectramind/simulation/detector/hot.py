"""Effect: hot pixels.

Units: electrons a second. Place in the chain: added to the dark current. Equation: a fraction
(0-1.7 % on real detectors) of the pixels has 0.015 e/s times exp of an exponential variate of mean
1.4, at most 12 e/s. Source: the tail of real dark frames.
"""

import numpy as np
from numpy.typing import NDArray

_LEAST_E_S = 0.015
_LOG_SCALE = 1.4
_MOST_E_S = 12.0


def draw_hot(
    rng: np.random.Generator, shape: tuple[int, int], fraction: tuple[float, float]
) -> NDArray[np.float64]:
    """Draw the excess dark current of each pixel [e/s], 0 for most; the share within a range."""
    hot = rng.random(shape) < rng.uniform(*fraction)
    excess = _LEAST_E_S * np.exp(rng.exponential(_LOG_SCALE, shape))
    return np.where(hot, np.minimum(excess, _MOST_E_S), 0.0)
