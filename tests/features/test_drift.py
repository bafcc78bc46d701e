"""The drift's functions and the scales a visit tells."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.errors import ConfigError
from spectramind.features.drift import (
    drift_basis,
    even_shares_of_drifts,
    learn_drift,
    legendre,
    linear_drift,
)

Array = NDArray[np.float64]
TIME_H = np.linspace(0.0, 7.5, 150)


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def test_polynomials_come_first_and_the_ramp_last(config: FitConfig) -> None:
    basis = drift_basis(TIME_H, config)
    assert basis.shape == (150, config.drift_order + 1)
    np.testing.assert_array_equal(basis[:, :-1], legendre(TIME_H, config.drift_order)[:, 1:])
    assert basis[0, -1] == 1.0
    assert np.interp(config.ramp_h, TIME_H, basis[:, -1]) == pytest.approx(np.exp(-1), rel=0.01)


def test_a_range_ascends() -> None:
    with pytest.raises(ConfigError, match="ascend"):
        compose(["fit.drift_ppm=[200,100]"])


SETS = 4  # FGS1, then AIRS's level, slope and curvature
INFORMATION = (100e-6) ** -2 * np.array([1.0, 4.0, 400.0, 400.0])  # a transit hides the first two


def drawn(
    config: FitConfig,
    rng: np.random.Generator,
    common: bool,
    drift_ppm: float = 300.0,
    ramp_ppm: float = 50.0,
) -> tuple[Array, Array, Array]:
    """True coefficients (function by function), normal matrix and right side of one visit."""
    order = config.drift_order
    gains = rng.normal(0, 1e-6 * drift_ppm, SETS)
    power = 1 / np.arange(1, order + 1)[:, None]
    course = power * rng.normal(0, 1, (order, 1 if common else SETS))
    truth = np.vstack([course * gains, 1e-6 * rng.normal(0, ramp_ppm, (1, SETS))]).ravel()
    normal = np.diag(np.tile(INFORMATION, order + 1))
    right = normal @ truth + np.sqrt(np.diag(normal)) * rng.standard_normal(len(truth))
    return truth, normal, right


def learnt(normal: Array, right: Array, config: FitConfig) -> Array:
    """Prior variances with nothing known beforehand."""
    return learn_drift(normal, right, config, even_shares_of_drifts(config))[0]


def solved(
    normal: Array, right: Array, config: FitConfig, variance: Array | None = None
) -> tuple[Array, Array]:
    """Posterior mean and covariance of the coefficients."""
    variance = (
        learn_drift(normal, right, config, even_shares_of_drifts(config))[0]
        if variance is None
        else variance
    )
    centre, slopes = linear_drift(normal, right, variance, config)
    covariance = np.linalg.inv(slopes.T @ normal @ slopes + np.diag(1 / variance))
    mean = centre + slopes @ covariance @ slopes.T @ (right - normal @ centre)
    return mean, slopes @ covariance @ slopes.T


@pytest.mark.parametrize(("common", "gain", "z"), [(True, 0.85, 1.2), (False, 1.1, 1.6)])
def test_a_common_course_helps_where_there_is_one(
    config: FitConfig, common: bool, gain: float, z: float
) -> None:
    """FGS1's coefficients, which its transit hides: closer if all follow one course, honest.

    Where there is none, two courses now and then look like one: sigma is then too small.
    """
    rng = np.random.default_rng(4)
    errors, widths, free = [], [], []
    alone = config.model_copy(update={"drift_shares": (1.0,)})
    fgs1 = np.arange(config.drift_order) * SETS
    for _ in range(60):
        truth, normal, right = drawn(config, rng, common)
        mean, covariance = solved(normal, right, config)
        errors.append((mean - truth)[fgs1])
        widths.append(np.sqrt(np.diag(covariance))[fgs1])
        free.append((solved(normal, right, alone)[0] - truth)[fgs1])
    rms = np.sqrt(np.mean(np.square(errors)))
    assert rms < gain * np.sqrt(np.mean(np.square(free)))
    assert 0.8 < np.sqrt(np.mean(np.square(np.array(errors) / widths))) < z


def test_without_a_common_course_the_answer_is_that_of_least_squares(config: FitConfig) -> None:
    """With every coefficient on its own the problem is linear: ridge regression, exactly."""
    rng = np.random.default_rng(6)
    _, normal, right = drawn(config, rng, common=False)
    order = config.drift_order
    own = np.repeat(1 / np.arange(1.0, order + 1) ** 2, SETS) * (300e-6) ** 2
    ramp = np.full(SETS, (50e-6) ** 2)
    course, strength = 1 / np.arange(1.0, order + 1) ** 2, np.full(SETS, 1e-24)
    variance = np.concatenate([course, strength, own, ramp])
    prior = np.concatenate([own, ramp])
    mean, covariance = solved(normal, right, config, variance)
    ridge = np.linalg.inv(normal + np.diag(1 / prior))
    np.testing.assert_allclose(mean, ridge @ right, rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(np.diag(covariance), np.diag(ridge), rtol=1e-3)


def test_the_scales_follow_the_drift(config: FitConfig) -> None:
    """One visit tells a scale within a factor of a few; what matters is that it tells."""

    def scales(drift_ppm: float, ramp_ppm: float) -> Array:
        rng = np.random.default_rng(2)
        found = []
        for _ in range(10):
            _, normal, right = drawn(config, rng, True, drift_ppm, ramp_ppm)
            variance = learnt(100 * normal, 100 * right, config)
            found.append(np.sqrt(variance[[config.drift_order, -1]]))
        return np.median(found, axis=0)

    weak, strong = scales(60.0, 10.0), scales(1200.0, 800.0)
    assert np.all(strong > 4 * weak)
    np.testing.assert_allclose(strong, [1200e-6, 800e-6], rtol=0.5)


def test_light_curves_that_say_nothing_leave_the_whole_range(config: FitConfig) -> None:
    size = 3 * (config.drift_order + 1)
    variance = learnt(np.zeros((size, size)), np.zeros(size), config)
    assert 1e-6 * config.drift_ppm[0] < np.sqrt(variance[config.drift_order])
    assert np.sqrt(variance[config.drift_order]) < 1e-6 * config.drift_ppm[1]
    assert np.sqrt(variance[-1]) > 3e-6 * config.ramp_ppm[0]
