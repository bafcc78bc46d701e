"""Second differences, periods and memory over wavelength."""

import numpy as np
import pytest

from spectramind.diagnostics.spectral_roughness import (
    coarse,
    mean_autocorrelation,
    mean_spectrum,
    second_differences,
    without_smooth,
)


def test_a_bin_is_judged_by_the_line_between_its_neighbours() -> None:
    mu, sigma = np.array([[1.0, 2.0, 3.0, 7.0]]), np.array([[1.0, 2.0, 3.0, 4.0]])
    # 1 - 4 + 3 over sqrt(1 + 16 + 9); 2 - 6 + 7 over sqrt(4 + 36 + 16)
    np.testing.assert_allclose(second_differences(mu, sigma), [[0, 3 / np.sqrt(56)]])


def test_a_coarse_map_keeps_the_largest_of_either_sign() -> None:
    np.testing.assert_array_equal(coarse(np.array([[1.0, -5, 2, 3, -4]]), 2), [[5, 3, 4]])


def test_a_cubic_is_smooth_to_the_last_bin() -> None:
    x = np.linspace(-1, 1, 60)
    rows = np.stack([x**3 - 2 * x, 1 + x**2])
    np.testing.assert_allclose(without_smooth(rows, 11), 0, atol=1e-12)


def test_a_fringe_stands_at_its_period_and_white_rows_have_a_power_of_one() -> None:
    rng = np.random.default_rng(1)
    white = rng.normal(size=(500, 282))
    frequency, power = mean_spectrum(white)
    np.testing.assert_allclose(power, 1, atol=0.25)
    fringe = np.cos(2 * np.pi * np.arange(282) / 7.05)
    _, power = mean_spectrum(white + 0.3 * fringe)
    assert 1 / frequency[int(power.argmax())] == pytest.approx(7.05, rel=0.01)
    assert power.max() > 5


def test_correlation_of_a_moving_mean() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(400, 290))
    mean = values[:, :-1] + values[:, 1:]
    np.testing.assert_allclose(mean_autocorrelation(mean, 3), [0.5, 0, 0], atol=0.02)


def test_flat_rows_have_no_spectrum() -> None:
    frequency, power = mean_spectrum(np.ones((2, 20)))
    assert len(frequency) == len(power) == 9
    assert np.isnan(power).all()
    assert np.isnan(mean_autocorrelation(np.ones((2, 20)), 2)).all()
