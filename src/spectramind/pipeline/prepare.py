"""simulate, calibrate, features: from nothing to what the models read."""

from collections.abc import Mapping
from dataclasses import dataclass

from spectramind.calibration.calibrate_split import calibrate as calibrate_split
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.features.extract import extract
from spectramind.features.fits import (
    TEACHER,
    Job,
    fit_visits,
    learn_population,
    save_unmeasured,
)
from spectramind.features.population import Population
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.pipeline.visits import open_tree, splits_of, star_rows
from spectramind.run.atomic import remove_strays
from spectramind.run.failures import failure_of
from spectramind.run.pool import Workers
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.simulation.simulate_tree import TELEMETRY
from spectramind.simulation.simulate_tree import simulate as simulate_tree

_REASONS_SHOWN = 3


def _workers(config: Config) -> Workers:
    return Workers(config.env.workers, config.env.executor, config.env.scheduler)


def _anywhere(config: Config) -> Config:
    """The same with absolute paths: a cluster's workers run in another folder."""
    paths, data = config.paths, config.data
    where = {"calibrated": paths.calibrated.absolute(), "features": paths.features.absolute()}
    return config.model_copy(
        update={
            "paths": paths.model_copy(update=where),
            "data": data.model_copy(update={"raw": data.raw.absolute()}),
        }
    )


def simulate(config: Config, record: RunRecord) -> None:
    """Write a synthetic competition tree."""
    there = _anywhere(config)
    level = TELEMETRY if config.level == "telemetry" else light_curves_level(there)
    simulate_tree(config.sim, there.data.raw, config.seed, _workers(config), level)
    record.artifact(config.data.raw / "train.csv")
    show(
        f"simulated {config.sim.planets} training and {config.sim.test_planets} test planets "
        f"in {config.data.raw}"
    )


def calibrate(
    config: Config, record: RunRecord, dry_run: bool = False, strict: bool = False
) -> None:
    """Run the kill chain over every visit.

    Raises:
        SchemaError: visits failed; the others are done.
    """
    there = _anywhere(config)
    tree = open_tree(there)
    out = WorkFolder(there.paths).calibrated
    if not dry_run:
        remove_strays(out.root)
    failed: dict[str, str] = {}
    for split in splits_of(config, tree):
        plan = calibrate_split(config.calib, tree, split, out, _workers(config), dry_run, strict)
        done = "to calibrate" if dry_run else "calibrated now"
        show(
            f"{split}: {len(plan.to_do) - len(plan.failed)} visits {done}, "
            f"{len(plan.finished)} finished before, {len(plan.failed)} failed, "
            f"in {config.paths.calibrated}",
            *(f"failed: {name}: {reason}" for name, reason in plan.failed.items()),
        )
        failed |= plan.failed
    if failed:
        raise SchemaError(_summary(failed, "`spectramind features` does without them"))


def _summary(failed: Mapping[str, str], meanwhile: str) -> str:
    shown = "; ".join(f"{name}: {why}" for name, why in [*failed.items()][:_REASONS_SHOWN])
    more = len(failed) - _REASONS_SHOWN
    rest = f"; and {more} more, named above" if more > 0 else ""
    return (
        f"{len(failed)} visits failed, the rest are done: {shown}{rest}. Mend the files and repeat "
        f"the command, or go on: {meanwhile}"
    )


@dataclass
class _Split:
    """What ``features`` has of a split.

    Attributes:
        jobs: visits that have light curves, with their rows of the star table.
        lost: why calibration left nothing of a visit, said there already.
        broken: why a visit has no light curves though it should.
    """

    jobs: list[Job]
    lost: dict[str, str]
    broken: dict[str, str]

    @property
    def unmeasured(self) -> dict[str, str]:
        """Why visits have no light curves."""
        return self.lost | self.broken

    @property
    def faults(self) -> dict[str, str]:
        """What no later command would mend: visits without light curves, impossible star rows."""
        return self.broken | {name: star.fault for name, star in self.jobs if star.fault}

    @property
    def teachers(self) -> list[Job]:
        """Visits that may say how orbits and limb darkening stray from what is expected."""
        return [job for job in self.jobs if not job[1].fault]


def features(config: Config, record: RunRecord) -> None:
    """Extract light curves and fit the transits.

    Raises:
        SchemaError: visits have no light curves or impossible star rows; the others are done.
    """
    there = _anywhere(config)
    tree = open_tree(there)
    made = WorkFolder(there.paths).features
    remove_strays(made.root)
    asked = {split: _extracted(there, tree, split) for split in splits_of(config, tree)}
    taught = _learn(there, tree, {split: work.teachers for split, work in asked.items()})
    show(taught.describe())
    if taught.taught_by != TEACHER:
        record.warn(
            f"no training visit has light curves: {taught.visits} of the visits asked for say how "
            "orbits and limb darkening stray; calibrate the training split and repeat the command"
        )
    for split, work in asked.items():
        save_unmeasured(made, work.unmeasured)
        fits = fit_visits(work.jobs, made, config.fit, taught, _workers(config))
        doubtful = {name: info["reason"] for name, info in fits.items() if info["reason"]}
        noted = {name: star.note for name, star in work.jobs if star.note}
        for visit, reason in [*(work.unmeasured | doubtful).items(), *noted.items()]:
            record.warn(f"{visit}: {reason}")
        show(
            f"{split}: {len(fits) + len(work.unmeasured)} visits in {config.paths.features}, "
            f"{len(doubtful)} doubtful fits, {len(work.unmeasured)} without light curves",
            *(f"without light curves: {name}: {why}" for name, why in work.unmeasured.items()),
            *(f"doubtful: {name}: {why}" for name, why in doubtful.items()),
            *(f"note: {name}: {why}" for name, why in noted.items()),
        )
    faults = {name: why for work in asked.values() for name, why in work.faults.items()}
    if faults:
        raise SchemaError(_summary(faults, "their planets get a wide sigma"))


def _extracted(config: Config, tree: KaggleTree, split: str) -> _Split:
    """Light curves of a split, written where they are not there yet.

    Raises:
        SchemaError: no visit of the split is calibrated.
    """
    folder, rows = WorkFolder(config.paths), star_rows(tree, split)
    lost = _not_calibrated(config, tree, split)
    visits = [visit for visit in tree.visits(split) if visit.name not in lost]
    made = extract(
        config.features,
        visits,
        folder.calibrated,
        folder.features,
        _workers(config),
        f"light curves {split}",
    )
    if visits and len(made.failed) == len(visits):
        raise SchemaError(next(iter(made.failed.values())))
    without = lost.keys() | made.failed.keys()
    return _Split([job for job in rows if job[0] not in without], lost, made.failed)


def _learn(config: Config, tree: KaggleTree, teachers: dict[str, list[Job]]) -> Population:
    """The population as the training split has it, whatever was asked for.

    Training visits that are calibrated get their light curves for it.
    """
    folder = WorkFolder(config.paths)
    if TEACHER not in teachers and TEACHER in tree.splits():
        calibrated = {
            visit.name: visit
            for visit in tree.visits(TEACHER)
            if folder.calibrated.log(visit.name).is_file()
            and failure_of(folder.calibrated.log(visit.name)) is None
        }
        made = extract(
            config.features,
            list(calibrated.values()),
            folder.calibrated,
            folder.features,
            _workers(config),
            f"light curves {TEACHER}",
        )
        usable = calibrated.keys() - made.failed.keys()
        rows = [job for job in star_rows(tree, TEACHER) if job[0] in usable] if usable else []
        teachers = {TEACHER: [job for job in rows if not job[1].fault], **teachers}
    return learn_population(teachers, folder.features, config.fit, _workers(config))


def _not_calibrated(config: Config, tree: KaggleTree, split: str) -> dict[str, str]:
    """Reason by name of the visits whose calibration failed."""
    calibrated = WorkFolder(config.paths).calibrated
    logs = {
        visit.name: calibrated.log(visit.name)
        for visit in tree.visits(split)
        if not visit.light_curves_path.is_file()
    }
    return {name: reason for name, log in logs.items() if (reason := failure_of(log)) is not None}
