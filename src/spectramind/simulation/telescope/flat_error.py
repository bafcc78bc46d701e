"""Effect: the published flat is not the one that acts.

Units: relative. Place in the chain: calibration divides by a flat 1 + e times the true one, so the
light of each pixel comes out 1 + e too small, and what moves over the pixels is seen to flicker.
Equation: e is normal from pixel to pixel, plus a smooth part, a random sum of the lowest cosines of
row and column. Source: ground flats hold to some tenths of a per cent.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim_telescope import FlatErrorConfig

Array = NDArray[np.float64]

_ORDERS = 3  # waves on an axis: none, a half, a whole one
_MOST = 0.5


def draw_flat_error(
    rng: np.random.Generator, shape: tuple[int, int], flat: FlatErrorConfig
) -> Array:
    """Published over true flat less 1, (H, W)."""
    error = flat.pixel * rng.standard_normal(shape) + flat.smooth * _smooth(rng, shape)
    return np.clip(error, -_MOST, _MOST)


def _smooth(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """A surface of unit rms over many draws, whose mean over the detector is 0."""
    waves = rng.standard_normal((_ORDERS, _ORDERS))
    waves[0, 0] = 0.0
    row, column = (_cosines(count) for count in shape)
    return np.asarray(row @ waves @ column.T) / np.sqrt(_ORDERS**2 - 1)


def _cosines(count: int) -> Array:
    """The lowest cosines over so many pixels, each of unit rms, (count, _ORDERS)."""
    place = (np.arange(count) + 0.5) / count
    scale = np.where(np.arange(_ORDERS) == 0, 1.0, np.sqrt(2))
    return np.asarray(scale * np.cos(np.pi * np.outer(place, np.arange(_ORDERS))))
