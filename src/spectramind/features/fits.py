"""The second half of the ``features`` step: light curves to depths, visit by visit, resumable."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from spectramind.config.base import digest
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import load_depths, save_depths, unmeasured
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.features.population import Population, Seen, expected, learn
from spectramind.features.visit_fit import estimate
from spectramind.run.code import code_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers, run_all

Job = tuple[str, StarRow]
TEACHER = "train"  # the split that says how orbits and limb darkening stray


def save_unmeasured(features: FeaturesFolder, failed: Mapping[str, str]) -> None:
    """Say of visits that gave no light curves that nothing is known of their depths, and why."""
    for visit, reason in failed.items():
        made_with = digest("unmeasured", reason, code_digest("spectramind.contracts.depths"))
        if not _finished(features, visit, made_with):
            save_depths(features.depths(visit), unmeasured(reason), made_with)


def learn_population(
    jobs: Mapping[str, Sequence[Job]], features: FeaturesFolder, config: FitConfig, workers: Workers
) -> Population:
    """How orbits and limb darkening stray, learnt from at most ``population_visits`` of the visits.

    Training visits teach whatever is asked for; others only where there is none, and never where
    training visits have taught before. The teachers are fitted with what is expected beforehand.
    What is learnt is kept in ``population.json`` and learnt again when settings, code, their light
    curves or their rows of the star table change.

    Args:
        jobs: by split, in the order in which splits are asked to teach: visit names with the star
            row of their planet, of visits that have light curves.
        features: the feature folder, holding the light curves.
        config: the fit's settings.
        workers: where the fits run.
    """
    path = features.population
    split = next((name for name, known in jobs.items() if known), "")
    pupils = jobs.get(split, ())
    if split != TEACHER:
        taught = Population.known(path, config)
        if taught is not None and taught.taught_by == TEACHER:
            return taught
    count = min(len(pupils), config.population_visits)
    teachers = [pupils[i] for i in np.linspace(0, len(pupils) - 1, count).round().astype(int)]
    sources = [
        part for name, row in teachers for part in (name, _told(row), _curves(features, name))
    ]
    made_with = digest(config, code_digest(__name__), split, *sources)
    known = Population.load(path, made_with)
    if known is not None:
        return known
    before = expected(config)
    found = fit_visits(teachers, features, config, before, workers, "population")
    seen = [Seen.read(info["seen"]) for info in found.values() if not info["reason"]]
    population = replace(learn(seen, before, config.population_strength), taught_by=split)
    population.save(path, made_with)
    return population


def _told(star: StarRow) -> str:
    """A planet's row, for a digest."""
    return json.dumps(asdict(star), sort_keys=True)


def _curves(features: FeaturesFolder, visit: str) -> str:
    """What a visit's light curves were made with."""
    log = json.loads(features.log(visit).read_text(encoding="utf-8"))
    return str(log["digest"])


def fit_visits(
    jobs: Sequence[Job],
    features: FeaturesFolder,
    config: FitConfig,
    population: Population,
    workers: Workers,
    label: str = "depths",
) -> dict[str, dict[str, Any]]:
    """Fit the visits whose depths are missing, older than their light curves or made with other
    settings, population, row of the star table or code.

    Args:
        jobs: visit names with the star row of their planet.
        features: the feature folder, holding the light curves.
        config: the fit's settings.
        population: how planets stray from what is expected.
        workers: where the fits run.
        label: what the progress bar calls it.

    Returns:
        What each fit says of itself (``Depths.info``) by visit, whether done now or before.
    """
    common = digest(config, population.digest, code_digest(__name__))
    made_with = {name: digest(common, _told(star)) for name, star in jobs}
    todo = [
        (name, star, made_with[name])
        for name, star in jobs
        if not _finished(features, name, made_with[name])
    ]
    work = partial(_fit_one, features=features, config=config, population=population)
    for _ in run_all(work, todo, workers, label):
        pass
    return {name: load_depths(features.depths(name)).info for name, _ in jobs}


def _finished(features: FeaturesFolder, visit: str, settings: str) -> bool:
    path = features.depths(visit)
    source = features.airs_bins(visit)
    if not path.is_file() or (source.is_file() and source.stat().st_mtime > path.stat().st_mtime):
        return False
    return load_depths(features.depths(visit)).info.get("settings") == settings


def _fit_one(
    job: tuple[str, StarRow, str],
    features: FeaturesFolder,
    config: FitConfig,
    population: Population,
) -> None:
    visit, star, made_with = job
    path = features.airs_bins(visit)
    bins = read_npz(path, "time", "flux", "pointing", made_by="features")
    time_h, flux, pointing = (
        np.asarray(bins[key], dtype=np.float64) for key in ("time", "flux", "pointing")
    )
    depths = estimate(time_h, flux, star, config, pointing, population)
    save_depths(features.depths(visit), depths, made_with)
