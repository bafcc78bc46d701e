"""Settings of the light curves."""

import pytest

from spectramind.config.features import FeaturesConfig


@pytest.fixture
def config() -> FeaturesConfig:
    return FeaturesConfig(photometry="aperture", jitter_window_min=10.0)
