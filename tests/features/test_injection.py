"""Injection and recovery on light curves made by the simulator's own parts, not by the fit's."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import Depths
from spectramind.contracts.measurement import combine
from spectramind.contracts.star_row import StarRow
from spectramind.features.visit_fit import estimate
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.simulation.response_drift import draw_drift, no_drift

Array = NDArray[np.float64]
HOURS, SAMPLES, PERIOD_D, A, TEFF_K = 7.5, 280, 3.5, 9.0, 5600.0
AIRS = slice(1, None)
DETECTOR = compose().sim.detector
# One sample at the full photon budget, as the simulator's stars have it: FGS1, an AIRS bin.
NOISE = np.concatenate([[1.0e-4], np.full(N_BINS - 1, 1.2e-3)])
DEPTH = 0.014 + 1.5e-4 * np.sin(np.arange(N_BINS) / 25)


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def row(impact: float, a: float = A) -> StarRow:
    """A line of the star table."""
    return StarRow(PERIOD_D, a, float(np.degrees(np.arccos(impact / a))), TEFF_K)


def visit(
    seed: int,
    *,
    depth: Array = DEPTH,
    t0: float = 3.75,
    impact: float = 0.3,
    drift: float = 1.0,
    quiet: float = 1.0,
) -> tuple[Array, Array]:
    """Times and flux; drift in units of what one real visit showed, noise of ``NOISE``."""
    rng = np.random.default_rng(seed)
    time_h = (np.arange(SAMPLES) + 0.5) * HOURS / SAMPLES
    inclination = row(impact).inclination_deg
    separation = projected_separation(time_h, t0, PERIOD_D, A, inclination)
    limb = quadratic_coefficients(TEFF_K, bin_wavelengths())
    transit = transit_flux(separation, np.sqrt(depth), limb)
    response = (
        draw_drift(rng, DETECTOR.model_copy(update={"drift_factor": drift}))
        if drift
        else no_drift()
    )
    light = transit * response.factor(time_h, HOURS, slice(0, N_BINS))
    return time_h, 3e4 * light.T * (1 + quiet * NOISE * rng.standard_normal((SAMPLES, N_BINS)))


def pull(depth: Array, covariance: Array, truth: Array = DEPTH) -> float:
    """Error of the AIRS mean in units of its sigma."""
    weight = np.concatenate([[0.0], np.full(N_BINS - 1, 1 / (N_BINS - 1))])
    return float(weight @ (depth - truth) / np.sqrt(weight @ covariance @ weight))


def airs_pull(found: Depths, truth: Array = DEPTH) -> float:
    return pull(found.fit.depth, found.fit.covariance, truth)


@pytest.mark.parametrize("level", [0.001, 0.01, 0.06])
def test_depth(config: FitConfig, level: float) -> None:
    found = estimate(*visit(1, depth=DEPTH - 0.014 + level), row(0.3), config)
    assert found.info["reason"] == ""
    assert abs(airs_pull(found, DEPTH - 0.014 + level)) < 4
    assert np.mean(found.fit.depth[AIRS]) == pytest.approx(level, rel=0.03)


@pytest.mark.parametrize("t0", [2.2, 3.75, 5.3])
def test_mid_time(config: FitConfig, t0: float) -> None:
    found = estimate(*visit(2, t0=t0), row(0.3), config)
    assert found.info["reason"] == ""
    assert found.info["parameters"]["t0"] == pytest.approx(t0, abs=30 / 3600)
    assert abs(airs_pull(found)) < 4


@pytest.mark.parametrize("impact", [0.1, 0.5, 0.75])
def test_impact_parameter_and_orbit_from_a_wrong_table(config: FitConfig, impact: float) -> None:
    """The table is a sigma and a half off in both; quiet light curves know better."""
    listed = row(abs(impact - 0.3), A * 1.15)
    found = estimate(*visit(3, impact=impact, quiet=0.1), listed, config)
    values = found.info["parameters"]
    # Of a nearly central transit only b^2 is seen.
    assert values["b"] ** 2 == pytest.approx(impact**2, abs=0.06)
    assert np.exp(values["log_a"]) == pytest.approx(A, rel=0.04)
    assert abs(airs_pull(found)) < 4


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_strong_drift(config: FitConfig, seed: int) -> None:
    """Four times what the real visit showed: thousands of ppm across a light curve."""
    found = estimate(*visit(seed, drift=4.0), row(0.3), config)
    assert found.info["reason"] == ""
    assert abs(airs_pull(found)) < 4
    fgs1 = (found.fit.depth[0] - DEPTH[0]) / np.sqrt(found.fit.covariance[0, 0])
    assert abs(fgs1) < 4
    shape = (found.fit.depth - DEPTH)[AIRS]
    shape = shape - shape.mean()
    assert np.sqrt(np.mean(shape**2 / found.fit.variance[AIRS])) == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("first", "last"), [(3.75, HOURS), (0.0, 3.75), (0.0, 4.2), (3.2, HOURS)])
def test_incomplete_transits_are_doubted_and_their_sigma_holds(
    config: FitConfig, first: float, last: float
) -> None:
    time_h, flux = visit(7)
    seen = (time_h >= first) & (time_h <= last)
    whole = estimate(time_h, flux, row(0.3), config)
    found = estimate(time_h[seen], flux[seen], row(0.3), config)
    assert "incomplete" in found.info["reason"]
    assert abs(airs_pull(found)) < 5
    weight = np.full(N_BINS, 1 / N_BINS)
    assert weight @ found.fit.covariance @ weight > 2 * (weight @ whole.fit.covariance @ weight)


def test_a_gap_in_the_middle_of_the_transit_is_no_harm(config: FitConfig) -> None:
    time_h, flux = visit(8)
    seen = np.abs(time_h - 3.75) > 0.5
    found = estimate(time_h[seen], flux[seen], row(0.3), config)
    assert abs(airs_pull(found)) < 4


def test_two_visits_are_better_than_one(config: FitConfig) -> None:
    """Other times, other drift, the same planet: the combination is honest, and tighter."""
    both = [
        estimate(*visit(seed, t0=t0), row(0.3), config).fit for seed, t0 in ((9, 3.2), (10, 4.4))
    ]
    together = combine(both)
    depth, covariance = together.depth, together.covariance
    assert abs(pull(depth, covariance)) < 4
    for one in both:
        tighter = np.diag(covariance) / np.diag(one.covariance)
        assert tighter.max() < 0.75
    z = ((depth - DEPTH)[AIRS] - (depth - DEPTH)[AIRS].mean()) / np.sqrt(np.diag(covariance)[AIRS])
    assert np.std(z) == pytest.approx(1, abs=0.2)


def test_a_grazing_transit_is_doubted_or_right(config: FitConfig) -> None:
    found = estimate(*visit(11, impact=0.97), row(0.97), config)
    assert abs(airs_pull(found)) < 5
    assert found.info["reason"] != ""
