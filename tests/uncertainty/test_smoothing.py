import numpy as np
import pytest

from spectramind.instrument.grid import bin_wavelengths
from spectramind.uncertainty.smoothing import bin_smoother

WIDTHS = pytest.mark.parametrize("width", [1e-3, 0.05, 2.0])


@WIDTHS
def test_rows_sum_to_one_and_nothing_is_negative(width):
    smoother = bin_smoother(width)
    assert smoother.shape == (283, 283)
    np.testing.assert_allclose(smoother.sum(axis=1), 1.0, atol=1e-12)
    assert (smoother >= 0).all()


@WIDTHS
def test_fgs1_neither_gives_nor_takes(width):
    smoother = bin_smoother(width)
    assert smoother[0, 0] == 1.0
    assert not smoother[0, 1:].any()
    assert not smoother[1:, 0].any()


def test_weights_fall_as_a_gaussian_in_wavelength_by_hand():
    wavelength = bin_wavelengths()
    smoother = bin_smoother(0.05)
    step = wavelength[110] - wavelength[100]
    expected = np.exp(-(step**2) / (2 * 0.05**2))
    assert smoother[100, 110] / smoother[100, 100] == pytest.approx(expected)


def test_a_very_narrow_kernel_leaves_each_bin_to_itself():
    np.testing.assert_allclose(bin_smoother(1e-4), np.eye(283), atol=1e-9)


def test_a_wider_kernel_averages_more_noise_away():
    noise = np.random.default_rng(0).normal(size=(283, 200))
    scatter = [(bin_smoother(width) @ noise)[1:].std() for width in (1e-4, 0.02, 0.05, 0.2)]
    assert scatter == sorted(scatter, reverse=True)
    assert scatter[2] < 0.3 * scatter[0]


def test_a_smooth_spectrum_stays_as_it_is():
    smooth = np.exp(0.3 * np.sin(np.arange(283) / 60))
    inner = slice(25, 258)  # a kernel that is cut off at the edge leans inwards
    np.testing.assert_allclose((bin_smoother(0.05) @ smooth)[inner], smooth[inner], rtol=0.02)
