"""Effect: hot pixels.

Units: electrons a second. Place in the chain: added to the dark current. Equation: a fraction of
the pixels has a least excess times exp of an exponential variate, up to a most. Source: the tail of
real dark frames (0-1.7 % of pixels; 0.015 e/s, a variate of mean 1.4, at most 12 e/s).
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig


def draw_hot(
    rng: np.random.Generator, shape: tuple[int, int], detector: DetectorConfig
) -> NDArray[np.float64]:
    """Draw the excess dark current of each pixel [e/s], 0 for most."""
    hot = rng.random(shape) < rng.uniform(*detector.hot_fraction)
    excess = detector.hot_least_e_s * np.exp(rng.exponential(detector.hot_log_scale, shape))
    return np.where(hot, np.minimum(excess, detector.hot_most_e_s), 0.0)
