"""Detectors whose transits disagree, on drawn white light curves with drift and red noise."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.star_row import StarRow
from spectramind.features.clock_check import ClockDoubt, doubt_clocks
from spectramind.features.transit_model import TransitModel
from spectramind.features.white_fit import WhiteFit

Array = NDArray[np.float64]
FIT = compose([]).fit
T0 = 3.7
TIME = np.arange(0.0, 7.5, 0.025)
STAR = StarRow(
    teff_k=5500.0, period_d=3.0, a_over_rs=9.0, inclination_deg=88.0, eccentricity=0.0,
    omega_deg=None,
)  # fmt: skip
VALUES = np.array([T0, np.log(9.0), 0.3, 0.12, 0.12, 0.3, 0.2, 0.2, 0.1])
NOISE = np.array([1.2e-4, 0.6e-4])


def light(late_h: float, rng: np.random.Generator, red: float = 0.0) -> Array:
    """White light curves (T, 2): the transit, AIRS's late, drift, and red noise of 1.5 h memory."""
    model = TransitModel(TIME, STAR, FIT.substep_h)
    limb = VALUES[5:].reshape(2, 2)
    both = [
        model.flux(model.separation(T0 + late, *VALUES[1:3]), VALUES[3:5], limb)[band]
        for band, late in enumerate((0.0, late_h))
    ]
    drift = 1 + 4e-4 * np.sin(TIME / 3)[:, None] * [1.0, 0.7]
    memory = np.exp(-np.abs(TIME[:, None] - TIME) / 1.5)
    slow = np.linalg.cholesky(memory + 1e-9 * np.eye(len(TIME))) @ rng.standard_normal(
        (len(TIME), 2)
    )
    return np.stack(both, axis=1) * drift + NOISE * rng.standard_normal((len(TIME), 2)) + red * slow


def fitted(shift_h: float = 0.0, detection: float = 100.0) -> WhiteFit:
    """A white-light fit that took this mid-time."""
    values = VALUES.copy()
    values[0] += shift_h
    nothing = np.zeros((len(TIME), 2))
    kept = np.ones(len(TIME), bool)
    return WhiteFit(values, kept, NOISE, nothing, nothing, detection, "", nothing)


def doubt(flux: Array, white: WhiteFit) -> ClockDoubt | None:
    return doubt_clocks(TIME, flux, np.zeros((len(TIME), 0)), STAR, white, FIT)


@pytest.mark.parametrize(("late_min", "said"), [(60, "60.0 min before"), (-60, "60.0 min after")])
def test_an_hour_is_told_and_leaves_nothing_of_the_depth(late_min: float, said: str) -> None:
    rng = np.random.default_rng(1)
    found = doubt(light(late_min / 60, rng), fitted(late_min / 60))
    assert found is not None
    assert abs(float(found.reason.split("transit ")[1].split(" min")[0]) - 60) < 1
    assert said.split()[-1] in found.reason
    assert found.error[0] > 1  # FGS1's depth is worth nothing
    assert (found.error[1:] < 0.02).all()


def test_three_minutes_are_told_and_the_error_covers() -> None:
    """FGS1 read at AIRS's mid-time is some per cent off: the error says so, AIRS's does not."""
    found = doubt(light(0.05, np.random.default_rng(2)), fitted(0.05))
    assert found is not None
    assert "before AIRS" in found.reason
    assert 0.01 < found.error[0] < 0.2
    assert (found.error[1:] < 0.2 * found.error[0]).all()


def test_one_clock_raises_no_doubt_even_in_red_noise() -> None:
    rng = np.random.default_rng(3)
    found = [doubt(light(0.0, rng, red), fitted()) for red in [0.0] * 20 + [3e-4] * 40]
    assert sum(one is not None for one in found) <= 1


def test_less_than_a_minute_is_nobody_s_concern() -> None:
    assert doubt(light(0.01, np.random.default_rng(4)), fitted()) is None


def test_a_dip_of_another_depth_is_no_clock() -> None:
    """FGS1 sees nothing at all: that is no matter of its clock."""
    flux = light(0.0, np.random.default_rng(5))
    flux[:, 0] = 1 + NOISE[0] * np.random.default_rng(6).standard_normal(len(TIME))
    assert doubt(flux, fitted()) is None


def test_without_a_transit_nothing_is_said() -> None:
    flux = light(1.0, np.random.default_rng(7))
    assert doubt(flux, fitted(1.0, detection=3.0)) is None


def test_outliers_that_the_fit_dropped_do_not_count() -> None:
    flux = light(0.0, np.random.default_rng(8))
    flux[40:46, 0] += 0.05
    kept = np.ones(len(TIME), bool)
    kept[40:46] = False
    assert doubt(flux, replace(fitted(), kept=kept)) is None
