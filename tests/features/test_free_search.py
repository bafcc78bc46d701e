"""Transits found without the star table, where its orbit is wrong."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import IGNORANCE
from spectramind.contracts.star_row import StarRow
from spectramind.features.free_search import free_orbit, search_duration
from spectramind.features.star_rows import STAND_IN, duration_h
from spectramind.features.visit_fit import estimate
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux

Array = NDArray[np.float64]
HOURS, SAMPLES, DEPTH = 7.5, 250, 0.0144
STAR = StarRow(3.0, 7.4, 87.8, 5200.0)


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def visit(star: StarRow = STAR, depth: float = DEPTH, drift: float = 5e-4) -> tuple[Array, Array]:
    """Times and flux of a visit with the drift and noise of real ones."""
    rng = np.random.default_rng(3)
    time_h = (np.arange(SAMPLES) + 0.5) * HOURS / SAMPLES
    orbit = (star.period_d, star.a_over_rs, star.inclination_deg, *star.computed)
    limb = quadratic_coefficients(star.teff_k, bin_wavelengths())
    ratio = np.full(N_BINS, np.sqrt(depth))
    transit = transit_flux(projected_separation(time_h, 3.4, *orbit), ratio, limb).T
    noise = np.append(1e-4, np.full(N_BINS - 1, 1.2e-3))
    course = 1 + drift * np.sin(time_h / 2)[:, None]
    return time_h, 3e4 * transit * course * (1 + noise * rng.standard_normal((SAMPLES, N_BINS)))


WRONG = {
    "P in hours": replace(STAR, period_d=72.0),
    "P in seconds": replace(STAR, period_d=3 * 86400.0),
    "sma of 1.35": replace(STAR, a_over_rs=1.35),
    "sma threefold": replace(STAR, a_over_rs=22.2),
    "at fault": replace(STAND_IN, teff_k=STAR.teff_k, orbit_fault="the star table's P is -2"),
}


@pytest.mark.parametrize("listed", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_orbit_is_doubted_by_name_and_the_depth_is_right(
    config: FitConfig, listed: StarRow
) -> None:
    found = estimate(*visit(), listed, config)
    assert "the star table's" in found.info["reason"]
    sigma = np.sqrt(found.fit.total_variance)
    error = found.fit.depth - DEPTH
    assert abs(error[0]) < 2 * sigma[0]
    assert abs(error[1:].mean()) < 2 * sigma[1:].mean()
    # Wide beside a trusted fit's (40 ppm in FGS1), useful beside knowing nothing.
    assert 0.01 * DEPTH < sigma[0] < 0.2 * IGNORANCE


def test_a_good_orbit_is_not_doubted(config: FitConfig) -> None:
    found = estimate(*visit(), STAR, config)
    assert found.info["reason"] == ""
    assert np.sqrt(found.fit.total_variance[0]) < 0.01 * DEPTH


@pytest.mark.parametrize("listed", [STAR, WRONG["P in hours"], WRONG["at fault"]])
def test_no_transit_is_found_where_there_is_none(config: FitConfig, listed: StarRow) -> None:
    found = estimate(*visit(depth=1e-9, drift=3e-3), listed, config)
    assert not found.measured
    assert "no transit found" in found.info["reason"]


def test_an_unknown_temperature_is_doubted(config: FitConfig) -> None:
    listed = replace(STAR, teff_k=STAND_IN.teff_k, limb_fault="Ts is 0", limb_open=True)
    found = estimate(*visit(), listed, config)
    assert found.info["reason"] == "Ts is 0"
    assert abs(found.fit.depth[0] - DEPTH) < 2 * np.sqrt(found.fit.total_variance[0])


@pytest.mark.parametrize("omega", [60.0, 270.0])
def test_an_eccentric_orbit_is_fitted_as_such(config: FitConfig, omega: float) -> None:
    star = replace(STAR, eccentricity=0.4, omega_deg=omega, inclination_deg=89.0)
    found = estimate(*visit(star), star, config)
    assert found.info["reason"] == ""
    assert found.info["parameters"]["log_a"] == pytest.approx(np.log(STAR.a_over_rs), abs=0.05)
    unknown = estimate(*visit(star), replace(star, omega_deg=None), config)
    for fit in (found.fit, unknown.fit):
        assert abs(fit.depth[0] - DEPTH) < 4 * np.sqrt(fit.total_variance[0])


@pytest.mark.parametrize("duration", [0.8, 2.0, 4.5])
def test_the_duration_of_a_dip(duration: float) -> None:
    time_h = (np.arange(SAMPLES) + 0.5) * HOURS / SAMPLES
    rng = np.random.default_rng(1)
    dip = np.clip(0.5 - (np.abs(time_h - 3.1) - duration / 2) / 0.2, 0, 1)
    flux = 1 - 0.01 * dip[:, None] + 1e-4 * rng.standard_normal((SAMPLES, 2))
    basis = np.column_stack([np.ones(SAMPLES), time_h, np.zeros(SAMPLES)])
    assert search_duration(time_h, flux, basis) == pytest.approx(duration, rel=0.2)
    assert search_duration(time_h, 2 - flux, basis) != pytest.approx(duration, rel=0.2)


def test_the_orbit_that_takes_the_tables_place_lasts_as_long() -> None:
    for period in (0.1, 3.0, 72.0, 1e6):
        orbit = free_orbit(replace(STAR, period_d=period), 2.5)
        assert duration_h(orbit, radius_ratio=0.0) == pytest.approx(2.5, rel=0.01)
        assert 2 < orbit.a_over_rs < 50
