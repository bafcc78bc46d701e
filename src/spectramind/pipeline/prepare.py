"""simulate, calibrate, features: from nothing to what the models read."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spectramind.calibration.calibrate_split import CalibrationPlan
from spectramind.calibration.calibrate_split import calibrate as calibrate_split
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.features.extract import extract
from spectramind.features.fits import fit_visits, learn_population, save_unmeasured
from spectramind.features.population import Population
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.pipeline.result import Result
from spectramind.pipeline.visits import splits_of, star_rows
from spectramind.run.atomic import remove_strays
from spectramind.run.failures import failure_of
from spectramind.run.pool import Workers
from spectramind.run.record import RunRecord
from spectramind.simulation.simulate_tree import TELEMETRY
from spectramind.simulation.simulate_tree import simulate as simulate_tree

_REASONS_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Simulated(Result):
    """A tree that was written: its folder, and how many planets it holds."""

    raw: Path
    planets: int
    test_planets: int

    def report(self) -> list[str]:
        return [
            f"simulated {self.planets} training and {self.test_planets} test planets in {self.raw}"
        ]


@dataclass(frozen=True, eq=False)
class CalibratedVisits(Result):
    """What calibrate did, or with ``dry_run`` would do, by split."""

    plans: dict[str, CalibrationPlan]
    folder: Path
    dry_run: bool

    @property
    def failed(self) -> dict[str, str]:
        """Why, by name of the visits that failed."""
        return {name: why for plan in self.plans.values() for name, why in plan.failed.items()}

    def report(self) -> list[str]:
        done = "to calibrate" if self.dry_run else "calibrated now"
        lines = []
        for split, plan in self.plans.items():
            lines.append(
                f"{split}: {len(plan.to_do) - len(plan.failed)} visits {done}, "
                f"{len(plan.finished)} finished before, {len(plan.failed)} failed, in {self.folder}"
            )
            lines += [f"failed: {name}: {reason}" for name, reason in plan.failed.items()]
        return lines

    @property
    def problem(self) -> SchemaError | None:
        return SchemaError(_summary(self.failed)) if self.failed else None


@dataclass(frozen=True, eq=False)
class SplitFeatures:
    """A split's visits: how many, and why some are doubted or have no light curves, by name."""

    visits: int
    doubtful: dict[str, str]
    without_curves: dict[str, str]


@dataclass(frozen=True, eq=False)
class FittedVisits(Result):
    """What features found: what visits have in common, and each split's visits."""

    population: Population
    splits: dict[str, SplitFeatures]
    folder: Path

    def report(self) -> list[str]:
        lines = [self.population.describe()]
        for name, split in self.splits.items():
            lines.append(
                f"{name}: {split.visits} visits in {self.folder}, {len(split.doubtful)} doubtful "
                f"fits, {len(split.without_curves)} without light curves"
            )
            told = split.without_curves.items()
            lines += [f"without light curves: {visit}: {why}" for visit, why in told]
        return lines


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


def simulate(config: Config, record: RunRecord) -> Simulated:
    """Write a synthetic competition tree."""
    there = _anywhere(config)
    level = TELEMETRY if config.level == "telemetry" else light_curves_level(there)
    simulate_tree(config.sim, there.data.raw, config.seed, _workers(config), level)
    record.artifact(config.data.raw / "train.csv")
    return Simulated(config.data.raw, config.sim.planets, config.sim.test_planets)


def calibrate(
    config: Config, record: RunRecord, dry_run: bool = False, strict: bool = False
) -> CalibratedVisits:
    """Run the kill chain over every visit; those that fail are named, the others are done."""
    there = _anywhere(config)
    tree = KaggleTree(there.data.raw)
    out = WorkFolder(there.paths).calibrated
    if not dry_run:
        remove_strays(out.root)
    plans = {
        split: calibrate_split(config.calib, tree, split, out, _workers(config), dry_run, strict)
        for split in splits_of(config, tree)
    }
    return CalibratedVisits(plans, config.paths.calibrated, dry_run)


def _summary(failed: Mapping[str, str]) -> str:
    shown = "; ".join(f"{name}: {why}" for name, why in [*failed.items()][:_REASONS_SHOWN])
    more = len(failed) - _REASONS_SHOWN
    rest = f"; and {more} more, named above" if more > 0 else ""
    return (
        f"{len(failed)} visits failed, the rest are done: {shown}{rest}. Mend the files and repeat "
        "the command, or go on: `spectramind features` does without them"
    )


def features(config: Config, record: RunRecord) -> FittedVisits:
    """Extract light curves and fit the transits."""
    there = _anywhere(config)
    tree = KaggleTree(there.data.raw)
    folder = WorkFolder(there.paths)
    calibrated, made = folder.calibrated, folder.features
    remove_strays(made.root)
    jobs, failed = {}, {}
    for split in splits_of(config, tree):
        failed[split] = _not_calibrated(config, tree, split)
        rows = star_rows(tree, split)
        extract(config.features, tree, split, calibrated, made, _workers(config), failed[split])
        save_unmeasured(made, failed[split])
        jobs[split] = [job for job in rows if job[0] not in failed[split]]
    teachers = next((known for known in jobs.values() if known), [])
    population = learn_population(teachers, made, config.fit, _workers(config))
    found = {}
    for split, usable in jobs.items():
        fits = fit_visits(usable, made, config.fit, population, _workers(config))
        doubtful = {name: info["reason"] for name, info in fits.items() if info["reason"]}
        for visit, reason in (failed[split] | doubtful).items():
            record.warn(f"{visit}: {reason}")
        found[split] = SplitFeatures(len(usable) + len(failed[split]), doubtful, failed[split])
    return FittedVisits(population, found, config.paths.features)


def _not_calibrated(config: Config, tree: KaggleTree, split: str) -> dict[str, str]:
    """Reason by name of the visits whose calibration failed."""
    calibrated = WorkFolder(config.paths).calibrated
    logs = {
        visit.name: calibrated.log(visit.name)
        for visit in tree.visits(split)
        if not visit.light_curves_path.is_file()
    }
    return {name: reason for name, log in logs.items() if (reason := failure_of(log)) is not None}
