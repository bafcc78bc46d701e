"""Settings of the light curves."""

import pytest

from spectramind.config.features import FeaturesConfig, PhotometryConfig


@pytest.fixture
def photometry() -> PhotometryConfig:
    return PhotometryConfig(
        method="aperture", aperture_px=8.0, annulus_px=(11.0, 15.0), jitter_window_min=10.0
    )


@pytest.fixture
def config(photometry: PhotometryConfig) -> FeaturesConfig:
    return FeaturesConfig(photometry=photometry)
