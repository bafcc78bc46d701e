"""The drift's functions and the scales a visit tells."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.errors import ConfigError
from spectramind.features.drift import (
    SLOPE,
    drift_basis,
    learn_covariance,
    learn_widths,
    legendre,
    widest,
)

TIME_H = np.linspace(0.0, 7.5, 150)


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def test_polynomials_come_first_and_the_ramp_last(config: FitConfig) -> None:
    basis = drift_basis(TIME_H, config)
    assert basis.shape == (150, config.drift_order + 1) == (150, len(widest(config)))
    np.testing.assert_array_equal(basis[:, :-1], legendre(TIME_H, config.drift_order)[:, 1:])
    assert basis[0, -1] == 1.0
    assert np.interp(config.ramp_h, TIME_H, basis[:, -1]) == pytest.approx(np.exp(-1), rel=0.01)


@pytest.mark.parametrize("drift_ppm", [60.0, 1200.0])
@pytest.mark.parametrize("ramp_ppm", [20.0, 800.0])
def test_widths_follow_the_drift(config: FitConfig, drift_ppm: float, ramp_ppm: float) -> None:
    rng = np.random.default_rng(2)
    noise, sets = 20e-6, 6
    basis = drift_basis(TIME_H, config)
    scale = 1e-6 * np.array([*[drift_ppm] * config.drift_order, ramp_ppm])
    coefficients = scale[:, None] * rng.standard_normal((len(scale), sets))
    seen = basis @ coefficients + noise * rng.standard_normal((150, sets))
    normal = np.kron(basis.T @ basis, np.eye(sets)) / noise**2
    width = learn_widths(normal, (basis.T @ seen).ravel() / noise**2, config)
    np.testing.assert_allclose(width[[0, -1]], scale[[0, -1]], rtol=0.5)
    np.testing.assert_array_equal(width[:-1], width[0])


def test_light_curves_that_say_nothing_leave_the_mean_of_the_range(config: FitConfig) -> None:
    size = config.drift_order + 1
    width = learn_widths(np.zeros((size, size)), np.zeros(size), config)
    grid = np.geomspace(*config.drift_ppm, 6)
    assert width[0] == pytest.approx(1e-6 * np.sqrt(np.mean(grid**2)))


def test_a_range_ascends() -> None:
    with pytest.raises(ConfigError, match="ascend"):
        compose(["fit.drift_ppm=[200,100]"])


SETS = 4  # FGS1, then AIRS's level, slope and curvature
INFORMATION = (100e-6) ** -2 * np.array([1.0, 4.0, 400.0, 400.0])  # a transit hides the first two


def drawn(
    config: FitConfig, rng: np.random.Generator, common: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """True coefficients (function by function), normal matrix and right side of one visit."""
    order = config.drift_order
    gains = rng.normal(0, 300e-6, SETS)
    course = rng.normal(0, 1, (order, 1 if common else SETS))
    truth = np.vstack([course * gains, rng.normal(0, 50e-6, (1, SETS))]).ravel()
    normal = np.diag(np.tile(INFORMATION, order + 1))
    right = normal @ truth + np.sqrt(np.diag(normal)) * rng.standard_normal(len(truth))
    return truth, normal, right


@pytest.mark.parametrize(("common", "gain"), [(True, 0.75), (False, 1.1)])
def test_a_common_course_helps_where_there_is_one(
    config: FitConfig, common: bool, gain: float
) -> None:
    """FGS1's coefficients, which its transit hides: closer if they follow AIRS's slope, honest."""
    rng = np.random.default_rng(4)
    errors, widths, free = [], [], []
    for _ in range(120):
        truth, normal, right = drawn(config, rng, common)
        prior = learn_covariance(normal, right, config)
        posterior = np.linalg.inv(normal + np.linalg.inv(prior))
        fgs1 = np.arange(config.drift_order) * SETS
        errors.append((posterior @ right - truth)[fgs1])
        widths.append(np.sqrt(np.diag(posterior))[fgs1])
        own = np.repeat(learn_widths(normal, right, config), SETS)
        free.append((np.linalg.solve(normal + np.diag(own**-2), right) - truth)[fgs1])
    rms = np.sqrt(np.mean(np.square(errors)))
    assert rms < gain * np.sqrt(np.mean(np.square(free)))
    assert np.sqrt(np.mean(np.square(np.array(errors) / widths))) == pytest.approx(1, abs=0.2)


def test_without_a_slope_there_is_no_common_course(config: FitConfig) -> None:
    rng = np.random.default_rng(5)
    count = (config.drift_order + 1) * SLOPE  # FGS1 and AIRS's level alone
    normal, right = np.diag(rng.uniform(1e7, 1e8, count)), rng.normal(0, 1e4, count)
    own = np.repeat(learn_widths(normal, right, config), SLOPE)
    np.testing.assert_allclose(learn_covariance(normal, right, config), np.diag(own**2), rtol=1e-9)
