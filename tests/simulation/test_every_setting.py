"""No option that does nothing: every setting of the simulator changes what it writes."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import DETECTORS
from spectramind.simulation.planet_draw import draw_planet
from spectramind.simulation.simulate_tree import plan
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.visit import describe, draw_circumstances, expose_detector

SEED = 3
FOREIGN_TELESCOPE = (
    *("airs_motion.shared=0.5", "airs_motion.own_px=0.02", "airs_motion.slope_px=0.02"),
    *("red_noise.airs=1e-3", "red_noise.fgs1=1e-3", "fgs1_own_drift=0.5"),
    *("odd_drift.settling=1e-3", "odd_drift.cycling=1e-3", "odd_drift.bump=1"),
    *("breathing.fgs1_px2=0.005", "breathing.airs_px2=0.005"),
    *("flat_error.pixel=0.01", "flat_error.smooth=0.01", "curvature_error=0.1"),
    "stray_gradient=0.5",
)
# Everything is there to be felt: spots, a seam, hits, full pixels; eight exposures.
BASE = compose(
    [
        *("sim=hostile", "sim.hours=0.5", "sim.cadence=46", "sim.planets=4"),
        *("sim.detector.cosmic_a_pixel_s=1e-4", "sim.detector.full_well_e=2e4"),
        "sim.jitter.factor=1",
        *("sim.foreign.telescope." + of_telescope for of_telescope in FOREIGN_TELESCOPE),
        "sim.two_visit_fraction=0.5",
    ]
).sim
# A cap is felt where something reaches it, a column where it is another one.
OTHERS: Mapping[str, Any] = {
    "detector.hot_most_e_s": 0.1,
    "detector.noisy_most_e": 20.0,
    "detector.full_well_e": 1e4,
    "population.chemistry.largest_signal": 1e-5,
    "seam.column": 100,
}


def leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Every setting by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def candidates(value: Any) -> Iterator[Any]:
    """Other values, some of which are allowed."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, tuple):
        low, high = value[0], value[-1]
        yield from ((low, *value[1:-1], end) for end in (1.3 * high, 0.9 * high + 0.1 * low))
        yield from (tuple(v + step for v in value) for step in (0.01, -0.01))
    else:
        yield from (1.3 * value, 0.7 * value, value + 0.01)


def changed(setting: str) -> SimulationConfig:
    """The base with another value of one setting."""
    *sections, name = setting.split(".")
    for_this = BASE.model_dump()
    part = for_this
    for section in sections:
        part = part[section]
    before = part[name]
    for other in [OTHERS[setting]] if setting in OTHERS else candidates(before):
        part[name] = other
        try:
            if other != before:
                return SimulationConfig.model_validate(for_this)
        except ValidationError:
            continue
    raise AssertionError(f"no other value of {setting} than {before} is allowed")


def visit_of_planet(config: SimulationConfig, exposed: bool) -> Iterator[ArrayLike]:
    """All that one visit leaves: truth, star table, and frames where these are asked for."""
    streams = Streams(SEED, 0, 0)
    sources = (streams(Source.POPULATION), streams(Source.LIMB_DARKENING))
    planet = draw_planet(*sources, config.population)
    seen = draw_circumstances(planet, config, streams)
    yield from describe(seen).values()
    yield list(planet.listed.values())
    yield [[int(job.planet_id), job.split == "test", job.visits] for job in plan(config, Path(), 1)]
    for detector in DETECTORS if exposed else ():
        taken = expose_detector(detector, seen, config, streams)
        yield from (taken.counts, *taken.injected.values())
        frames = taken.frames
        yield from (frames.dark, frames.dead, frames.flat, frames.linear_corr, frames.read)


def digest(config: SimulationConfig, exposed: bool) -> str:
    found = hashlib.sha256()
    for value in visit_of_planet(config, exposed):
        found.update(np.ascontiguousarray(value).tobytes())
    return found.hexdigest()


@pytest.fixture(scope="module")
def usual() -> dict[bool, str]:
    return {exposed: digest(BASE, exposed) for exposed in (False, True)}


# What is foreign is off here: see test_foreign_sky for the sky's settings.
USUAL = [name for name in leaves(BASE.model_dump()) if not name.startswith("foreign.")]


@pytest.mark.parametrize("setting", USUAL)
def test_every_setting_has_an_effect(setting: str, usual: dict[bool, str]) -> None:
    """Of the planets on what is drawn, of the rest on the frames."""
    exposed = not setting.startswith("population.")
    assert digest(changed(setting), exposed) != usual[exposed]


def test_the_same_settings_give_the_same_bytes(usual: dict[bool, str]) -> None:
    assert digest(BASE, exposed=True) == usual[True]
