"""Slopes of depths over samples: those of the fit itself, sample by sample."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import block_diag

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.star_row import StarRow
from spectramind.features.bin_fit import Linearised
from spectramind.features.normal_equations import Elimination
from spectramind.features.population import COLOUR, expected
from spectramind.features.sample_influence import (
    PHASES,
    depth_slopes,
    phases,
    sample_influence,
)
from spectramind.features.shapes import GEOMETRY
from spectramind.features.shared import GeometryPrior, SharedColumns, solve_shared
from spectramind.features.transit_model import TransitModel, white_limb
from spectramind.features.visit_fit import SolvedVisit, fit_visit
from spectramind.features.white_fit import geometry_prior
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients

Array = NDArray[np.float64]
TIME_H = np.linspace(0.05, 7.45, 100)
STAR = StarRow(4.0, 10.0, float(np.degrees(np.arccos(0.03))), 5800.0)
LIMB = quadratic_coefficients(5800.0, bin_wavelengths())


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose(["fit.fine_terms=20", "fit.red_terms=5"]).fit


@pytest.fixture(scope="module")
def visit(config: FitConfig) -> SolvedVisit:
    """A planet of 14,400 ppm, drift and noise."""
    rng = np.random.default_rng(5)
    model = TransitModel(TIME_H, STAR, 0.02)
    separation = model.separation(3.7, np.log(10.0), 0.3)
    few = model.flux(separation, np.array([0.12, 0.12]), white_limb(LIMB, np.ones(N_BINS)))
    flux = np.concatenate([few[:1], np.repeat(few[1:], N_BINS - 1, axis=0)]).T
    flux = flux * (1 + 3e-4 * (TIME_H[:, None] - 3.7) / 3.7)
    noise = np.where(np.arange(N_BINS) == FGS1_BIN, 1e-4, 1e-3)
    flux = 1e6 * flux * (1 + noise * rng.standard_normal(flux.shape))
    pointing = rng.standard_normal((len(TIME_H), 2))
    _, solved = fit_visit(TIME_H, flux, STAR, config, pointing)
    assert solved is not None
    return solved


def again(
    visit: SolvedVisit, config: FitConfig, flux: Array, monkeypatch: pytest.MonkeyPatch
) -> Array:
    """Depths of other light curves by the last round itself, its noise and variances held."""
    last, light = visit.bins.last, replace(visit.light, flux=flux)
    limb = white_limb(LIMB, np.median(visit.light.flux, axis=0))
    population = expected(config)
    centre, covariance = geometry_prior(visit.star, limb, population)
    prior = GeometryPrior(np.append(0.0, centre), block_diag(0.0, np.linalg.inv(covariance)))
    columns = SharedColumns.of(config, light.time_h)
    elimination = Elimination(light, columns, config)
    monkeypatch.setattr(elimination, "_noise", lambda *_: last.system.noise)
    system = elimination.at(last.shapes, last.motion)
    at = np.append(visit.bins.values, centre[COLOUR])[: len(visit.bins.values)][list(GEOMETRY)]
    shared = solve_shared(
        system.normal,
        system.right,
        at,
        prior,
        last.shared.variances,
        config,
        columns,
        population.shares,
    )
    return system.measure(shared, visit.bins.values).depth


@pytest.mark.parametrize("sample", [5, 30, 50, 90])
@pytest.mark.parametrize("detector", ["fgs1", "airs"])
def test_slopes_are_those_of_the_fit(
    visit: SolvedVisit,
    config: FitConfig,
    sample: int,
    detector: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sample brightened in one detector moves both detectors' depths as the slopes say."""
    last, flux = visit.bins.last, visit.light.flux
    bins = slice(FGS1_BIN, 1) if detector == "fgs1" else AIRS_BINS
    step = np.zeros_like(flux)
    step[sample, bins] = 1e-6 * np.median(flux[:, bins], axis=0)
    more, less = (again(visit, config, flux + s * step, monkeypatch) for s in (1, -1))
    moved = (more - less) / 2e-6
    for weights in np.stack([np.eye(N_BINS)[FGS1_BIN], np.append(0, np.full(282, 1 / 282))]):
        slopes = depth_slopes(last, weights)
        told = float(slopes[sample, bins].sum())
        scale = float(np.abs(slopes[:, bins].sum(axis=1)).max())
        assert weights @ moved == pytest.approx(told, abs=0.03 * scale)


def test_a_brighter_star_has_no_deeper_transit(visit: SolvedVisit) -> None:
    """A factor common to all samples of a detector leaves its depth, and the other's, alone."""
    last: Linearised = visit.bins.last
    level = (visit.light.flux * last.shapes.transit).sum(axis=0)
    relative = visit.light.flux / level * (last.shapes.transit**2).sum(axis=0)
    for weights in np.stack([np.eye(N_BINS)[FGS1_BIN], np.append(0, np.full(282, 1 / 282))]):
        change = depth_slopes(last, weights) * relative
        assert abs(change.sum()) < 0.02 * np.abs(change).sum()


def test_samples_in_transit_deepen_and_those_beside_fill(visit: SolvedVisit) -> None:
    where = np.array(PHASES)[phases(visit)]
    assert list(dict.fromkeys(where)) == list(PHASES)
    # Contacts of this orbit: b = 0.3, k = 0.12, a/R* = 10, P = 96 h.
    half = np.arcsin(np.sqrt(1.12**2 - 0.3**2) / 10) / (2 * np.pi) * 96
    np.testing.assert_array_equal(
        np.abs(visit.light.time_h - 3.7) < half, ~np.isin(where, ["before", "after"])
    )
    found = sample_influence(visit.bins.last)
    for one in found.values():
        assert one.own[where == "in transit"].sum() < 0
        assert one.own[np.isin(where, ["before", "after"])].sum() > 0
        assert one.noise.sum() == pytest.approx(1)
    inside = found["fgs1"].own[where == "in transit"].sum()
    assert inside == pytest.approx(-1, abs=0.4)
