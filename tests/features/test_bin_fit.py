"""Slopes of the shapes, the shared solution, and both against dense algebra."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.features.bin_fit import fit_bins
from spectramind.features.normal_equations import Light
from spectramind.features.population import OFFSETS, Population, expected
from spectramind.features.shapes import GEOMETRY, ShapeModel
from spectramind.features.shared import GeometryPrior, SharedColumns, Variances, solve_shared
from spectramind.features.transit_model import BIN_PARAMETERS, PARAMETERS, white_limb
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients

Array = NDArray[np.float64]
TIME_H = np.linspace(0.05, 7.45, 120)
STAR = StarRow(4.0, 10.0, float(np.degrees(np.arccos(0.03))), 5800.0)
LIMB = quadratic_coefficients(5800.0, bin_wavelengths())
WHITE = white_limb(LIMB, np.ones(N_BINS))
VALUES = np.array([3.7, np.log(10.0), 0.3, 0.12, 0.121, *WHITE.ravel()])  # of white light
OF_BINS = np.append(VALUES, np.zeros(4))


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def narrow(config: FitConfig, width: float = 1e-4) -> Population:
    """Nothing strays from what is expected."""
    return straying(config, np.full(len(OFFSETS), width))


def straying(config: FitConfig, width: Array) -> Population:
    """Offsets around zero."""
    return replace(expected(config), covariance=np.diag(width**2))


def test_slopes_are_those_of_the_transit() -> None:
    model = ShapeModel(TIME_H, STAR, LIMB, WHITE, 0.02)
    shapes = model.at(OF_BINS)
    assert shapes.transit.shape == shapes.depth.shape == (len(TIME_H), N_BINS)
    for column, index in enumerate(GEOMETRY):
        step = 1e-3 * (np.arange(len(BIN_PARAMETERS)) == index)
        central = (model.at(OF_BINS + step).transit - model.at(OF_BINS - step).transit) / 2e-3
        scale = np.abs(central).max()
        np.testing.assert_allclose(shapes.geometry[:, :, column], central, atol=0.05 * scale)
    limb_fgs1 = shapes.geometry[:, :, [GEOMETRY.index(PARAMETERS.index("u1_fgs1"))]]
    assert np.abs(limb_fgs1[:, FGS1_BIN]).max() > 1e-4
    assert np.abs(limb_fgs1[:, FGS1_BIN + 1 :]).max() == 0


def test_shared_solution_is_the_dense_one_when_drift_keeps_no_course(config: FitConfig) -> None:
    """With every drift coefficient on its own the posterior is that of one linear problem."""
    rng = np.random.default_rng(3)
    sets, order = config.drift_wavelength_order + 2, config.drift_order
    columns = SharedColumns.of(config, np.arange(40.0))
    drift, red = columns.drift, len(columns.function) - columns.drift
    design = rng.normal(size=(400, drift + red + len(GEOMETRY))) * 1e4
    normal, right = design.T @ design, design.T @ rng.normal(size=400)
    root = rng.normal(size=(len(GEOMETRY), len(GEOMETRY)))
    prior = GeometryPrior(rng.normal(size=len(GEOMETRY)), root @ root.T)
    at = rng.normal(size=len(GEOMETRY))
    own = np.full(order * sets, 1e-7)
    ramp = np.full(sets, 1e-8)
    known = Variances(
        np.concatenate([np.ones(order), np.full(sets, 1e-26), own, ramp]), np.full(red, 1e-9), ()
    )
    found = solve_shared(normal, right, at, prior, known, config, columns, ())
    precision = np.diag(1 / np.concatenate([own, ramp, known.red, np.ones(len(GEOMETRY))]))
    precision[drift + red :, drift + red :] = prior.precision
    pull = np.append(np.zeros(drift + red), prior.precision @ (prior.centre - at))
    dense = np.linalg.inv(normal + precision)
    np.testing.assert_allclose(found.mean, dense @ (right + pull), rtol=1e-3, atol=1e-8)
    np.testing.assert_allclose(found.root @ found.root.T, dense, rtol=1e-3, atol=1e-12)
    np.testing.assert_array_equal(found.geometry, found.mean[drift + red :])
    assert found.variances is known


def simulated(rng: np.random.Generator, values: Array, depth: Array, noise: float) -> Array:
    model = ShapeModel(TIME_H, STAR, LIMB, WHITE, 0.02)
    shapes = model.at(values)
    white = np.where(np.arange(N_BINS) == FGS1_BIN, values[3], values[4]) ** 2
    flux = shapes.transit + shapes.depth * (depth - white)
    return np.asarray(flux + noise * rng.standard_normal(flux.shape))


def test_a_wrong_start_is_left_behind(config: FitConfig) -> None:
    """The geometry moves to where the bins want it, and the offsets say so."""
    rng = np.random.default_rng(1)
    depth = 0.0146 + 1e-4 * np.sin(np.arange(N_BINS) / 30)
    light = Light(TIME_H, simulated(rng, OF_BINS, depth, 2e-4), np.zeros((len(TIME_H), 0)))
    start = VALUES + np.array([0.01, 0.03, 0.05, 0.002, 0.002, 0.02, 0.02, 0.02, 0.02])
    wide = straying(config, np.array([0.1, 0.2, *[0.05] * 8]))
    found = fit_bins(light, STAR, LIMB, start, wide, config)
    assert found.settled
    z = (found.measured.depth - depth) / np.sqrt(found.measured.total_variance)
    assert np.sqrt(np.mean(z**2)) < 1.5
    mean, covariance = found.seen.mean, found.seen.covariance
    assert found.values[0] == pytest.approx(3.7, abs=1e-3)
    assert np.all(np.abs(mean) < 4 * np.sqrt(np.diag(covariance)))


def test_knowing_the_geometry_sharpens_the_level(config: FitConfig) -> None:
    rng = np.random.default_rng(2)
    depth = np.full(N_BINS, 0.0146)
    light = Light(TIME_H, simulated(rng, OF_BINS, depth, 2e-4), np.zeros((len(TIME_H), 0)))
    wide = straying(config, np.array([0.1, 0.2, *[0.1] * 8]))
    known = fit_bins(light, STAR, LIMB, VALUES, narrow(config), config).measured
    unknown = fit_bins(light, STAR, LIMB, VALUES, wide, config).measured
    weight = np.append(0.0, np.full(N_BINS - 1, 1 / (N_BINS - 1)))
    level = [weight @ fit.covariance @ weight for fit in (known, unknown)]
    assert level[0] < 0.5 * level[1]
    np.testing.assert_allclose(known.variance, unknown.variance, rtol=0.05)


def starlight() -> Array:
    """A spectrum whose slope over the columns changes as a star's does, (283,) of level 1 or so."""
    column = np.arange(N_BINS)
    return np.asarray(np.exp(-0.006 * column + 0.5 * np.sin(column / 12)))


def wandering(rng: np.random.Generator) -> Array:
    """AIRS's own motion, memory of two hours, 0.012 px, (T,)."""
    memory = np.exp(-np.abs(TIME_H[:, None] - TIME_H) / 2.0) + 1e-9 * np.eye(len(TIME_H))
    return 0.012 * np.linalg.cholesky(memory) @ rng.standard_normal(len(TIME_H))


def level_error(found: Measurement, depth: Array) -> tuple[float, float]:
    """Error of the AIRS level, and its stated sigma."""
    weight = np.zeros(N_BINS)
    weight[FGS1_BIN + 1 :] = 1 / (N_BINS - 1)
    return float(weight @ (found.depth - depth)), float(np.sqrt(weight @ found.covariance @ weight))


def moving(rng: np.random.Generator, depth: Array, motion: Array, noise: float) -> Light:
    """Light curves of an AIRS that moves along the dispersion."""
    slope = np.gradient(np.log(starlight()))
    slope[FGS1_BIN] = 0
    flux = simulated(rng, OF_BINS, depth, noise) * (1 + motion[:, None] * slope)
    return Light(TIME_H, flux * starlight(), np.zeros((len(TIME_H), 0)))


def test_motion_of_airs_alone_costs_little_and_is_stated(config: FitConfig) -> None:
    """Without it the slope of the spectrum makes levels of motion: the errors must be far below."""
    depth, errors, blind = np.full(N_BINS, 0.0146), [], []
    still = config.model_copy(update={"motion_px": (1e-9,), "red_ppm": (1e-4,)})
    for seed in range(6):
        rng = np.random.default_rng(seed)
        light = moving(rng, depth, wandering(rng), 3e-4)
        errors.append(level_error(measured(light, config), depth))
        blind.append(level_error(measured(light, still), depth))
    error, stated = np.array(errors).T
    z_blind = np.array([e / s for e, s in blind])
    assert np.sqrt(np.mean((error / stated) ** 2)) < 2
    assert np.sqrt(np.mean(z_blind**2)) > 2 * np.sqrt(np.mean((error / stated) ** 2))


def test_a_spectrum_like_the_stars_slope_is_not_erased(config: FitConfig) -> None:
    """A planet whose spectrum looks like motion, before a telescope that does not move."""
    slope = np.gradient(np.log(starlight()))
    slope[FGS1_BIN] = 0
    depth = 0.0146 + 0.004 * slope
    found = measured(moving(np.random.default_rng(1), depth, np.zeros(len(TIME_H)), 2e-4), config)
    share = slope @ (found.depth - found.depth.mean()) / (slope @ (depth - depth.mean()))
    assert share == pytest.approx(1, abs=0.15)


def test_noise_with_memory_is_stated_where_there_is_some(config: FitConfig) -> None:
    """The level's sigma grows with noise that all of AIRS shares, and hardly without."""
    depth, rng = np.full(N_BINS, 0.0146), np.random.default_rng(4)
    memory = np.exp(-np.abs(TIME_H[:, None] - TIME_H) / 1.0) + 1e-9 * np.eye(len(TIME_H))
    red = 1.5e-4 * np.linalg.cholesky(memory) @ rng.standard_normal(len(TIME_H))
    quiet = simulated(rng, OF_BINS, depth, 3e-4)
    loud = quiet.copy()
    loud[:, FGS1_BIN + 1 :] *= 1 + red[:, None]
    white = config.model_copy(update={"motion_px": (1e-9,), "red_ppm": (1e-4,)})
    none = np.zeros((len(TIME_H), 0))
    before, expected, after = (
        level_error(measured(Light(TIME_H, flux, none), settings), depth)
        for flux, settings in ((quiet, white), (quiet, config), (loud, config))
    )
    assert expected[1] < 1.3 * before[1]
    assert after[1] > 1.5 * expected[1]
    assert abs(after[0]) < 3 * after[1]


def measured(light: Light, config: FitConfig) -> Measurement:
    return fit_bins(light, STAR, LIMB, VALUES, narrow(config, 0.01), config).measured


def test_few_samples_are_enough(config: FitConfig) -> None:
    """No more functions of time are fitted to a bin than its samples allow."""
    rng = np.random.default_rng(7)
    depth = np.full(N_BINS, 0.0146)
    few = slice(None, None, 5)
    flux = simulated(rng, OF_BINS, depth, 2e-4)[few]
    light = Light(TIME_H[few], flux, rng.normal(size=(len(flux), 6)))
    found = fit_bins(light, STAR, LIMB, VALUES, narrow(config, 0.01), config)
    assert found.settled
    error, stated = level_error(found.measured, depth)
    assert abs(error) < 4 * stated < 4e-3
    assert np.median(found.measured.variance) < (1e-3) ** 2
