"""Slow random courses in time, by their values at knots half a minute apart.

A course is the straight line from knot to knot: the truth files hold the knots, so whoever reads
them has the course itself. Equations, with t the lag and m the memory:

- wandering (Ornstein-Uhlenbeck): correlation exp(-t / m);
- smooth: such a course through the same filter again, correlation (1 + t / m) exp(-t / m): it has a
  slope everywhere, as a bench that bends.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Array = NDArray[np.float64]

_STEP_H = 1 / 120
_FORGOTTEN = 12.0  # memories before the visit: where the smooth course began does not matter


def knots_h(hours: float) -> Array:
    """Times of the knots, from the visit's begin to its end or just after [h]."""
    return np.asarray(_STEP_H * np.arange(int(np.ceil(hours / _STEP_H)) + 1), dtype=np.float64)


def wandering(rng: np.random.Generator, series: int, knots: int, memory_h: float) -> Array:
    """Ornstein-Uhlenbeck processes of unit rms, (series, knots)."""
    kicks = rng.standard_normal((series, knots))
    left = np.exp(-_STEP_H / memory_h)
    kicks[:, 1:] *= np.sqrt(1 - left**2)  # the first kick starts it in its steady state
    return np.asarray(lfilter([1.0], [1.0, -left], kicks, axis=1))


def smooth(rng: np.random.Generator, series: int, knots: int, memory_h: float) -> Array:
    """Smooth processes of unit rms, (series, knots)."""
    before = int(np.ceil(_FORGOTTEN * memory_h / _STEP_H))
    left = np.exp(-_STEP_H / memory_h)
    kicks = rng.standard_normal((series, before + knots))
    twice = lfilter([1.0], [1.0, -2 * left, left**2], kicks, axis=1)
    rms = np.sqrt((1 + left**2) / (1 - left**2) ** 3)
    return np.asarray(twice[:, before:] / rms)


def at(time_h: Array, knots: Array, values: Array) -> Array:
    """Courses (K, knots) at other times, (K, T)."""
    found = np.empty((len(values), len(time_h)))
    for row, course in zip(found, values, strict=True):
        row[:] = np.interp(time_h, knots, course)
    return found
