"""A foreign sky: each switch alone, what it does to the light, and what the record says of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.dataset.tree import KaggleTree
from spectramind.instrument.detectors import AIRS
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.limb_laws import FIT_MU, LimbLaw
from spectramind.physics.orbit import projected_separation
from spectramind.physics.spots import contamination, spot_darkness
from spectramind.run.pool import Workers
from spectramind.simulation.clock import Clock, make_clock
from spectramind.simulation.foreign_sky import tree_opacity, under_foreign_sky
from spectramind.simulation.passing import CrossedSpot, Passing
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.simulate_tree import simulate
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.transit_light import transit_light
from spectramind.simulation.visit import Circumstances, describe, draw_circumstances

Array = NDArray[np.float64]
ALL = slice(0, 283)
SKY = "sim.foreign.sky."
SWITCHES = {
    "four_parameter": [f"{SKY}limb_darkening_law=four_parameter"],
    "power2": [f"{SKY}limb_darkening_law=power2"],
    "limb_factor": [f"{SKY}limb_factor=1.15"],
    "opacities": [f"{SKY}opacities=random"],
    "eccentricity": [f"{SKY}eccentricity.largest=0.4"],
    "faculae": [f"{SKY}faculae.fraction=[0.05,0.1]"],
    "crossed_spots": [f"{SKY}crossed_spots.share=1"],
    "moon": [f"{SKY}moon.share=1"],
}
ALL_ON = ["sim=foreign", f"{SKY}crossed_spots.share=1", f"{SKY}moon.share=1"]
# What each may change of the truth; the label is in none but the opacities'.
LIMB = {"limb_darkening", "limb_law", "limb_law_coefficients"}
CHANGES = {
    "four_parameter": LIMB,
    "power2": LIMB,
    "limb_factor": LIMB,
    "opacities": {"spectrum"},
    "eccentricity": {"eccentricity", "omega_deg"},
    "faculae": {"spot_factor", "faculae_fraction", "faculae_temperature_k"},
    "crossed_spots": {"spot_factor", "crossed_spot", "crossed_spot_missing"},
    "moon": {"moon"},
}


def settings(*overrides: str) -> SimulationConfig:
    return compose(["sim=full", "sim.cadence=40", *overrides]).sim


def usual_planet(index: int) -> SimulatedPlanet:
    streams = Streams(1, index, 0)
    sources = streams(Source.POPULATION), streams(Source.LIMB_DARKENING)
    return draw_planet(*sources, settings().population)


@pytest.fixture(scope="module")
def planets() -> list[SimulatedPlanet]:
    return [usual_planet(index) for index in range(12)]


def seen(planet: SimulatedPlanet, config: SimulationConfig, index: int = 0) -> Circumstances:
    foreign = under_foreign_sky(planet, config.foreign.sky, Streams(1, index, 0))
    return draw_circumstances(foreign, config, Streams(1, index, 0))


def light(of: Circumstances, clock: Clock | None = None) -> Array:
    clock = clock or make_clock(AIRS, 7.5, 40)
    return transit_light(of.planet, of.mid_time_h, clock, ALL, of.passing)


def test_with_all_off_nothing_is_foreign(planets: list[SimulatedPlanet]) -> None:
    config = settings()
    assert under_foreign_sky(planets[0], config.foreign.sky, Streams(1, 0, 0)) is planets[0]
    assert seen(planets[0], config).passing == Passing()
    for name in ("lite", "smoke", "shifted", "hostile"):
        assert compose([f"sim={name}"]).sim.foreign.sky == config.foreign.sky


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_works_alone_and_is_told(name: str, planets: list[SimulatedPlanet]) -> None:
    usual, foreign = (seen(planets[2], s) for s in (settings(), settings(*SWITCHES[name])))
    before, after = describe(usual), describe(foreign)
    assert before.keys() == after.keys()
    different = {key for key in before if not np.array_equal(before[key], after[key])}
    assert different <= CHANGES[name]
    assert different
    changed = np.abs(light(foreign) - light(usual)).max()
    assert 2e-5 < changed < 0.02
    np.testing.assert_array_equal(
        light(foreign), light(seen(planets[2], settings(*SWITCHES[name])))
    )


@pytest.mark.parametrize("law", ["four_parameter", "power2"])
def test_stars_with_a_law_are_near_real_ones(law: str, planets: list[SimulatedPlanet]) -> None:
    """The nearest quadratic law still has the medians (0.42, 0.15) and (0.12, 0.10), roughly."""
    config = settings(f"{SKY}limb_darkening_law={law}")
    found = [seen(planet, config).planet.limb_darkening for planet in planets]
    half = np.array([[0.5], [0.25]])  # light lost at mu = 1/2, which both coefficients share
    lost = np.median([(u[[0, 140]] @ half)[:, 0] for u in found], axis=0)
    wanted = [0.5 * 0.42 + 0.25 * 0.15, 0.5 * 0.12 + 0.25 * 0.10]
    np.testing.assert_allclose(lost, wanted, atol=0.05)
    stronger = settings(f"{SKY}limb_darkening_law={law}", f"{SKY}limb_factor=1.15")
    one, more = (seen(planets[0], c).planet.brightness for c in (config, stronger))
    np.testing.assert_allclose(
        1 - more.intensity(FIT_MU), 1.15 * (1 - one.intensity(FIT_MU)), atol=1e-12
    )


def test_random_opacities_are_a_trees_own_and_of_real_size(planets: list[SimulatedPlanet]) -> None:
    config = settings(f"{SKY}opacities=random").foreign.sky
    scatters, steps, shapes = [], [], []
    for seed in range(4):
        found = [under_foreign_sky(p, config, Streams(seed, n, 0)) for n, p in enumerate(planets)]
        spectra = np.stack([planet.spectrum for planet in found])
        scatters.append(1e6 * spectra[:, 1:].std(axis=1))
        steps.append(1e6 * (spectra[:, 0] - spectra[:, 1:].mean(axis=1)))
        shapes.append(spectra[2, 1:] - spectra[2, 1:].mean())
        assert 0.003 < spectra.min() < spectra.max() < 0.09
    assert 20 < np.median(scatters) < 170
    assert np.quantile(scatters, 0.9) < 350
    assert 40 < np.median(np.abs(steps)) < 500
    assert np.abs(np.corrcoef(shapes) - np.eye(4)).max() < 0.99
    assert tree_opacity(3) is tree_opacity(3)


def test_an_eccentric_orbit_transits_as_real_ones_do(planets: list[SimulatedPlanet]) -> None:
    hidden, told = (
        settings(f"{SKY}eccentricity.largest=0.4", f"{SKY}eccentricity.table_tells={tells}")
        for tells in ("false", "true")
    )
    found = [seen(planet, hidden, n).planet for n, planet in enumerate(planets)]
    eccentricity = np.array([planet.orbit.eccentricity for planet in found])
    assert np.all((eccentricity > 0) & (eccentricity <= 0.4))
    assert eccentricity.max() > 0.1
    assert {planet.listed["e"] for planet in found} == {0.0}
    assert not any("omega" in planet.listed for planet in found)
    time = np.linspace(-6, 6, 4001)
    for planet, usual in zip(found, planets, strict=True):
        separation = projected_separation(time, 0.0, *planet.orbit.elements)
        ratio = np.sqrt(planet.spectrum.max())
        assert separation.min() < 1 - ratio
        assert 1.75 < time[separation < 1 + ratio][-1] - time[separation < 1 + ratio][0] < 7.0
        assert replace(planet.orbit, eccentricity=0.0, omega_deg=90.0) == usual.orbit
    row = seen(planets[0], told).planet.listed
    assert row["e"] == eccentricity[0]
    assert row["omega"] == found[0].orbit.omega_deg


def test_faculae_undo_spots_of_the_same_contrast(planets: list[SimulatedPlanet]) -> None:
    planet = planets[0]
    config = settings(f"{SKY}faculae.fraction=[0.1,0.1]", f"{SKY}faculae.contrast_k=[200,200]")
    spots = seen(planet, config).planet.spots
    teff = planet.star.teff_K
    np.testing.assert_allclose(
        spots.factor, contamination(0.1, teff + 200, teff, bin_wavelengths()), rtol=1e-12
    )
    assert np.all(spots.factor < 1)
    assert spots.factor[0] < spots.factor[1:].min()  # most in the blue


def test_a_spot_under_the_planet_is_a_bump_of_its_missing_light(
    planets: list[SimulatedPlanet],
) -> None:
    """A spot wholly behind the planet at mid-transit: all of its missing light comes back."""
    central = replace(planets[0].orbit, inclination_deg=90.0)
    uniform = np.zeros((283, 2))
    planet = replace(planets[0], orbit=central, limb_darkening=uniform)
    teff = planet.star.teff_K
    dark = spot_darkness(teff - 500, teff, bin_wavelengths())
    spot = CrossedSpot(0.0, 0.0, 0.03, teff - 500, dark / np.pi)
    clock = make_clock(AIRS, 7.5, 10)
    bare, spotted = (transit_light(planet, 3.75, clock, ALL, p) for p in (Passing(), Passing(spot)))
    lacking = dark * 0.03**2
    middle = np.abs(clock.mid_time_h - 3.75).argmin()
    # The rest of the star is fainter by what the spot lacks, and so the planet hides more of it.
    expected = 1 - (planet.spectrum - lacking) / (1 - lacking)
    np.testing.assert_allclose(spotted[:, middle], expected, atol=1e-9)
    bump = spotted - bare
    assert np.all(bump[0, middle] > bump[1:, middle])  # most in the blue
    away = np.abs(clock.mid_time_h - 3.75) > 1.2
    assert np.all(bump[:, away] <= 0)
    np.testing.assert_allclose(
        Passing(spot).apparent_factor(planet), planet.spots.factor / (1 - lacking), rtol=1e-12
    )


def test_a_drawn_spot_is_crossed(planets: list[SimulatedPlanet]) -> None:
    config = settings(*SWITCHES["crossed_spots"])
    for index, planet in enumerate(planets):
        one = seen(planet, config, index)
        spot = one.passing.spot
        assert spot is not None
        assert np.hypot(spot.along, spot.across) + spot.radius < 1
        bump = spot.unhidden(planet, make_clock(AIRS, 7.5, 4).mid_time_h, one.mid_time_h, ALL)
        assert 0.5 * spot.missing[0] * np.pi * spot.radius**2 < bump[0].max() < 0.005


def test_shares_are_kept_and_a_moon_stays_with_its_planet(planets: list[SimulatedPlanet]) -> None:
    config = settings(f"{SKY}moon.share=0.3", f"{SKY}crossed_spots.share=0.3")
    moons, spots = [], []
    for index in range(150):
        visits = [
            draw_circumstances(planets[index % 12], config, Streams(1, index, visit)).passing
            for visit in (0, 1)
        ]
        moons.append([passing.moon for passing in visits])
        spots.append([passing.spot is not None for passing in visits])
    assert all((first is None) == (second is None) for first, second in moons)
    there = [pair for pair in moons if pair[0] is not None]
    assert 0.15 < len(there) / 150 < 0.45
    assert all(first.ratio == second.ratio for first, second in there)  # type: ignore[union-attr]
    assert all(first.offset_h != second.offset_h for first, second in there)  # type: ignore[union-attr]
    assert 0.2 < np.mean(spots) < 0.4


def test_a_moon_dips_at_its_own_time(planets: list[SimulatedPlanet]) -> None:
    one = seen(planets[2], settings(*SWITCHES["moon"]), index=2)
    moon = one.passing.moon
    assert moon is not None
    depth = np.sqrt(one.planet.spectrum[1:].mean())
    assert 0.15 <= moon.ratio / depth <= 0.3
    assert 0.5 <= abs(moon.offset_h) <= 2.0
    clock = make_clock(AIRS, 7.5, 10)
    dip = light(replace(one, passing=Passing()), clock) - light(one, clock)
    assert dip.min() > -1e-12
    loss = dip[100] * clock.cycle_s
    middle = (loss * clock.mid_time_h).sum() / loss.sum()
    assert abs(middle - one.mid_time_h - moon.offset_h) < 0.05 or dip[100, [0, -1]].max() > 0
    np.testing.assert_allclose(dip[100].max(), moon.ratio**2, rtol=0.5)


def test_a_quadratic_law_gives_the_same_light_either_way(planets: list[SimulatedPlanet]) -> None:
    usual = seen(planets[0], settings())
    law = LimbLaw("quadratic", usual.planet.limb_darkening)
    other = replace(usual, planet=replace(usual.planet, law=law))
    np.testing.assert_allclose(light(other), light(usual), atol=1e-8)


@pytest.mark.parametrize("tells", ["true", "false"])
def test_the_star_table_tells_what_it_is_asked_to(tmp_path: Path, tells: str) -> None:
    config = settings(
        *(f"{SKY}eccentricity.largest=0.4", f"{SKY}eccentricity.table_tells={tells}"),
        *("sim.cadence=400", "sim.hours=5", "sim.planets=1", "sim.test_planets=1"),
    )
    simulate(config, tmp_path / "raw", 3, Workers(1))
    tree = KaggleTree(tmp_path / "raw")
    for split in ("train", "test"):
        table = pd.read_csv(tree.root / f"{split}_star_info.csv")
        name = str(int(table.planet_id[0]))
        truth = np.load(tree.root / "truth" / f"{name}.npz")
        assert truth["eccentricity"] > 0
        if tells == "true":
            assert table.e[0] == truth["eccentricity"]
            assert table.omega[0] == truth["omega_deg"]
        else:
            assert table.e[0] == 0
            assert "omega" not in table


OTHERS = {
    "limb_darkening_law": "power2",
    "limb_factor": 1.05,
    "opacities": "known",
    "eccentricity.largest": 1e-3,  # a cap is felt where something reaches it
    "eccentricity.table_tells": True,
    "faculae.fraction": (0.0, 0.2),
    "faculae.contrast_k": (50, 500),
    "crossed_spots.share": 0.0,
    "crossed_spots.radius": (0.02, 0.05),
    "crossed_spots.contrast_k": (200, 900),
    "moon.share": 0.0,
    "moon.size": (0.2, 0.3),
    "moon.offset_h": (0.6, 2.0),
}


def test_every_setting_of_the_sky_has_an_effect() -> None:
    base = compose([*ALL_ON]).sim
    planet = usual_planet(3)

    def told(config: SimulationConfig) -> list[bytes]:
        one = seen(planet, config, index=3)
        values = [*describe(one).values(), list(one.planet.listed.values())]
        return [np.ascontiguousarray(value).tobytes() for value in values]

    usual = told(base)
    names = {
        f"{name}.{part}" if isinstance(inner, dict) else name
        for name, inner in base.foreign.sky.model_dump().items()
        for part in (inner if isinstance(inner, dict) else [""])
    }
    assert names == OTHERS.keys()
    for name, value in OTHERS.items():
        tree = base.model_dump()
        *sections, last = name.split(".")
        part = tree["foreign"]["sky"]
        for section in sections:
            part = part[section]
        part[last] = value
        assert told(SimulationConfig.model_validate(tree)) != usual, name


def test_the_profile_has_every_switch_on() -> None:
    sky = compose(["sim=foreign"]).sim.foreign.sky
    usual = settings().foreign.sky
    for name in type(sky).model_fields:
        assert getattr(sky, name) != getattr(usual, name)


@pytest.mark.parametrize(
    "override",
    [
        "limb_darkening_law=cubic",
        "limb_factor=1.5",
        "opacities=none",
        "eccentricity.largest=0.9",
        "faculae.fraction=[0,0.6]",
        "crossed_spots.radius=[0,0.1]",
        "crossed_spots.share=1.1",
        "moon.size=[0.3,0.15]",
        "moon.offset_h=[0,9]",
    ],
)
def test_a_sky_that_cannot_be_is_refused(override: str) -> None:
    key, value = override.split("=")
    values = settings().model_dump()
    part = values["foreign"]["sky"]
    *sections, last = key.split(".")
    for section in sections:
        part = part[section]
    part[last] = json.loads(value) if value[0] in "[01" else value
    with pytest.raises(ValidationError):
        SimulationConfig.model_validate(values)
