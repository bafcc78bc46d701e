"""Linearisation and its slope."""

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from spectramind.calibration.steps.non_linearity import (
    linearise,
    rising_polynomials,
    usable_coefficients,
)


def test_by_hand() -> None:
    coefficients = np.array([[1.0], [2.0], [3.0], [0.0], [0.0], [0.0]])
    value, slope = linearise(np.array([[10.0], [-1.0]]), coefficients)
    np.testing.assert_allclose(value, [[321.0], [2.0]])  # 1 + 2 E + 3 E^2
    np.testing.assert_allclose(slope, [[62.0], [-4.0]])  # 2 + 6 E


def test_matches_a_polynomial_of_fifth_degree(rng: np.random.Generator) -> None:
    coefficients = rng.normal(0, 1, (6, 3))
    electrons = rng.normal(0, 2, (4, 3))
    value, slope = linearise(electrons, coefficients)
    for pixel in range(3):
        polynomial = Polynomial(coefficients[:, pixel])
        np.testing.assert_allclose(value[:, pixel], polynomial(electrons[:, pixel]))
        np.testing.assert_allclose(slope[:, pixel], polynomial.deriv()(electrons[:, pixel]))


@pytest.mark.parametrize("broken", [np.nan, np.inf, 1e300, 1e-3])
def test_a_broken_polynomial_becomes_the_identity(broken: float) -> None:
    coefficients = np.full((6, 1, 2), 1e-30)
    coefficients[1] = 1.01
    coefficients[3, 0, 1] = broken
    usable = usable_coefficients(coefficients)
    np.testing.assert_array_equal(usable[:, 0, 0], coefficients[:, 0, 0])
    value, slope = linearise(np.array([[123.0]]), usable[:, 0, 1:])
    assert value == 123.0
    assert slope == 1.0
    np.testing.assert_equal(coefficients[3, 0, 1], broken)  # the input is untouched


@pytest.mark.parametrize("slope", [0.0, -1.0, 0.2, 5.0])
def test_a_polynomial_that_does_not_rise_becomes_the_identity(slope: float) -> None:
    """Slope 0: every read is as many electrons; slope -1: light makes the pixel darker."""
    coefficients = np.zeros((6, 1, 2))
    coefficients[1] = 1.0, slope
    np.testing.assert_array_equal(rising_polynomials(coefficients), [[True, False]])
    np.testing.assert_array_equal(usable_coefficients(coefficients)[1], [[1.0, 1.0]])


def test_a_polynomial_must_rise_up_to_the_full_well() -> None:
    coefficients = np.zeros((6, 1, 2))
    coefficients[1] = 1.0
    coefficients[2] = 1e-6, -1e-5  # slopes at 1e5 e: 1.2 and -1
    np.testing.assert_array_equal(rising_polynomials(coefficients), [[True, False]])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)
