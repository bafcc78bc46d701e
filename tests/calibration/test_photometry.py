"""FGS1 photometry."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from spectramind.calibration.photometry import (
    Fgs1Series,
    annulus,
    aperture,
    fgs1_forms,
    fgs1_series,
    find_star,
)
from spectramind.config.calib import PhotometryConfig

Array = NDArray[np.float64]
ROW, COLUMN = np.indices((32, 32))
NOTHING = np.zeros((32, 32), dtype=bool)


@pytest.fixture(scope="module")
def photometry() -> PhotometryConfig:
    return PhotometryConfig(aperture_px=10.0, annulus_px=(13.0, 16.0))


def spot(row: float, column: float, flux: float = 2e5, width: float = 1.5) -> Array:
    distance = (ROW - row) ** 2 + (COLUMN - column) ** 2
    return flux / (2 * np.pi * width**2) * np.exp(-0.5 * distance / width**2)


def measured(
    images: list[Array] | Array, config: PhotometryConfig, bad: NDArray[np.bool_] = NOTHING
) -> Fgs1Series:
    """Photometry of exposures with photon and 300 e^2 of read noise."""
    frames = np.stack(list(images))
    image = frames.mean(axis=0)
    forms = fgs1_forms(image, np.maximum(image, 0) + 300.0, np.ones((32, 32)), bad, config)
    return fgs1_series(forms.weights @ np.where(bad, 0.0, frames).reshape(len(frames), -1).T, forms)


def test_flux_and_centroid_are_recovered(photometry: PhotometryConfig) -> None:
    positions = np.array([(15.4, 15.3), (15.5, 15.2), (15.3, 15.4)])
    star = measured([spot(*p) + 7.0 for p in positions], photometry)
    np.testing.assert_allclose(star.flux, 2e5, rtol=2e-3)
    np.testing.assert_allclose(star.aperture_flux, 2e5, rtol=1e-4)
    moved = star.centroid - star.centroid.mean(axis=0)
    np.testing.assert_allclose(moved, positions - positions.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(star.centroid.mean(axis=0), positions.mean(axis=0), atol=0.01)


def test_the_width_is_recovered(photometry: PhotometryConfig) -> None:
    spread = np.array([0.05, -0.05, 0.0])
    widths = np.sqrt(1.5**2 + spread)
    star = measured([spot(15.4, 15.4, width=w) for w in widths], photometry)
    np.testing.assert_allclose(star.width, spread, rtol=0.3, atol=1e-3)
    np.testing.assert_allclose(star.centroid, 15.4, atol=1e-3)


def test_a_transit_moves_nothing_and_foreground_does_not_dilute_it(
    photometry: PhotometryConfig,
) -> None:
    wings = spot(15.4, 15.4, 4e4, width=6.0)  # starlight in the annulus, too
    images = [light * (spot(15.4, 15.4) + wings) + 25.0 for light in (1.0, 1.0, 0.98)]
    star = measured(images, photometry)
    for flux in (star.flux, star.aperture_flux):
        np.testing.assert_allclose(flux[2] / flux[0], 0.98, rtol=1e-12)
    np.testing.assert_allclose(star.motion, 0.0, atol=1e-9)


def test_variance_is_the_scatter(photometry: PhotometryConfig) -> None:
    rng = np.random.default_rng(0)
    frames = np.repeat(spot(15.4, 15.4)[None], 6000, axis=0)
    star = measured(frames + rng.normal(0, np.sqrt(frames + 300.0)), photometry)
    assert star.flux.var() == pytest.approx(star.variance.mean(), rel=0.06)
    assert star.aperture_flux.var() == pytest.approx(star.aperture_variance.mean(), rel=0.06)
    assert star.variance.mean() < star.aperture_variance.mean()


def test_variance_follows_the_light(photometry: PhotometryConfig) -> None:
    frames = np.stack([spot(15.4, 15.4, flux) for flux in (2e5, 1.8e5)])
    image, flat = frames.mean(axis=0), 1 + 0.05 * np.sin(ROW)
    forms = fgs1_forms(image, image / flat + 300.0, flat, NOTHING, photometry)
    star = fgs1_series(forms.weights @ frames.reshape(2, -1).T, forms)
    weights = forms.weights[0].reshape(32, 32)
    expected = ((frames / flat + 300.0) * weights**2).sum(axis=(1, 2))
    np.testing.assert_allclose(star.variance, expected)


def test_dead_pixels_leave_the_amplitude_exact(photometry: PhotometryConfig) -> None:
    bad = NOTHING.copy()
    bad[15, 15] = bad[14, 17] = bad[3, 3] = True
    images = [np.where(bad, 1e6 / light, spot(15.4, 15.4) * light) for light in (1.0, 0.98)]
    star = measured(images, photometry, bad)
    for flux in (star.flux, star.aperture_flux):
        np.testing.assert_allclose(flux[1] / flux[0], 0.98, rtol=1e-12)
    np.testing.assert_allclose(star.motion, 0.0, atol=1e-9)


def test_hostile_frames_give_no_nan_and_no_warning(photometry: PhotometryConfig) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dark = measured([np.zeros((32, 32))] * 2, photometry)
        dead = measured([spot(15.4, 15.4)] * 2, photometry, ~NOTHING)
        alone = measured([spot(15.4, 15.4)], photometry)
        starless = measured([spot(15.4, 15.4)] * 3 + [np.zeros((32, 32))], photometry)
    for star in (dark, dead, alone, starless):
        assert np.isfinite(star.motion).all()
        assert np.isfinite(star.centroid).all()
        assert np.isfinite(star.flux).all()
    assert not dead.flux.any()
    assert np.isinf(dead.variance).all()
    assert np.isinf(dead.aperture_variance).all()
    assert starless.flux[3] == 0.0
    np.testing.assert_allclose(starless.centroid[3], [15.4, 15.4], atol=0.01)


def test_weights_by_hand() -> None:
    disc = aperture((9, 9), (4.0, 4.0), 2.0)
    assert disc[4].tolist() == [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]
    assert annulus((32, 32), (15.4, 15.4), (11.0, 15.0)).sum() == pytest.approx(1.0)


def test_the_star_is_found_off_centre() -> None:
    assert find_star(spot(9.3, 20.6) + 5.0, 8.0) == pytest.approx((9.3, 20.6), abs=0.01)


@pytest.mark.parametrize(
    ("aperture_px", "annulus_px"), [(12, (11, 15)), (8, (15, 11)), (8, (11, 17))]
)
def test_radii_must_nest(aperture_px: float, annulus_px: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="aperture_px <="):
        PhotometryConfig(aperture_px=aperture_px, annulus_px=annulus_px)
