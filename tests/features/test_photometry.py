"""FGS1 photometry."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from spectramind.config.features import PhotometryConfig
from spectramind.features.photometry import annulus, aperture, find_star, jitter, measure

ROW, COLUMN = np.indices((32, 32))


def spot(row: float, column: float, flux: float = 2e5, width: float = 1.5) -> NDArray[np.float64]:
    distance = (ROW - row) ** 2 + (COLUMN - column) ** 2
    return flux / (2 * np.pi * width**2) * np.exp(-0.5 * distance / width**2)


def cube(images: list[NDArray[np.float64]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    frames = np.stack(images).astype(np.float32)
    return frames, np.full_like(frames, 300.0)


def test_flux_and_centroid_are_recovered(photometry: PhotometryConfig) -> None:
    positions = [(15.4, 15.3), (15.5, 15.2), (15.3, 15.4)]
    star = measure(*cube([spot(*p) + 7.0 for p in positions]), photometry)
    np.testing.assert_allclose(star.flux, 2e5, rtol=1e-4)
    np.testing.assert_allclose(star.centroid, positions, atol=0.002)
    assert [a.dtype for a in (star.flux, star.variance, star.centroid)] == [np.float32] * 3


def test_foreground_does_not_dilute_a_transit(photometry: PhotometryConfig) -> None:
    wings = spot(15.4, 15.4, 4e4, width=6.0)  # starlight in the annulus, too
    images = [light * (spot(15.4, 15.4) + wings) + 25.0 for light in (1.0, 0.98)]
    star = measure(*cube(images), photometry)
    assert star.flux[1] / star.flux[0] == pytest.approx(0.98, abs=2e-6)


def test_variance_is_the_scatter(photometry: PhotometryConfig) -> None:
    rng = np.random.default_rng(0)
    frames, variance = cube([spot(15.4, 15.4)] * 4000)
    noisy = frames + rng.normal(0, np.sqrt(variance)).astype(np.float32)
    star = measure(noisy, variance, photometry)
    assert star.flux.var() == pytest.approx(star.variance.mean(), rel=0.08)


def test_a_starless_exposure_keeps_the_mean_centroid(photometry: PhotometryConfig) -> None:
    star = measure(*cube([spot(15.4, 15.4), np.zeros((32, 32))]), photometry)
    assert star.flux[1] == 0.0
    np.testing.assert_allclose(star.centroid[1], [15.4, 15.4], atol=0.01)
    dark = measure(*cube([np.zeros((32, 32))] * 2), photometry)
    assert np.isfinite(dark.centroid).all()


def test_weights_by_hand() -> None:
    disc = aperture((9, 9), (4.0, 4.0), 2.0)
    assert disc[4].tolist() == [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]
    assert annulus((32, 32), (15.4, 15.4), (11.0, 15.0)).sum() == pytest.approx(1.0)


def test_the_star_is_found_off_centre() -> None:
    assert find_star(spot(9.3, 20.6) + 5.0, 8.0) == pytest.approx((9.3, 20.6), abs=0.01)


def test_jitter_drops_drift_and_keeps_shake() -> None:
    shake = np.random.default_rng(1).normal(0, 0.1, 600)
    drift = np.linspace(0, 3, 600)
    track = np.stack([drift + shake, shake], axis=1).astype(np.float32)
    left = jitter(track, 31)
    assert left[:, 0].std() == pytest.approx(0.1, rel=0.1)
    assert abs(np.polyfit(np.arange(600), left[:, 0], 1)[0] * 600) < 0.05
    assert jitter(track[:1], 31).tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("aperture_px", "annulus_px"), [(12, (11, 15)), (8, (15, 11)), (8, (11, 17))]
)
def test_radii_must_nest(aperture_px: float, annulus_px: tuple[float, float]) -> None:
    with pytest.raises(ValidationError, match="aperture_px <="):
        PhotometryConfig(
            method="aperture", aperture_px=aperture_px, annulus_px=annulus_px, jitter_window_min=1.0
        )
