"""Hits against the running median of five, by hand."""

import numpy as np
import pytest

from spectramind.calibration.steps.cosmics import HEAVY, cosmics, scatter, tail, tail_rank


def test_the_limit_is_the_larger_of_seen_and_stated_noise() -> None:
    signal = np.zeros((9, 1))
    signal[4] = 81.0
    assert np.flatnonzero(cosmics(signal, np.full((9, 1), 100.0), 8.0)).tolist() == [4]
    assert not cosmics(signal, np.full((9, 1), 121.0), 8.0).any()
    signal[:4, 0] = signal[5:, 0] = [11.0, -11.0, 11.0, -11.0]  # seen: 1.05 x 22
    assert not cosmics(signal, np.full((9, 1), 100.0), 8.0).any()


def test_scatter_is_that_of_the_noise_whatever_the_drift() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 7.0, (4000, 30)) + np.linspace(0, 3000, 4000)[:, None]
    noise[::100] += 1e5
    np.testing.assert_allclose(scatter(noise).mean(), 7.0, rtol=0.05)


def test_too_few_exposures() -> None:
    assert not cosmics(np.array([[0.0], [1e9], [0.0], [0.0]]), np.ones((4, 1)), 8.0).any()
    np.testing.assert_array_equal(scatter(np.ones((1, 3))), np.zeros(3))


@pytest.mark.parametrize("count", [30, 140, 1687, 67_500])
def test_the_tail_of_a_gaussian_is_its_sigma(count: int) -> None:
    noise = np.random.default_rng(count).normal(0, 7.0, (count, 60))
    np.testing.assert_allclose(np.median(tail(noise)), 7.0, rtol=0.1)


def test_three_hits_do_not_move_the_tail_of_a_short_series() -> None:
    noise = np.random.default_rng(1).normal(0, 7.0, (140, 1))
    variance = np.full((140, 1), 49.0)
    noise[[20, 70, 110]] += 1e4
    assert np.flatnonzero(cosmics(noise, variance, 8.0)).tolist() == [20, 70, 110]


def test_a_pixel_on_the_flank_of_a_moving_star_is_not_struck() -> None:
    rng = np.random.default_rng(2)
    moved = rng.normal(0, 1, (67_500, 20))
    flank = 1e4 * np.exp(0.5 * moved) + rng.normal(0, 100, moved.shape)  # a skewed, heavy tail
    off = np.abs(flank - np.median(flank, axis=0))
    assert (off > 8 * scatter(flank)).sum() > 500
    assert (off > 8 * HEAVY * tail(flank)).sum() <= 2


def test_ranks_of_short_series() -> None:
    assert [tail_rank(n)[1] for n in (0, 1, 2, 3, 8, 40)] == [0, 0, 0, 1, 3, 6]
