"""The drift's functions and the scales a visit tells."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.errors import ConfigError
from spectramind.features.drift import drift_basis, learn_widths, legendre, widest

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
