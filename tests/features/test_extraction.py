"""AIRS extraction."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.features.extraction import amplitude_weights, extract_spectra
from spectramind.instrument.detectors import AIRS

ROWS = np.arange(AIRS.height)[:, None]


def trace(scale: float = 1.0) -> NDArray[np.float64]:
    """Core and wings that reach every row; flux falls with the column."""
    core = np.exp(-0.5 * ((ROWS - 15.5) / 1.0) ** 2) + 0.02 / (1 + ((ROWS - 15.5) / 3) ** 2)
    return scale * core * np.linspace(2e4, 2e3, AIRS.width)


def cube(images: list[NDArray[np.float64]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    frames = np.stack(images).astype(np.float32)
    return frames, np.maximum(frames, 0) + np.float32(338.0)


def test_weights_pick_the_amplitude_and_ignore_a_constant() -> None:
    profile = trace()[:, :3]
    weights = amplitude_weights(profile, profile + 338.0)
    np.testing.assert_allclose((weights * profile).sum(axis=0), 1.0)
    np.testing.assert_allclose(weights.sum(axis=0), 0.0, atol=1e-12)


def test_weights_by_hand() -> None:
    """Two rows, equal variance: the amplitude is the difference over the profile's difference."""
    weights = amplitude_weights(np.array([[3.0], [1.0]]), np.ones((2, 1)))
    np.testing.assert_allclose(weights, [[0.5], [-0.5]])


def test_a_column_without_contrast_gets_no_weight() -> None:
    assert not amplitude_weights(np.full((4, 2), 5.0), np.ones((4, 2))).any()


def test_foreground_does_not_dilute_a_transit() -> None:
    lights = [1.0, 1.0, 0.97]
    spectra = extract_spectra(*cube([trace(light) + 40.0 for light in lights]))
    np.testing.assert_allclose(spectra.flux[2] / spectra.flux[0], 0.97, atol=2e-6)


def test_bins_ascend_while_columns_descend() -> None:
    spectra = extract_spectra(*cube([trace()] * 2))
    assert spectra.flux.shape == (2, 282)
    assert (np.diff(spectra.flux[0]) > 0).all()  # column 320, the faintest here, is bin 1
    np.testing.assert_allclose(spectra.flux[0], trace()[:, 39:321].sum(axis=0)[::-1], rtol=1e-5)


def test_variance_is_the_scatter() -> None:
    rng = np.random.default_rng(2)
    frames, variance = cube([trace()] * 600)
    noisy = frames + rng.normal(0, np.sqrt(variance)).astype(np.float32)
    spectra = extract_spectra(noisy, variance)
    ratio = spectra.flux.var(axis=0) / spectra.variance.mean(axis=0)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.03)


def test_beats_a_plain_sum_in_faint_columns() -> None:
    frames, variance = cube([trace(0.05)] * 2)
    spectra = extract_spectra(frames, variance)
    plain = variance[0, :, 39:321].sum(axis=0)[::-1]
    assert (spectra.variance[0] < plain).mean() > 0.9
