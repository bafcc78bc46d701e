"""Effect: dead pixels.

Units: none. Place in the chain: with the flat. Half of them have no response to speak of (their
flat is about 0), the others respond and are only flagged, as in real frames; 0.1-1.1 % of pixels.
"""

import numpy as np
from numpy.typing import NDArray

_FRACTION = (0.001, 0.011)
_SILENT_SHARE = 0.5
_SILENT_RESPONSE = 0.005


def draw_dead(
    rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Draw the flags, and the factor each pixel's response has (1 where it responds)."""
    dead = rng.random(shape) < rng.uniform(*_FRACTION)
    silent = dead & (rng.random(shape) < _SILENT_SHARE)
    residual = _SILENT_RESPONSE * rng.random(shape)
    return dead, np.where(silent, residual, 1.0)
