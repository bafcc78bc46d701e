"""When a transit begins and ends, and when the planet is wholly before its star."""

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.star_row import StarRow
from spectramind.features.transit_model import TransitModel

_REACH_H, _STEP_H = 18.0, 1 / 240  # searched on either side of mid-transit, and how finely


def contacts(
    t0: float, log_a: float, impact: float, radius_ratio: float, star: StarRow
) -> NDArray[np.float64]:
    """The four contacts (4,) [h] on the clock of t0; NaN: there is none, as 2 and 3 of a grazing.

    Args:
        t0: mid-transit [h]; log_a: ln(a/R*); impact: in stellar radii.
        radius_ratio: of planet and star.
        star: the orbit's period and shape.
    """
    steps = round(_REACH_H / _STEP_H)
    time_h = np.asarray(t0 + _STEP_H * np.arange(-steps, steps + 1), dtype=np.float64)
    separation = TransitModel(time_h, star, np.inf).separation(t0, log_a, impact)
    first, last = _within(time_h, separation, 1 + radius_ratio)
    second, third = _within(time_h, separation, 1 - radius_ratio)
    return np.array([first, second, third, last])


def _within(
    time_h: NDArray[np.float64], separation: NDArray[np.float64], limit: float
) -> tuple[float, float]:
    """When the separation falls below the limit and rises above it, around its least."""
    nearest = int(separation.argmin())
    outside = np.flatnonzero(separation >= limit)
    before, after = outside[outside < nearest], outside[outside > nearest]
    if separation[nearest] >= limit or not len(before) or not len(after):
        return np.nan, np.nan
    return (
        _crossing(time_h, separation, int(before[-1]), limit),
        _crossing(time_h, separation, int(after[0]) - 1, limit),
    )


def _crossing(
    time_h: NDArray[np.float64], separation: NDArray[np.float64], at: int, limit: float
) -> float:
    """Time between two samples, by a straight line."""
    near, far = separation[at], separation[at + 1]
    if not np.isfinite([near, far]).all():
        return np.nan
    return float(time_h[at] + (limit - near) / (far - near) * (time_h[at + 1] - time_h[at]))
