"""The step `simulate`: writes a whole tree in the competition's layout, and the truth beside it.

A level says what a visit leaves: raw frames, or (see pipeline.light_curves) light curves.
"""

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from spectramind.config.sim import SimulationConfig
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.tables import STAR_COLUMNS
from spectramind.dataset.tree import Visit
from spectramind.dataset.writer import (
    write_adc_info,
    write_axis_info,
    write_sample_submission,
    write_spectra,
    write_star_info,
    write_wavelengths,
)
from spectramind.errors import ConfigError
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers, run_all
from spectramind.simulation.clock import make_clock
from spectramind.simulation.detector.adc import adc_info
from spectramind.simulation.foreign_sky import under_foreign_sky
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.streams import Source, Streams, planet_ids
from spectramind.simulation.strengths import of_own_strengths
from spectramind.simulation.visit import observe


@dataclass(frozen=True)
class Level:
    """What is written of a visit.

    Attributes:
        observe: writes a visit's files, gives back what was injected by name; picklable.
        settings: what those files depend on beside the simulator's own settings, in plain JSON.
    """

    observe: Callable[[SimulatedPlanet, Visit, SimulationConfig, Streams], dict[str, ArrayLike]]
    settings: Mapping[str, object]


TELEMETRY = Level(observe, {"level": "telemetry"})


@dataclass(frozen=True)
class Job:
    """One planet to simulate: its place in the seed's sequence, its name, its visits."""

    root: Path
    config: SimulationConfig
    seed: int
    index: int
    planet_id: str
    split: str
    visits: int
    level: Level

    @property
    def directory(self) -> Path:
        """The planet's folder."""
        return self.root / self.split / self.planet_id


def simulate(
    config: SimulationConfig, root: Path, seed: int, workers: Workers, level: Level = TELEMETRY
) -> None:
    """Write the tree. Planets already finished are kept, so a killed run resumes.

    The tables come last: a tree that has them is complete.

    Raises:
        ConfigError: ``root`` holds a tree of other settings, of another seed, or not of ours.
    """
    _claim(config, root, seed, level)
    jobs = plan(config, root, seed, level)
    for split in ("train", "test"):
        (root / split).mkdir(exist_ok=True)
    todo = [job for job in jobs if not job.directory.is_dir()]
    if not todo and (root / "adc_info.csv").is_file():
        return
    for _ in run_all(simulate_planet, todo, workers, "simulate"):
        pass
    _write_tables(config, root, jobs)


def plan(config: SimulationConfig, root: Path, seed: int, level: Level = TELEMETRY) -> list[Job]:
    """All planets, train first; the first ones of either split have two visits."""
    names = planet_ids(seed, config.planets + config.test_planets)
    jobs = []
    for split, first, count in (
        ("train", 0, config.planets),
        ("test", config.planets, config.test_planets),
    ):
        twice = round(config.two_visit_fraction * count)
        for place in range(count):
            index = first + place
            visits = 2 if place < twice else 1
            jobs.append(Job(root, config, seed, index, names[index], split, visits, level))
    return jobs


def simulate_planet(job: Job) -> None:
    """Simulate all visits of one planet; its folder appears when it is complete."""
    temporary = job.directory.with_name(f".{job.planet_id}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    config, planet = _of_planet(job), planet_of(job)
    for number in range(job.visits):
        visit = Visit(job.planet_id, number, job.split, temporary)
        streams = Streams(job.seed, job.index, number)
        truth = job.level.observe(planet, visit, config, streams)
        truth["star_table"] = [
            planet.listed.get(column, np.nan) for column in star_columns(job.config)
        ]
        write_npz(job.root / "truth" / f"{visit.name}.npz", **truth)
    temporary.rename(job.directory)


def planet_of(job: Job) -> SimulatedPlanet:
    """The planet that a job simulates, drawn again: files of the truth hold no atmosphere."""
    return _draw(_of_planet(job), Streams(job.seed, job.index, 0))


def _of_planet(job: Job) -> SimulationConfig:
    if not job.config.foreign.own_strengths:
        return job.config
    return of_own_strengths(job.config, Streams(job.seed, job.index, 0)(Source.STRENGTHS))


def _draw(config: SimulationConfig, streams: Streams) -> SimulatedPlanet:
    usual = draw_planet(
        streams(Source.POPULATION), streams(Source.LIMB_DARKENING), config.population
    )
    return under_foreign_sky(usual, config.foreign.sky, streams)


def star_columns(config: SimulationConfig) -> tuple[str, ...]:
    """Columns of the star table; omega is there only where it tells of ellipses."""
    eccentric = config.foreign.sky.eccentricity
    tells = eccentric.largest > 0 and eccentric.table_tells
    return (*STAR_COLUMNS, "omega") if tells else STAR_COLUMNS


def _claim(config: SimulationConfig, root: Path, seed: int, level: Level) -> None:
    """Make the folder ours, or see that it is, with the same settings."""
    record = root / "truth" / "simulation.json"
    wanted = {"seed": seed, **level.settings, **config.model_dump(mode="json")}
    if record.is_file():
        found = json.loads(record.read_text(encoding="utf-8"))
        differing = sorted(k for k in wanted.keys() | found.keys() if wanted.get(k) != found.get(k))
        if differing:
            raise ConfigError(
                f"{root} holds a tree simulated with other values of {', '.join(differing)}: "
                "choose another data.raw or remove it"
            )
        return
    if root.is_dir() and any(root.iterdir()):
        raise ConfigError(
            f"{root} holds files that are not of a simulation: choose an empty data.raw"
        )
    write_json(record, wanted)


def _write_tables(config: SimulationConfig, root: Path, jobs: Sequence[Job]) -> None:
    airs, fgs1 = (make_clock(d, config.hours, config.cadence) for d in (AIRS, FGS1))
    write_axis_info(root, airs.labels_s(), airs.integrations_s(), fgs1.labels_s())
    write_wavelengths(root)
    keys = {"star_table": star_columns(config), "spectrum": SPECTRUM_COLUMNS}
    for split in ("train", "test"):
        chosen = sorted((j for j in jobs if j.split == split), key=lambda j: int(j.planet_id))
        ids = [job.planet_id for job in chosen]
        # The truth files hold what is needed: drawing a thousand planets again takes long.
        truth = [
            read_npz(root / "truth" / f"{name}.npz", *keys, made_by="simulate") for name in ids
        ]
        stars, spectra = (
            pd.DataFrame(np.stack([planet[key] for planet in truth]), ids, columns)
            for key, columns in keys.items()
        )
        write_star_info(root, split, stars)
        write_spectra(root / "truth" / f"{split}.csv", spectra)
        if split == "train":
            write_spectra(root / "train.csv", spectra)
        else:
            write_sample_submission(root, ids)
    write_adc_info(root, adc_info(config.cadence))
