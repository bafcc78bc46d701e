"""What is left of a light curve beside a known transit: noise, and the slope over its motion."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.star_row import StarRow
from spectramind.features.native_residuals import native_fit
from spectramind.features.transit_model import TransitModel

CONFIG = compose().fit
STAR = StarRow(4.0, 10.0, 88.3, 5800.0)
VALUES = np.array([3.7, np.log(10.0), 0.3, 0.12, 0.121, 0.3, 0.2, 0.15, 0.1])
TIME = np.arange(0.05, 7.4, 40 / 3600)


def light(rng: np.random.Generator, motion: np.ndarray, band: int, noise: float) -> np.ndarray:
    model = TransitModel(TIME, STAR, CONFIG.substep_h)
    separation = model.separation(*VALUES[:3])
    limb = VALUES[5 + 2 * band : 7 + 2 * band]
    transit = model.flux(separation, VALUES[3 + band : 4 + band], limb[None])[0]
    drift = 1 + 8e-4 * (TIME - 4) - 2e-4 * (TIME - 4) ** 2
    return 3e5 * transit * drift * (1 + 250e-6 * motion[:, 1]) + 3e5 * noise * rng.normal(
        size=len(TIME)
    )


@pytest.mark.parametrize("band", [0, 1])
def test_noise_and_slope_are_found_whatever_the_drift(band: int) -> None:
    rng = np.random.default_rng(band)
    motion = 0.3 + rng.normal(size=(len(TIME), 3))
    motion[:, 2] = 0.7  # does not move
    flux = light(rng, motion, band, 200e-6)
    flux[50] *= 1.1
    found = native_fit(TIME, flux, motion, STAR, VALUES, band, CONFIG)
    assert len(found.time_h) == len(TIME) - 1
    assert TIME[50] not in found.time_h
    assert found.ppm.std() == pytest.approx(200, rel=0.1)
    scale = np.median(flux) / 3e5  # slopes are of the median
    assert abs(found.slopes[1] * scale - 250) < 4 * found.errors[1]
    assert abs(found.slopes[0]) < 4 * found.errors[0]
    assert found.errors[1] == pytest.approx(200 / len(TIME) ** 0.5, rel=0.15)
    assert (found.slopes[2], found.errors[2]) == (0, np.inf)
    assert found.parameters == found.slow + 2


def test_a_wrong_depth_leaves_nothing_but_a_wrong_time_does() -> None:
    rng = np.random.default_rng(5)
    motion = rng.normal(size=(len(TIME), 2))
    flux = light(rng, motion, 0, 20e-6)
    deeper, later = VALUES.copy(), VALUES.copy()
    deeper[3] *= 1.01
    later[0] += 0.02
    left = [
        native_fit(TIME, flux, motion, STAR, values, 0, CONFIG).ppm.std()
        for values in (VALUES, deeper, later)
    ]
    assert left[0] == pytest.approx(20, rel=0.1)
    assert left[1] < 25
    assert left[2] > 60
