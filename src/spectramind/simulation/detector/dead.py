"""Effect: dead pixels.

Units: none. Place in the chain: with the flat. Some have no response to speak of (their flat is
about 0), the others respond and are only flagged. Source: real frames, where 0.1-1.1 % of the
pixels are flagged and half of these are silent.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_detector import DetectorConfig


def draw_dead(
    rng: np.random.Generator, shape: tuple[int, int], detector: DetectorConfig
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Draw the flags, and the factor each pixel's response has (1 where it responds)."""
    dead = rng.random(shape) < rng.uniform(*detector.dead_fraction)
    silent = dead & (rng.random(shape) < detector.dead_silent_share)
    residual = detector.dead_response * rng.random(shape)
    return dead, np.where(silent, residual, 1.0)
