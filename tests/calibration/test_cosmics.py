"""Hits against the running median of five, by hand."""

import numpy as np

from spectramind.calibration.cosmics import cosmics, scatter


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
