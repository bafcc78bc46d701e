"""The second look at FGS1's cosmic rays."""

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.photometry import Fgs1Series
from spectramind.calibration.second_look import second_look

Array = NDArray[np.float64]
T, SIGMA, NOISE = 3000, 8.0, 100.0


def visit() -> tuple[Fgs1Series, Array]:
    """Motion with two leaps in it, and two pixels that follow it through a transit."""
    rng = np.random.default_rng(0)
    motion = 0.05 * rng.standard_normal((T, 5))
    motion[[700, 2100], 0] = 0.5, -0.45
    light = np.where(np.abs(np.arange(T) - 1500) < 500, 0.98, 1.0)
    star = Fgs1Series(light * 2e5, light, light, light, motion[:, :2], light, motion)
    row = motion[:, 0]
    pixels = light * np.stack([3e4 + 2e4 * row + 4e3 * row**2, 1e4 - 8e3 * row])
    return star, pixels + NOISE * rng.standard_normal(pixels.shape)


def filled(came: Array, where: list[tuple[int, int]]) -> NDArray[np.float32]:
    values = came.astype(np.float32)
    for pixel, t in where:
        values[pixel, t] = (values[pixel, t - 1] + values[pixel, t + 1]) / 2
    return values


def test_leaps_are_given_back_and_hits_stay_filled() -> None:
    star, came = visit()
    came[0, 900] += 1500.0
    came[1, 2100] += 1500.0  # a hit during a leap
    flagged = [(0, 700), (0, 2100), (1, 700), (0, 900), (1, 2100)]
    first = filled(came, flagged)
    sure = second_look(came.astype(np.float32), first, star, SIGMA)
    for pixel, t in flagged[:3]:
        assert sure[pixel, t] == np.float32(came[pixel, t])
    for pixel, t in flagged[3:]:
        assert sure[pixel, t] == first[pixel, t]
    untouched = np.ones_like(sure, dtype=bool)
    for place in flagged:
        untouched[place] = False
    np.testing.assert_array_equal(sure[untouched], came.astype(np.float32)[untouched])
    assert sure.dtype == np.float32


def test_few_exposures_are_not_judged() -> None:
    star, came = visit()
    short = Fgs1Series(*(getattr(star, name)[690:705] for name in star.__dataclass_fields__))
    first = filled(came, [(0, 700)])[:, 690:705]
    sure = second_look(came[:, 690:705].astype(np.float32), first, short, SIGMA)
    np.testing.assert_array_equal(sure, first)
