"""retrieve: from measured spectra to posteriors over atmospheres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table

from spectramind.config.base import digest
from spectramind.config.retrieving import RetrievalConfig
from spectramind.config.root import Config
from spectramind.contracts.retrieved import Retrieved, read_summary, sigma_said
from spectramind.contracts.spectra import name_some
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError, SpectraMindError
from spectramind.pipeline.observed_planets import observed_planets
from spectramind.pipeline.prepare import workers_of
from spectramind.pipeline.proposal import forward_model, ready_proposal
from spectramind.pipeline.result import Result
from spectramind.pipeline.retrieval_tables import catalogue_rows, write_samples_table
from spectramind.pipeline.true_atmospheres import recovery, true_atmospheres
from spectramind.retrieval.opacity_of import opacity_of
from spectramind.retrieval.parameter_space import parameter_space
from spectramind.retrieval.retrieve_planet import Observed, retrieve_planet
from spectramind.retrieval.trained_networks import TrainedNetworks
from spectramind.run.atomic import write_csv, write_json
from spectramind.run.code import code_digest
from spectramind.run.pool import run_all
from spectramind.run.record import RunRecord

_MODULE = "spectramind.retrieval.retrieve_planet"


@dataclass(frozen=True, eq=False)
class RetrievedPlanets(Result):
    """What was found.

    Attributes:
        summaries: content of each planet's ``retrieval.json``. anew: planets not done before.
        failed: why others could not be done. recovered: how well truth was found again, in words.
    """

    summaries: Sequence[Mapping[str, Any]]
    anew: int
    failed: Mapping[str, str]
    recovered: str = ""

    def report(self) -> Sequence[RenderableType]:
        shown: list[RenderableType] = []
        if len(self.summaries) == 1:
            shown += _of_one(self.summaries[0])
        elif self.summaries:
            shown.append(_of_many(self.summaries))
        shown += [f"{one['planet']}: {one['warning']}" for one in self.summaries if one["warning"]]
        shown += [self.recovered] if self.recovered else []
        before = len(self.summaries) - self.anew
        if before:
            shown.append(f"{before} of {len(self.summaries)} planets were done before")
        return [*shown, *(f"failed: {planet}: {why}" for planet, why in self.failed.items())]

    @property
    def problem(self) -> SchemaError | None:
        if not self.failed:
            return None
        planet, why = next(iter(self.failed.items()))
        return SchemaError(f"{len(self.failed)} planets could not be done; {planet}: {why}")


@dataclass(frozen=True)
class _Job:
    config: Config
    observed: Observed
    key: str | None
    done: str


def retrieve(
    config: Config, record: RunRecord, planets: Sequence[str], every: bool = False
) -> RetrievedPlanets:
    """Find the posterior of each planet; those done with the same settings are kept.

    Args:
        config, record: the run's. planets: ids. every: all planets of the test folder.

    Raises:
        ConfigError: no planet is named, or a package is not installed.
        SchemaError: no such planet, or features has not run.
    """
    folder, tree = WorkFolder(config.paths).retrieval, KaggleTree(config.data.raw)
    if every and planets:
        raise ConfigError("name planets, or say --all, not both")
    if not every and not planets:
        known = name_some(tree.planets("test"))
        raise ConfigError(f"name a planet, or say --all: the test folder holds {known}")
    ids = tuple(tree.planets("test")) if every else tuple(dict.fromkeys(planets))
    found, failed = observed_planets(config, tree, ids)
    if not found:
        raise SchemaError("; ".join(f"{planet}: {why}" for planet, why in failed.items()))
    opacity = opacity_of(config.physics.opacity)
    for line in opacity.passed_over if opacity else ():
        record.warn(f"opacities: passed over {line}")
    key = ready_proposal(config, tree, record)
    jobs = [_Job(config, one, key, _digest(config, one, key)) for one in found]
    todo = [job for job in jobs if not _is_done(job)]
    for planet, why in run_all(_run, todo, workers_of(config), "retrieve"):
        if why:
            failed[planet] = why
    summaries = [
        read_summary(folder.summary(one.planet_id)) for one in found if one.planet_id not in failed
    ]
    for one in summaries:
        record.artifact(folder.summary(str(one["planet"])))
        if one["warning"]:
            record.warn(f"{one['planet']}: {one['warning']}")
    known = ""
    if every and summaries:
        rows = catalogue_rows(summaries)
        write_csv(folder.catalogue, list(rows[0]), rows)
        record.artifact(folder.catalogue)
        known = _recovered(config, summaries, found[0].known, record)
    anew = len(todo) - sum(job.observed.planet_id in failed for job in todo)
    return RetrievedPlanets(summaries, anew, failed, known)


def _recovered(
    config: Config,
    summaries: Sequence[Mapping[str, Any]],
    known: Mapping[str, float],
    record: RunRecord,
) -> str:
    """Write how well truth was found again; in a sentence, or why it is not known."""
    folder, space = WorkFolder(config.paths).retrieval, parameter_space(config.retrieval)
    try:
        truth = true_atmospheres(config, [str(one["planet"]) for one in summaries])
    except SchemaError as error:
        return f"how well truth was found again is not known: {error}"
    middle = np.repeat([[0.16], [0.84]], len(space.free), axis=1)
    low, high = space.from_unit(middle, known)
    told = recovery(summaries, truth, dict(zip(space.free, high - low, strict=True)))
    write_json(folder.recovery, told)
    record.artifact(folder.recovery)
    if not told["converged_with_truth"]:
        return "how well truth was found again is not known: no planet has one that the model holds"
    rows = told["parameters"].values()
    shares = [np.mean([row[key] for row in rows]) for key in ("within_68", "within_95")]
    return (
        f"{told['converged_with_truth']} planets whose truth the model holds: {shares[0]:.0%} of "
        f"parameters within their 68 % intervals, {shares[1]:.0%} within 95 % ({folder.recovery})"
    )


def _digest(config: Config, observed: Observed, key: str | None) -> str:
    """What a planet's result depends on."""
    measured = observed.measured
    numbers = [measured.depth, measured.variance, measured.modes]
    values = {
        "known": dict(observed.known),
        "measured": [array.tobytes().hex() for array in numbers],
    }
    code = code_digest(_MODULE)
    return digest(config.retrieval, config.physics, config.seed, key or "", code, values)


def _is_done(job: _Job) -> bool:
    folder, planet = WorkFolder(job.config.paths).retrieval, job.observed.planet_id
    if not (folder.summary(planet).is_file() and folder.samples(planet).is_file()):
        return False
    try:
        return bool(read_summary(folder.summary(planet)).get("digest") == job.done)
    except SchemaError:
        return False


def _run(job: _Job) -> tuple[str, str]:
    """One planet, in any process: its id, and why it failed."""
    planet, config = job.observed.planet_id, job.config
    folder = WorkFolder(config.paths).retrieval
    try:
        model = forward_model(config)
        path = None if job.key is None else folder.network(job.key)
        networks = None if path is None else _trained(path, config.retrieval)
        found = retrieve_planet(
            job.observed,
            model,
            networks,
            config.retrieval.sampling,
            config.seed,
            lambda count: None,
            folder.nested(planet, job.done),
        )
        found = replace(found, summary={**found.summary, "digest": job.done})
        _write(found, config)
    except ConfigError:
        raise
    except SpectraMindError as error:
        return planet, str(error)
    return planet, ""


def _write(found: Retrieved, config: Config) -> None:
    folder, planet = WorkFolder(config.paths).retrieval, str(found.summary["planet"])
    folder.nested(planet, str(found.summary["digest"])).unlink(missing_ok=True)
    folder.samples(planet).parent.mkdir(parents=True, exist_ok=True)
    write_samples_table(found, folder.table(planet))
    found.save(folder.samples(planet), folder.summary(planet))


@lru_cache(maxsize=1)
def _trained(path: Path, retrieval: RetrievalConfig) -> TrainedNetworks:
    return TrainedNetworks.load(path, retrieval)


def _of_one(told: Mapping[str, Any]) -> list[RenderableType]:
    table = Table(title=f"planet {told['planet']}")
    for title in ("parameter", "unit", "median", "68 %", "95 %"):
        table.add_column(title, justify="left" if title in ("parameter", "unit") else "right")
    for one in told["parameters"]:
        ends = [f"{one[f'low_{n}']:.4g} .. {one[f'high_{n}']:.4g}" for n in ("68", "95")]
        table.add_row(one["name"], one["unit"], f"{one['median']:.4g}", *ends)
    parts = Table(title="which components there are")
    for title in ("component", "ln B", "±", "σ", "by"):
        parts.add_column(title, justify="left" if title in ("component", "by") else "right")
    for one in told["components"]:
        parts.add_row(
            one["component"],
            f"> {one['ln_bayes']:.0f}" if one["method"] == "bound" else f"{one['ln_bayes']:.2f}",
            "" if one["method"] == "bound" else f"{one['error']:.2f}",
            sigma_said(one),
            one["method"] if one["converged"] else f"{one['method']}, not converged",
        )
    return [
        table,
        parts,
        f"ln Z {told['ln_z']:.2f} ± {told['ln_z_error']:.2f}; {told['effective']:.0f} effective "
        f"samples of {told['spectra']} spectra ({told['efficiency']:.1%}) by {told['path']} "
        f"({told['why']}); posterior-predictive p {told['p_value']:.2g}; {told['seconds']:.0f} s",
    ]


def _of_many(summaries: Sequence[Mapping[str, Any]]) -> RenderableType:
    table = Table(title=f"{len(summaries)} planets")
    for title in ("planet", "by", "p", "T [K]"):
        table.add_column(title, no_wrap=True)
    table.add_column("detected at 3 σ")
    for told in summaries:
        numbers = {one["name"]: one for one in told["parameters"]}
        heat = numbers.get("temperature_k")
        seen = [
            f"{one['component']} {sigma_said(one)}"
            for one in told["components"]
            if one["sigma"] >= 3
        ]
        table.add_row(
            str(told["planet"]),
            told["path"] if told["converged"] else "not converged",
            f"{told['p_value']:.2g}",
            "" if heat is None else f"{heat['median']:.0f} ± {heat['sd']:.0f}",
            ", ".join(seen) or "-",
        )
    return table
