"""Settings of the light curves."""

import pytest

from spectramind.config.curves import FeaturesConfig


@pytest.fixture
def config() -> FeaturesConfig:
    return FeaturesConfig(photometry="aperture", jitter_window_min=10.0)
