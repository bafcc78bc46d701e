"""The planets: against the published statistics of table and labels, and the table itself."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import stats

from spectramind.config.compose import compose
from spectramind.config.sim_planets import PopulationConfig
from spectramind.instrument.detectors import AIRS
from spectramind.physics.orbit import transit_duration_h
from spectramind.simulation.clock import make_clock
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_mid_time_h, draw_planet
from spectramind.simulation.system import System, draw_system
from spectramind.simulation.transit_light import transit_light

REAL_TABLE = (
    Path(__file__).parents[3] / "shared" / "real" / "adc2025_excerpt" / "train_star_info.csv"
)
COLUMNS = ["Rs", "Ms", "Ts", "Mp", "P", "sma", "i"]
POPULATION = compose().sim.population


def planets_of(config: PopulationConfig, count: int) -> list[SimulatedPlanet]:
    return [
        draw_planet(np.random.default_rng([3, n]), np.random.default_rng([5, n]), config)
        for n in range(count)
    ]


def changed(*overrides: str) -> PopulationConfig:
    return compose([f"sim.population.{text}" for text in overrides]).sim.population


def airs_scatter(planets: list[SimulatedPlanet]) -> NDArray[np.float64]:
    return np.array([planet.spectrum[1:].std() for planet in planets])


@pytest.fixture(scope="module")
def planets() -> list[SimulatedPlanet]:
    return planets_of(POPULATION, 400)


@pytest.fixture(scope="module")
def systems() -> list[System]:
    return [draw_system(np.random.default_rng([4, n]), POPULATION) for n in range(2000)]


def test_spectra_have_the_depths_scatter_and_steps_of_the_labels(
    planets: list[SimulatedPlanet],
) -> None:
    spectra = np.array([p.spectrum for p in planets])
    assert spectra.mean() == pytest.approx(0.0147, rel=0.1)
    assert spectra.mean(1).std() == pytest.approx(0.0107, rel=0.15)
    assert spectra.min() > 0.0036
    assert spectra.max() < 0.08
    scatter = 1e6 * np.quantile(airs_scatter(planets), [0.1, 0.9, 1])
    assert 2 < scatter[0] < 9
    assert 140 < scatter[1] < 200
    assert scatter[2] < 400
    # Five real spectra: +484, -497, -18, +14, +123 ppm.
    step = 1e6 * (spectra[:, 0] - spectra[:, 1:].mean(1))
    assert 100 < np.sqrt(np.mean(step**2)) < 350
    assert np.quantile(step, 0.1) < -100
    assert np.quantile(step, 0.9) > 100
    assert np.abs(step).max() < 1500


def test_transits_last_as_long_as_real_ones(systems: list[System]) -> None:
    hours = []
    for s in systems:
        ratio = s.radius * 0.10276 / s.star.radius
        hours.append(
            transit_duration_h(s.orbit.period_d, s.orbit.a_over_rs, s.orbit.inclination_deg, ratio)
        )
    assert np.median(hours) == pytest.approx(3.9, rel=0.05)
    assert 1.8 <= min(hours) < 2.2
    assert 6.3 < max(hours) <= 6.9


@pytest.mark.skipif(not REAL_TABLE.is_file(), reason="needs the real star table in ../shared/real")
def test_star_table_looks_like_the_real_one(systems: list[System]) -> None:
    real = pd.read_csv(REAL_TABLE)[COLUMNS]
    ours = pd.DataFrame([s.listed for s in systems])
    assert (ours["e"] == 0).all()
    distance = {name: stats.ks_2samp(ours[name], real[name]).statistic for name in COLUMNS}
    assert max(distance.values()) < 0.085, distance
    difference = ours[COLUMNS].corr("spearman") - real.corr("spearman")
    assert difference.abs().to_numpy().max() < 0.1
    assert ours["Mp"].median() == pytest.approx(0.94, rel=0.1)
    for name in COLUMNS:
        span = real[name].max() - real[name].min()
        assert ours[name].min() > real[name].min() - 0.05 * span, name
        assert ours[name].max() < real[name].max() + 0.1 * span, name


@pytest.mark.skipif(not REAL_TABLE.is_file(), reason="needs the real star table in ../shared/real")
def test_keplers_law_closes_as_badly_as_in_the_real_table(systems: list[System]) -> None:
    def gap(table: pd.DataFrame) -> pd.Series:
        kepler = 4.2083 * table["P"] ** (2 / 3) * table["Ms"] ** (1 / 3) / table["Rs"]
        return np.log(table["sma"] / kepler)

    ours = gap(pd.DataFrame([s.listed for s in systems]))
    assert ours.std() == pytest.approx(gap(pd.read_csv(REAL_TABLE)).std(), rel=0.1)


def test_listed_orbit_scatters_around_the_true_one(systems: list[System]) -> None:
    sma = np.log([s.listed["sma"] / s.orbit.a_over_rs for s in systems])
    period = np.log([s.listed["P"] / s.orbit.period_d for s in systems])
    for error in (sma, period):
        assert error.std() == pytest.approx(0.053, rel=0.1)
        assert abs(error.mean()) < 0.005
        assert 0.15 < np.abs(error).max() < 0.5
    assert abs(np.corrcoef(sma, period)[0, 1]) < 0.1
    exact = draw_system(np.random.default_rng(1), changed("table_scatter=0"))
    assert exact.listed["sma"] == exact.orbit.a_over_rs
    assert exact.listed["P"] == exact.orbit.period_d


def test_orbit_obeys_keplers_third_law(planets: list[SimulatedPlanet]) -> None:
    planet = planets[0]
    # The Earth: 215.03 solar radii at 365.256 d around the Sun.
    year = planet.orbit.period_d / 365.256
    a_rsun = 215.03 * (year**2 * planet.star.mass) ** (1 / 3)
    assert planet.orbit.a_over_rs == pytest.approx(a_rsun / planet.star.radius, rel=1e-3)


@pytest.mark.parametrize("shift", [-1200, 1500])
def test_other_stars_are_cooler_and_smaller_or_hotter_and_larger(shift: int) -> None:
    config = changed(f"teff_shift_k={shift}")
    stars = [draw_system(np.random.default_rng([4, n]), config).star for n in range(200)]
    usual = [draw_system(np.random.default_rng([4, n]), POPULATION).star for n in range(200)]
    teff, radius, mass = (
        np.median([getattr(s, name) for s in stars]) - np.median([getattr(s, name) for s in usual])
        for name in ("teff_K", "radius", "mass")
    )
    assert teff == pytest.approx(shift, rel=0.2)
    assert np.sign(radius) == np.sign(mass) == np.sign(shift)
    assert min(s.mass for s in stars) > 0.1


def test_middle_of_the_transit_lies_where_asked() -> None:
    rng = np.random.default_rng(0)
    hours = [draw_mid_time_h(rng, POPULATION, 7.5) for _ in range(500)]
    assert 3.0 <= min(hours) < 3.05
    assert 4.45 < max(hours) <= 4.5
    edge = changed("mid_time=[0.0,0.02]")
    assert max(draw_mid_time_h(rng, edge, 7.5) for _ in range(100)) <= 0.15


def test_chemistry_and_clouds_do_what_their_ranges_say(planets: list[SimulatedPlanet]) -> None:
    cloudy = planets_of(changed("chemistry.cloud_log10_pa=[0.0,0.5]"), 60)
    assert np.median(airs_scatter(cloudy)) < 0.5 * np.median(airs_scatter(planets))
    hazy = planets_of(changed("chemistry.haze_log10=[4,5]"), 60)
    step = [np.median([p.spectrum[0] - p.spectrum[1:].mean() for p in x]) for x in (hazy, planets)]
    assert step[0] > step[1] + 50e-6
    flat, steep = (
        planets_of(changed("chemistry.haze_log10=[4,4]", f"chemistry.haze_slope=[{k},{k}]"), 40)
        for k in (-1, -6)
    )
    assert np.median([p.spectrum[1:].mean() for p in flat]) > np.median(
        [p.spectrum[1:].mean() for p in steep]
    )
    hot, cold = (
        planets_of(changed(f"chemistry.temperature_factor=[{k},{k}]"), 60) for k in (1.3, 0.6)
    )
    assert np.median(airs_scatter(hot)) > np.median(airs_scatter(cold))
    wet, rich = (
        planets_of(changed(f"chemistry.log10_abundance.{gas}=[-2,-1.9]"), 60)
        for gas in ("h2o", "nh3")
    )
    assert not np.allclose(wet[0].spectrum, rich[0].spectrum, rtol=0, atol=1e-7)


def test_spots_deepen_the_light_curve_and_leave_the_truth_alone() -> None:
    clean = planets_of(POPULATION, 1)[0]
    spotted = planets_of(changed("spots.fraction=[0.1,0.1]", "spots.contrast_k=[800,800]"), 1)[0]
    assert np.all(clean.spots.factor == 1)
    np.testing.assert_array_equal(clean.spectrum, spotted.spectrum)
    assert clean.listed == spotted.listed
    assert spotted.spots.temperature_K == pytest.approx(spotted.star.teff_K - 800)
    clock, bins = make_clock(AIRS, 7.5, 100), slice(0, 283)
    ours, other = (1 - transit_light(p, 3.75, clock, bins) for p in (spotted, clean))
    inside = other[0] > 1e-4
    np.testing.assert_allclose(
        ours[:, inside] / other[:, inside], np.tile(spotted.spots.factor[:, None], inside.sum())
    )


@pytest.mark.parametrize(
    "text",
    [
        "mid_time=[0.6,0.4]",
        "mid_time=[0.4,1.1]",
        "table_scatter=0.2",
        "teff_shift_k=-1300",
        "chemistry.cloud_log10_pa=[-1,3]",
        "chemistry.log10_abundance.h2o=[-3,0]",
        "spots.fraction=[0,0.6]",
        "spots.contrast_k=[-10,100]",
        "limb_darkening.fgs1_offset=[0,0.2]",
        "limb_darkening.airs_scatter=-0.01",
    ],
)
def test_senseless_values_are_refused(text: str) -> None:
    key, value = text.split("=")
    tree = POPULATION.model_dump()
    *path, last = key.split(".")
    node = tree
    for name in path:
        node = node[name]
    node[last] = [float(v) for v in value.strip("[]").split(",")] if "[" in value else float(value)
    with pytest.raises(ValidationError):
        PopulationConfig.model_validate(tree)
