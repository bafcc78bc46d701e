"""Decorrelation."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.extraction import AirsSeries
from spectramind.calibration.photometry import Fgs1Series
from spectramind.calibration.pointing import (
    LEAST_BLOCK,
    airs_regressors,
    decorrelate,
    fgs1_regressors,
    on_clock,
    within_blocks,
)

Array = NDArray[np.float64]
T, BLOCK = 4000, 100
CLOCK = np.linspace(0, 1, T)
DRIFT = 1 + 300e-6 * CLOCK - 200e-6 * CLOCK**2
TRANSIT = 1 - 0.01 * np.clip((0.2 - np.abs(CLOCK - 0.5)) / 0.05, 0, 1)
RESPONSE = np.array([3e-3, -2e-3, 1e-3, 0.0])


def motion(seed: int = 0) -> Array:
    """White and slow, as the telescope's."""
    rng = np.random.default_rng(seed)
    slow = np.cumsum(rng.standard_normal((T, 4)), axis=0) / np.sqrt(T)
    return rng.standard_normal((T, 4)) + slow


def observed(noise: float, regressors: Array, bins: int = 40) -> Array:
    star = 1e5 * (DRIFT * TRANSIT)[:, None] * (1 + regressors @ RESPONSE)[:, None]
    return star * (1 + noise * np.random.default_rng(1).standard_normal((T, bins)))


def test_blocks_lose_their_lines_and_nothing_else() -> None:
    values = np.random.default_rng(2).standard_normal((1050, 2))
    steps = np.repeat(np.arange(10.0), 105)[:, None] * [5.0, -3.0]
    left, count = within_blocks(values + steps + 0.3 * np.arange(1050)[:, None], 100)
    plain, _ = within_blocks(values, 100)
    assert count == 10
    np.testing.assert_allclose(left, plain, atol=1e-9)
    for block in np.array_split(left, 10):
        np.testing.assert_allclose(block.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(np.arange(105) @ block, 0.0, atol=1e-9)
    np.testing.assert_allclose(left.var() / values.var(), 1 - 2 / 105, atol=0.01)


def test_motion_is_taken_out_slow_part_included() -> None:
    regressors = motion()
    flux = observed(1e-3, regressors)
    result = decorrelate(flux, np.full_like(flux, 1e4), regressors, BLOCK)
    before, after = (
        (f / (DRIFT * TRANSIT)[:, None] / f.mean(axis=0)).mean(axis=1) for f in (flux, result.flux)
    )
    assert 1e6 * before.std() > 3000
    assert 1e6 * after.std() == pytest.approx(1000 / np.sqrt(40), rel=0.1)
    np.testing.assert_allclose(result.coefficients.mean(axis=1), RESPONSE / (1 - 0.0025), atol=2e-5)
    assert result.removed_ppm == pytest.approx(1e6 * (regressors @ RESPONSE).std(), rel=0.05)


def test_a_transit_is_not_touched() -> None:
    """Noise-free: what the motion has in common with the transit's curvature is all it can take."""
    regressors = motion()
    star = 1e5 * (DRIFT * TRANSIT)[:, None]
    result = decorrelate(star, np.full_like(star, 1e4), regressors, BLOCK)
    assert 1e6 * np.abs(result.flux / star - 1).max() < 20  # of a depth of 10,000 ppm
    depth = [(f[CLOCK < 0.25].mean() - f[np.abs(CLOCK - 0.5) < 0.14].mean()) / 1e5
             for f in (star, result.flux)]  # fmt: skip
    assert 1e6 * abs(depth[1] - depth[0]) < 5


def test_the_level_stays() -> None:
    regressors = motion()
    flux = observed(1e-3, regressors)
    result = decorrelate(flux, np.full_like(flux, 1e4), regressors, BLOCK)
    np.testing.assert_allclose(result.flux.mean(axis=0), flux.mean(axis=0), rtol=1e-4)


def test_pure_noise_is_left_nearly_alone() -> None:
    """On average the shrunk model holds less than half of what plain least squares would add."""
    rng = np.random.default_rng(4)
    noise, terms = 1e-3, 8
    flux = 1e5 * (1 + noise * rng.standard_normal((T, 400)))
    result = decorrelate(flux, np.full_like(flux, 1e4), rng.standard_normal((T, terms)), BLOCK)
    plain = 1e6 * noise * np.sqrt(terms / T)
    assert np.sqrt(np.mean(result.removed_ppm**2)) < 0.5 * plain
    assert (result.shrinkage == 0).mean() > 0.3
    again = result.flux.std(axis=0) / flux.std(axis=0)
    assert abs(again.mean() - 1) < 1e-3


def test_short_blocks_and_short_series_are_left_alone() -> None:
    regressors = motion()
    flux = observed(1e-3, regressors)
    variance = np.full_like(flux, 1e4)
    for count, block in ((T, LEAST_BLOCK - 1), (50, 51), (1, 100), (2, 100)):
        result = decorrelate(flux[:count], variance[:count], regressors[:count], block)
        np.testing.assert_array_equal(result.flux, flux[:count])
        assert not result.removed_ppm.any()


def test_hostile_input() -> None:
    regressors = motion()
    regressors[:, 2] = 7.0  # never moves
    regressors[:, 3] = regressors[:, 0]  # says the same twice
    flux = observed(1e-3, np.where(np.arange(4) < 2, regressors, 0.0))
    variance = np.full_like(flux, 1e4)
    flux[:, 0], variance[:, 1], variance[5, 2] = 0.0, np.inf, np.inf
    flux[:, 3] *= -1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = decorrelate(flux, variance, regressors, BLOCK)
        still = decorrelate(flux, variance, np.zeros((T, 4)), BLOCK)
        none = decorrelate(flux, variance, np.zeros((T, 0)), BLOCK)
    np.testing.assert_array_equal(result.flux[:, :4], flux[:, :4])
    assert np.isfinite(result.flux).all()
    assert (result.flux[:, 4:] / (DRIFT * TRANSIT)[:, None]).std() < 150
    np.testing.assert_array_equal(still.flux, flux)
    np.testing.assert_array_equal(none.flux, flux)


def test_means_on_another_clock_by_hand() -> None:
    values = np.arange(8.0)[:, None] * [1.0, -1.0]
    time_h = np.array([0.1, 0.2, 0.9, 1.0, 1.1, 3.9, 4.0, 9.0])
    mean = on_clock(values, time_h, np.arange(5.0))
    np.testing.assert_allclose(mean[:, 0], [0.5, 3.0, 3.0 + 2.5 / 3, 3.0 + 5 / 3, 5.5])
    np.testing.assert_allclose(mean[:, 1], -mean[:, 0])
    assert on_clock(values, time_h, np.array([0.5])).tolist() == [[3.5, -3.5]]
    assert not on_clock(values, time_h + 100, np.arange(5.0)).any()


def star(moved: Array) -> Fgs1Series:
    one = np.ones(len(moved))
    return Fgs1Series(one, one, one, one, moved[:, :2], one, moved)


def test_regressors() -> None:
    moved = np.arange(20.0).reshape(4, 5)
    own = fgs1_regressors(star(moved))
    np.testing.assert_array_equal(own[:, :5], moved)
    np.testing.assert_array_equal(own[2, 5:], [100.0, 121.0, 110.0])
    pointing = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    airs = AirsSeries(np.ones((2, 3)), np.ones((2, 3)), pointing)
    both = airs_regressors(airs, star(moved), np.array([0.0, 1.0]), np.array([-0.1, 0.1, 0.9, 1.1]))
    np.testing.assert_allclose(both, [[1, 3, 2.5, 3.5], [4, 6, 12.5, 13.5]])


def test_no_block_reaches_across_a_break() -> None:
    """A step at a gap is no motion: with the break known nothing of it is left."""
    step = (np.arange(300) >= 130).astype(np.float64)[:, None]
    across, _ = within_blocks(step, 100)
    left, blocks = within_blocks(step, 100, [130])
    assert np.abs(across).max() > 0.1
    assert np.abs(left).max() < 1e-12
    assert blocks == 2
