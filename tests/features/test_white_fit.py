"""The transit fit: injection and recovery, honest covariance, doubt where doubt is due."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import IGNORANCE, Depths
from spectramind.contracts.star_row import StarRow
from spectramind.features.sampling import bin_in_time
from spectramind.features.transit_model import PARAMETERS, TransitModel
from spectramind.features.visit_fit import estimate
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.limb_darkening import quadratic_coefficients

Array = NDArray[np.float64]
SAMPLES = 140
NOISE = np.concatenate([[150e-6], np.full(N_BINS - 1, 1000e-6)])


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def light_curves(
    rng: np.random.Generator,
    depth: Array,
    *,
    t0: float = 3.7,
    impact: float = 0.3,
    drift_ppm: float = 200.0,
    log_a_sigma: float = 0.07,
    impact_sigma: float = 0.0,
    limb_sigma: float = 0.0,
    ramp_ppm: float = 0.0,
) -> tuple[Array, Array, StarRow]:
    """A visit of 7.5 h: transit, drift that depends on time and wavelength, white noise."""
    time_h = (np.arange(SAMPLES) + 0.5) * 7.5 / SAMPLES
    star = StarRow(4.0, 10.0, float(np.degrees(np.arccos(impact / 10.0))), 5800.0)
    wavelength = bin_wavelengths()
    model = TransitModel(time_h, star, 0.005)
    limb = quadratic_coefficients(5800.0, wavelength)
    limb[0] += limb_sigma * rng.standard_normal(2)
    limb[1:] += limb_sigma * rng.standard_normal(2)
    transit = model.flux(model.separation(t0, np.log(10.0), impact), np.sqrt(depth), limb).T
    x = 2 * time_h / 7.5 - 1
    modes = np.polynomial.legendre.legvander(x, 4)[:, 1:] @ rng.normal(0, drift_ppm * 1e-6, (4, 3))
    across = wavelength - 2.9
    drift = 1 + np.where(
        np.arange(N_BINS) == 0, modes[:, :1], modes[:, 1:2] + modes[:, 2:] * across
    )
    drift += 1e-6 * ramp_ppm * np.exp(-time_h / 0.25)[:, None]
    flux = 3e4 * transit * drift * (1 + NOISE * rng.standard_normal(transit.shape))
    a = 10.0 * float(np.exp(rng.normal(0, log_a_sigma)))
    listed = abs(impact + rng.normal(0, impact_sigma))
    return time_h, flux, StarRow(4.0, a, float(np.degrees(np.arccos(listed / a))), 5800.0)


def airs_error(found: Depths, depth: Array) -> tuple[float, float]:
    """Error of the AIRS mean and its stated sigma."""
    weight = np.concatenate([[0.0], np.full(N_BINS - 1, 1 / (N_BINS - 1))])
    error = float(weight @ (found.fit.depth - depth))
    return error, float(np.sqrt(weight @ found.fit.covariance @ weight))


@pytest.mark.parametrize("level", [0.004, 0.014, 0.05])
@pytest.mark.parametrize("t0", [3.1, 4.4])
@pytest.mark.parametrize("impact", [0.0, 0.6])
def test_injected_transits_come_back(
    config: FitConfig, level: float, t0: float, impact: float
) -> None:
    rng = np.random.default_rng(3)
    depth = level + 1e-4 * np.sin(np.arange(N_BINS) / 30)
    found = estimate(*light_curves(rng, depth, t0=t0, impact=impact), config)
    assert found.info["reason"] == ""
    values = found.info["parameters"]
    assert values["t0"] == pytest.approx(t0, abs=0.01)
    error, sigma = airs_error(found, depth)
    assert abs(error) < 5 * sigma
    assert sigma < 0.02 * level
    assert abs(found.fit.depth[0] - depth[0]) < 5 * np.sqrt(found.fit.covariance[0, 0])


def test_stated_covariance_is_what_errors_do(config: FitConfig) -> None:
    """Normalised errors have unit variance when the truth is drawn from the fit's own priors."""
    rng = np.random.default_rng(11)
    shape, common, weighted = [], [], []
    for _ in range(60):
        depth = np.full(N_BINS, rng.uniform(0.006, 0.03))
        visit = light_curves(
            rng,
            depth,
            t0=rng.uniform(3.2, 4.3),
            impact=rng.uniform(0, 0.7),
            drift_ppm=float(np.exp(rng.uniform(*np.log(config.drift_ppm)))),
            log_a_sigma=config.log_a_sigma,
            impact_sigma=config.impact_sigma,
            limb_sigma=config.limb_sigma,
        )
        found = estimate(*visit, config)
        error, sigma = airs_error(found, depth)
        common.append(error / sigma)
        # The level by inverse-covariance weights, as the prior weighs the bins.
        weight = np.linalg.solve(found.fit.covariance, np.ones(N_BINS))
        weighted.append(weight @ (found.fit.depth - depth) / np.sqrt(weight.sum()))
        shape.append(np.mean((found.fit.depth - depth - error)[1:] ** 2 / found.fit.variance[1:]))
    # 60 * 282 values: 1 % by chance; slopes of the drift add a few per cent.
    assert np.mean(shape) == pytest.approx(1.0, abs=0.08)
    # 60 values: the standard deviation itself is known to 9 %.
    assert 0.72 < np.std(common) < 1.3
    # A covariance that follows the measured depths would pull this mean down (Peelle's puzzle).
    assert abs(np.mean(weighted)) < 3 * np.std(weighted) / np.sqrt(len(weighted))


def test_a_ramp_after_the_begin_does_not_reach_the_depth(config: FitConfig) -> None:
    rng = np.random.default_rng(12)
    depth = np.full(N_BINS, 0.014)
    found = estimate(*light_curves(rng, depth, t0=1.9, ramp_ppm=1000), config)
    error, sigma = airs_error(found, depth)
    assert abs(error) < 3 * sigma
    assert sigma < 0.01 * 0.014


def test_a_transit_much_longer_than_the_table_has_it_is_found(config: FitConfig) -> None:
    rng = np.random.default_rng(13)
    depth = np.full(N_BINS, 0.01)
    time_h, flux, star = light_curves(rng, depth, t0=3.4, drift_ppm=400)
    listed = StarRow(6.0, 0.75 * star.a_over_rs, star.inclination_deg, star.teff_k)
    found = estimate(time_h, flux, listed, config)
    assert found.info["parameters"]["t0"] == pytest.approx(3.4, abs=0.02)


def test_no_transit_gives_ignorance_and_says_why(config: FitConfig) -> None:
    rng = np.random.default_rng(5)
    found = estimate(*light_curves(rng, np.full(N_BINS, 1e-9)), config)
    assert "no transit" in found.info["reason"]
    assert np.sqrt(found.fit.covariance[7, 7]) >= IGNORANCE


@pytest.mark.parametrize(
    ("t0", "impact", "reason"),
    [(7.5, 0.3, "incomplete"), (-0.2, 0.3, "incomplete"), (3.7, 0.95, "grazing")],
)
def test_doubtful_transits_are_named_and_their_errors_stated(
    config: FitConfig, t0: float, impact: float, reason: str
) -> None:
    """No guess is added to the covariance: it must hold by itself."""
    rng = np.random.default_rng(6)
    depth = np.full(N_BINS, 0.014)
    z, wider = [], []
    whole = airs_error(estimate(*light_curves(rng, depth), config), depth)[1]
    for _ in range(5):
        visit = light_curves(rng, depth, t0=t0, impact=impact, impact_sigma=0.1)
        found = estimate(*visit, config)
        assert reason in found.info["reason"]
        error, sigma = airs_error(found, depth)
        z.append(error / sigma)
        wider.append(sigma / whole)
    assert np.sqrt(np.mean(np.square(z))) < 1.75  # 5 values of unit variance: 99 %
    assert np.median(wider) > 1.5


def test_too_few_samples_are_reported(config: FitConfig) -> None:
    rng = np.random.default_rng(7)
    time_h, flux, star = light_curves(rng, np.full(N_BINS, 0.014))
    assert "exposures" in estimate(time_h[:10], flux[:10], star, config).info["reason"]


def test_a_dark_bin_is_unknown_and_harms_no_other(config: FitConfig) -> None:
    rng = np.random.default_rng(7)
    depth = np.full(N_BINS, 0.014)
    time_h, flux, star = light_curves(rng, depth)
    whole = estimate(time_h, flux, star, config).fit
    flux[:, 40] = 0.0
    found = estimate(time_h, flux, star, config)
    assert found.info["reason"] == ""
    assert found.fit.variance[40] == IGNORANCE**2
    others = np.arange(N_BINS) != 40
    sigma = np.sqrt(np.diag(whole.covariance))
    assert np.abs((found.fit.depth - whole.depth) / sigma)[others].max() < 0.3
    np.testing.assert_allclose(found.fit.variance[others], whole.variance[others], rtol=0.05)


@pytest.mark.parametrize("dark", [[0], list(range(100, 260))])
def test_a_dark_detector_is_not_measured(config: FitConfig, dark: list[int]) -> None:
    rng = np.random.default_rng(7)
    time_h, flux, star = light_curves(rng, np.full(N_BINS, 0.014))
    flux[:, dark] = 0.0
    assert f"no light in bins [{dark[0]}" in estimate(time_h, flux, star, config).info["reason"]


def test_missing_samples_are_left_out(config: FitConfig) -> None:
    rng = np.random.default_rng(8)
    depth = np.full(N_BINS, 0.014)
    time_h, flux, star = light_curves(rng, depth)
    flux[20:24, 0] = np.nan
    error, sigma = airs_error(estimate(time_h, flux, star, config), depth)
    assert abs(error) < 5 * sigma


def test_input_is_not_changed(config: FitConfig) -> None:
    rng = np.random.default_rng(9)
    time_h, flux, star = light_curves(rng, np.full(N_BINS, 0.014))
    before = flux.copy()
    estimate(time_h, flux, star, config)
    np.testing.assert_array_equal(flux, before)


def test_binning_in_time_averages_and_drops_what_is_less_than_half_full() -> None:
    time_h, flux = bin_in_time(np.arange(10.0), np.arange(10.0)[:, None], 4)
    np.testing.assert_array_equal(time_h, [1, 4, 7])
    np.testing.assert_array_equal(flux[:, 0], [1, 4, 7])


def test_binning_in_time_never_reaches_across_a_gap() -> None:
    clock = np.delete(np.arange(40.0), slice(9, 21))
    time_h, values = bin_in_time(clock, clock[:, None] % 2, 10)
    assert np.abs(time_h[:, None] - clock).min(axis=1).max() <= 0.5
    assert not np.any((time_h > 8.5) & (time_h < 20.5))
    assert ((values >= 0.3) & (values <= 0.7)).all()


def test_parameters_are_named_once() -> None:
    assert len(PARAMETERS) == len(set(PARAMETERS)) == 9


def test_bins_without_a_solution_are_a_doubt_and_no_crash(
    config: FitConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equations that turn out singular must not stop the other visits."""

    def singular(*_: object) -> Array:
        raise np.linalg.LinAlgError

    monkeypatch.setattr("spectramind.features.bin_fit.solve_shared", singular)
    curves = light_curves(np.random.default_rng(1), np.full(N_BINS, 0.01))
    found = estimate(*curves, config)
    assert "no depths" in found.info["reason"]
    assert np.sqrt(found.fit.total_variance.min()) >= IGNORANCE
