"""Reference depths on light curves made here: who is biased by what, and whose sigma holds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import IGNORANCE, Depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.errors import SchemaError
from spectramind.features.reference_depths import (
    BinCurves,
    box_depths,
    least_squares_depths,
    oracle_depths,
    read_bin_curves,
)
from spectramind.features.transit_model import PARAMETERS
from spectramind.instrument.grid import N_BINS
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.run.atomic import write_npz

Array = NDArray[np.float64]
HOURS, SAMPLES = 7.5, 250
STAR = StarRow(4.0, 10.0, float(np.degrees(np.arccos(0.03))), 5800.0)
WAVELENGTH = np.concatenate([[0.7], np.linspace(1.95, 3.9, N_BINS - 1)])


@pytest.fixture(scope="module")
def config() -> FitConfig:
    return compose().fit


def injected(spots: float = 1.0, drift: float = 300e-6) -> dict[str, Array]:
    """Everything the simulator writes that the oracle reads; drift is quadratic in time."""
    return {
        "spectrum": 0.014 + 2e-4 * np.sin(np.arange(N_BINS) / 30),
        "limb_darkening": quadratic_coefficients(STAR.teff_k, WAVELENGTH),
        "spot_factor": np.full(N_BINS, spots),
        "period_d": np.array(STAR.period_d),
        "a_over_rs": np.array(STAR.a_over_rs),
        "inclination_deg": np.array(STAR.inclination_deg),
        "mid_time_h": np.array(3.6),
        "drift_legendre": np.array([0.0, 1.0, 0.5, 0.0, 0.0]),
        "drift_spectrum": np.linspace(-drift, drift, N_BINS),
    }


def curves(truth: dict[str, Array], noise: float, rng: np.random.Generator) -> BinCurves:
    time_h = (np.arange(SAMPLES) + 0.5) * HOURS / SAMPLES
    separation = projected_separation(time_h, 3.6, 4.0, 10.0, STAR.inclination_deg)
    loss = 1 - transit_flux(separation, np.sqrt(truth["spectrum"]), truth["limb_darkening"]).T
    x = 2 * time_h / HOURS - 1
    f = np.polynomial.legendre.legval(x, truth["drift_legendre"])[:, None]
    light = (1 - truth["spot_factor"] * loss) * (1 + f * truth["drift_spectrum"])
    flux = 3e4 * light * (1 + noise * rng.standard_normal(loss.shape))
    return BinCurves(time_h, flux, np.full(flux.shape, (3e4 * noise) ** 2), HOURS)


def white(truth: dict[str, Array]) -> Depths:
    """A white-light fit that found the true geometry."""
    limb = truth["limb_darkening"]
    airs = limb[1:].mean(axis=0)
    k = np.sqrt([truth["spectrum"][0], truth["spectrum"][1:].mean()])
    values = [3.6, np.log(10.0), STAR.impact, *k, *limb[0], *airs]
    info = {"parameters": dict(zip(PARAMETERS, values, strict=True)), "reason": ""}
    fit = Measurement(np.zeros(N_BINS), np.ones(N_BINS), np.zeros((N_BINS, 1)))
    return Depths(fit, np.zeros(5), np.zeros((5, 2)), np.zeros((5, 2)), info)


@pytest.mark.parametrize("spots", [1.0, 1.04])
def test_the_oracle_has_the_true_depth_and_the_true_sigma(config: FitConfig, spots: float) -> None:
    truth = injected(spots)
    found = oracle_depths(curves(truth, 5e-4, np.random.default_rng(1)), truth, config)
    # Nobody sees that spots make a planet look larger than it is.
    z = (found.depth - spots * truth["spectrum"]) / np.sqrt(found.variance)
    assert abs(z.mean()) < 4 / np.sqrt(N_BINS)
    assert z.std() == pytest.approx(1, abs=0.15)
    # Depth is in against out: two means of about 56 and 194 samples, limb darkening aside.
    expected = 5e-4 * np.sqrt(1 / 56 + 1 / 194)
    assert np.sqrt(np.median(found.variance)) == pytest.approx(expected, rel=0.15)


def test_the_oracle_knows_what_the_response_does_beyond_the_drift(config: FitConfig) -> None:
    truth = injected()
    knots = np.linspace(0, HOURS, 901)
    courses = np.stack([np.exp(-(((knots - 3.6) / 0.8) ** 2)), np.sin(3 * knots)])
    loadings = np.stack([np.linspace(2e-3, 1e-3, N_BINS), np.full(N_BINS, 5e-4)])
    seen = curves(truth, 5e-4, np.random.default_rng(7))
    added = [np.interp(seen.time_h, knots, course) for course in courses]
    drift = np.polynomial.legendre.legval(2 * seen.time_h / HOURS - 1, truth["drift_legendre"])
    before = 1 + drift[:, None] * truth["drift_spectrum"]
    seen = replace(seen, flux=seen.flux * (before + np.transpose(added) @ loadings) / before)
    told = truth | {
        "response_time_h": knots,
        "response_course": courses,
        "response_loading": loadings,
    }
    blind = oracle_depths(seen, truth, config).depth - truth["spectrum"]
    found = oracle_depths(seen, told, config)
    z = (found.depth - truth["spectrum"]) / np.sqrt(found.variance)
    assert np.abs(blind).mean() > 5e-4
    assert abs(z.mean()) < 4 / np.sqrt(N_BINS)
    assert z.std() == pytest.approx(1, abs=0.15)


def test_the_oracle_knows_an_ellipse(config: FitConfig) -> None:
    """A slow, long transit near apastron that a circle of the same axis does not describe."""
    ellipse = (4.0, 10.0, 88.5, 0.3, -60.0)
    truth = injected(drift=0.0) | {"inclination_deg": np.array(88.5)}
    told = truth | {"eccentricity": np.array(0.3), "omega_deg": np.array(-60.0)}
    time_h = (np.arange(SAMPLES) + 0.5) * HOURS / SAMPLES
    separation = projected_separation(time_h, 3.6, *ellipse)
    light = transit_flux(separation, np.sqrt(truth["spectrum"]), truth["limb_darkening"]).T
    seen = BinCurves(time_h, 3e4 * light, np.full(light.shape, 15.0**2), HOURS)
    knows, does_not = (
        oracle_depths(seen, one, config).depth - truth["spectrum"] for one in (told, truth)
    )
    assert np.abs(knows).max() < 5e-6
    assert np.abs(does_not).min() > 1e-4


def test_the_oracle_is_quieter_than_who_fits_the_drift(config: FitConfig) -> None:
    truth = injected()
    seen = curves(truth, 5e-4, np.random.default_rng(2))
    free = least_squares_depths(seen, white(truth), STAR, config)
    assert (oracle_depths(seen, truth, config).variance < free.variance).mean() > 0.99


def test_least_squares_takes_the_drift_out_and_knows_its_noise(config: FitConfig) -> None:
    truth = injected(drift=2e-3)
    found = least_squares_depths(
        curves(truth, 5e-4, np.random.default_rng(3)), white(truth), STAR, config
    )
    z = (found.depth - truth["spectrum"]) / np.sqrt(found.variance)
    assert abs(z.mean()) < 0.5
    assert z.std() == pytest.approx(1, abs=0.15)


def test_a_box_errs_by_drift_and_limb_darkening(config: FitConfig) -> None:
    rng = np.random.default_rng(4)
    truth = injected(drift=0.0)
    dark_limb = box_depths(curves(truth, 1e-7, rng), white(truth), STAR).depth
    assert (dark_limb > truth["spectrum"]).all()  # the planet crosses the bright centre
    truth["limb_darkening"] = np.zeros((N_BINS, 2))
    plain = box_depths(curves(truth, 1e-7, rng), white(truth), STAR)
    np.testing.assert_allclose(plain.depth, truth["spectrum"], atol=1e-6)


def test_bins_without_light_are_unknown(config: FitConfig) -> None:
    truth = injected()
    seen = curves(truth, 5e-4, np.random.default_rng(5))
    seen.flux[:, 7] = 0.0
    for found in (
        box_depths(seen, white(truth), STAR),
        least_squares_depths(seen, white(truth), STAR, config),
        oracle_depths(seen, truth, config),
    ):
        assert np.isfinite(found.depth).all()
        assert (found.variance == IGNORANCE**2).nonzero()[0].tolist() == [7]


def test_a_transit_outside_the_visit_leaves_ignorance(config: FitConfig) -> None:
    """All samples in transit, or none: a box has nothing to compare."""
    truth = injected()
    seen = curves(truth, 5e-4, np.random.default_rng(6))
    inside = np.abs(seen.time_h - 3.6) < 0.5
    short = BinCurves(seen.time_h[inside], seen.flux[inside], seen.variance[inside], HOURS)
    assert (box_depths(short, white(truth), STAR).variance == IGNORANCE**2).all()


def test_light_curves_lose_their_last_and_their_broken_samples(tmp_path: Path) -> None:
    flux, variance = np.ones((6, N_BINS), np.float32), np.ones((6, N_BINS), np.float32)
    flux[2, 0], variance[3, 5] = np.nan, np.inf
    write_npz(FeaturesFolder(tmp_path).airs_bins("1"), flux=flux, time=np.arange(6) + 0.5)
    with pytest.raises(SchemaError, match="variance_1"):
        read_bin_curves(FeaturesFolder(tmp_path), "1")
    write_npz(tmp_path / "variance" / "variance_1.npz", airs=variance)
    found = read_bin_curves(FeaturesFolder(tmp_path), "1")
    np.testing.assert_array_equal(found.time_h, [0.5, 1.5, 4.5])
    assert found.flux.shape == found.variance.shape == (3, N_BINS)
    assert found.hours == 6.0
