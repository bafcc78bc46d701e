"""The second half of the ``features`` step: light curves to depths, visit by visit, resumable."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from spectramind.config.base import digest
from spectramind.config.fit import FitConfig
from spectramind.contracts.depths import load_depths, save_depths, unmeasured
from spectramind.contracts.star import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.features.population import Population, expected, learn
from spectramind.features.visit_fit import estimate
from spectramind.run.code import code_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers, run_all

Job = tuple[str, StarRow]


def save_unmeasured(features: FeaturesFolder, failed: Mapping[str, str]) -> None:
    """Say of visits that gave no light curves that nothing is known of their depths, and why."""
    for visit, reason in failed.items():
        made_with = digest("unmeasured", reason, code_digest("spectramind.contracts.depths"))
        if not _finished(features, visit, made_with):
            save_depths(features.depths(visit), unmeasured(reason), made_with)


def learn_population(
    jobs: Sequence[Job], features: FeaturesFolder, config: FitConfig, workers: Workers
) -> Population:
    """How orbits and limb darkening stray, learnt from at most ``population_visits`` of the visits.

    They are fitted with what is expected beforehand. What is learnt is kept in ``population.json``
    and learnt again when settings, code or their light curves change.

    Args:
        jobs: visit names with the star row of their planet.
        features: the feature folder, holding the light curves.
        config: the fit's settings.
        workers: where the fits run.
    """
    count = min(len(jobs), config.population_visits)
    teachers = [jobs[index] for index in np.linspace(0, len(jobs) - 1, count).round().astype(int)]
    names = [name for name, _ in teachers]
    path = features.population
    curves = [_curves(features, name) for name in names]
    made_with = digest(config, code_digest(__name__), *names, *curves)
    known = Population.load(path, made_with)
    if known is not None:
        return known
    before = expected(config)
    found = fit_visits(teachers, features, config, before, workers, "population")
    offsets = [
        (np.array(info["offsets"]["mean"]), np.array(info["offsets"]["covariance"]))
        for info in found.values()
        if not info["reason"]
    ]
    population = learn(offsets, before, config.population_strength)
    population.save(path, made_with)
    return population


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
    settings, population or code.

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
    settings = digest(config, population.digest, code_digest(__name__))
    todo = [job for job in jobs if not _finished(features, job[0], settings)]
    work = partial(
        _fit_one, features=features, config=config, population=population, settings=settings
    )
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
    job: Job, features: FeaturesFolder, config: FitConfig, population: Population, settings: str
) -> None:
    visit, star = job
    path = features.airs_bins(visit)
    bins = read_npz(path, "time", "flux", "pointing", made_by="features")
    time_h, flux, pointing = (
        np.asarray(bins[key], dtype=np.float64) for key in ("time", "flux", "pointing")
    )
    depths = estimate(time_h, flux, star, config, pointing, population)
    save_depths(features.depths(visit), depths, settings)
