"""A periodic pattern in the flat."""

import numpy as np
import pytest

from spectramind.calibration.steps.cross_hatch import FALSE_ALARM, cross_hatch

SHAPES = ((32, 32), (32, 356))
SCATTER = 0.0125  # of real flats


@pytest.mark.parametrize("shape", SHAPES)
def test_random_flats_raise_no_alarm(shape: tuple[int, int]) -> None:
    """The chance is stated right where it can be counted; it holds where it cannot."""
    rng = np.random.default_rng(1)
    good = rng.random(shape) > 0.01
    chances = np.array(
        [cross_hatch(rng.normal(1, SCATTER, shape), good).chance for _ in range(600)]
    )
    assert (chances < 0.1).mean() == pytest.approx(0.1, abs=0.04)
    assert (chances < 0.01).mean() <= 0.02
    assert not (chances < FALSE_ALARM / 10).any()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("period", [2.5, 4.0, 9.0])
def test_a_weak_diagonal_pattern_is_found_and_measured(
    shape: tuple[int, int], period: float
) -> None:
    rng = np.random.default_rng(2)
    row, column = np.indices(shape)
    pattern = 0.8 * SCATTER * np.sin(2 * np.pi * (0.6 * row + 0.8 * column) / period)
    flat = rng.normal(1, SCATTER, shape) + pattern
    flat[3, 4] = -0.04  # dead
    result = cross_hatch(flat, np.ones(shape, dtype=bool))
    assert result.found
    assert result.period_px == pytest.approx(period, rel=0.1)
    assert result.amplitude == pytest.approx(0.8 * SCATTER, rel=0.4)


def test_a_gradient_is_no_pattern() -> None:
    rng = np.random.default_rng(3)
    slope = 0.02 * np.linspace(-1, 1, 356) ** 2
    flat = rng.normal(1, SCATTER, (32, 356)) + slope
    assert not cross_hatch(flat, np.ones(flat.shape, dtype=bool)).found


def test_flats_without_information() -> None:
    good = np.ones((32, 32), dtype=bool)
    assert not cross_hatch(np.ones((32, 32)), good).found
    assert not cross_hatch(np.full((32, 32), np.nan), ~good).found
