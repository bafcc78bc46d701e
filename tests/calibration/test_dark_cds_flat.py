"""Dark, CDS and flat, by hand."""

import numpy as np

from spectramind.calibration.steps.cds import difference, variance_terms
from spectramind.calibration.steps.dark_current import subtract, usable_dark
from spectramind.calibration.steps.flat_field import divide, error_variance, usable_flat


def test_dark_uses_the_charge_time() -> None:
    np.testing.assert_allclose(
        subtract(np.array([[10.0, 10.0]]), np.array([2.0, 0.0]), 4.6), [[0.8, 10.0]]
    )


def test_unknown_dark_subtracts_nothing() -> None:
    np.testing.assert_array_equal(usable_dark(np.array([np.nan, 1.0, -np.inf])), [0.0, 1.0, 0.0])


def test_cds_keeps_negatives() -> None:
    np.testing.assert_array_equal(difference(np.array([5.0]), np.array([3.0])), [-2.0])


def test_variance_terms() -> None:
    one = np.array([1.0, 1.0])
    terms = variance_terms(np.array([100.0, -7.0]), one, 2 * one, np.array([3.0, 3.0]), 0.5)
    np.testing.assert_allclose(terms.photon, [100.0, 0.0])  # floored in the variance only
    np.testing.assert_allclose(terms.read, [45.0, 45.0])  # (1 + 4) 3^2
    np.testing.assert_allclose(terms.reference, [2.5, 2.5])
    np.testing.assert_allclose(terms.total, [147.5, 47.5])


def test_flat_divides_signal_and_variance() -> None:
    signal, variance = divide(np.array([[10.0]]), np.array([[16.0]]), np.array([2.0]))
    assert signal == 5.0
    assert variance == 4.0


def test_unusable_flat_changes_nothing() -> None:
    flat = usable_flat(np.array([0.0, -1.0, np.nan, np.inf, 0.9]))
    np.testing.assert_array_equal(flat, [1.0, 1.0, 1.0, 1.0, 0.9])


def test_the_flats_error_is_a_share_of_the_value() -> None:
    np.testing.assert_allclose(error_variance(np.array([-500.0, 1e4]), 0.01), [25.0, 1e4])
