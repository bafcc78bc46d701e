"""simulate, calibrate: from nothing to light curves."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spectramind.calibration.calibrate_split import CalibrationPlan
from spectramind.calibration.calibrate_split import calibrate as calibrate_split
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import check_axes
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.pipeline.result import Result
from spectramind.pipeline.visits import open_tree, splits_of
from spectramind.run.atomic import atomic_path, remove_strays
from spectramind.run.pool import Workers
from spectramind.run.record import RunRecord
from spectramind.simulation.simulate_tree import TELEMETRY
from spectramind.simulation.simulate_tree import simulate as simulate_tree

_REASONS_SHOWN = 3
_MEANWHILE = "`spectramind features` does without them"


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
            lines += [f"left out: {name}: {what}" for name, what in plan.lost.items()]
            lines += [f"failed: {name}: {reason}" for name, reason in plan.failed.items()]
        return lines

    @property
    def problem(self) -> SchemaError | None:
        return SchemaError(told_together(self.failed, _MEANWHILE)) if self.failed else None


def workers_of(config: Config) -> Workers:
    """Where the work of visits runs."""
    return Workers(config.env.workers, config.env.executor, config.env.scheduler)


def anywhere(config: Config) -> Config:
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
    there = anywhere(config)
    remove_strays(there.data.raw)
    level = TELEMETRY if config.level == "telemetry" else light_curves_level(there)
    simulate_tree(config.sim, there.data.raw, config.seed, workers_of(config), level)
    record.artifact(config.data.raw / "train.csv")
    return Simulated(config.data.raw, config.sim.planets, config.sim.test_planets)


@dataclass(frozen=True, eq=False)
class Linked(Result):
    """``data.raw`` became a link to a tree."""

    raw: Path
    tree: Path
    splits: tuple[str, ...]

    def report(self) -> list[str]:
        return [f"{self.raw} is a link to {self.tree} ({', '.join(self.splits)})"]


def obtain(config: Config, record: RunRecord) -> Simulated | Linked:
    """Make ``data.raw`` be there: a link to the tree ``data.link``, or else a simulated one.

    Raises:
        ConfigError: a folder stands where the link must be.
        SchemaError: ``data.link`` is no tree.
    """
    raw, there = config.data.raw, config.data.link
    if there is None:
        if raw.is_symlink():  # nothing is ever written into somebody's tree
            raw.unlink()
        return simulate(config, record)
    target = there.absolute()
    tree = KaggleTree(target)
    splits = tuple(tree.splits())
    check_axes(tree)
    if not raw.is_symlink() and raw.exists():
        raise ConfigError(
            f"{raw} is a folder and data.link={there} wants it to be a link: move it away, or name "
            "another with paths.work or data.raw"
        )
    if not (raw.is_symlink() and raw.readlink() == target):
        with atomic_path(raw) as temporary:
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(target)
    record.artifact(raw / "train.csv")
    return Linked(raw, target, splits)


def calibrate(
    config: Config, record: RunRecord, dry_run: bool = False, strict: bool = False
) -> CalibratedVisits:
    """Run the kill chain over every visit; those that fail are named, the others are done."""
    there = anywhere(config)
    tree = open_tree(there)
    out = WorkFolder(there.paths).calibrated
    if not dry_run:
        remove_strays(out.root)
    plans = {
        split: calibrate_split(
            config.calib, tree, split, out, workers_of(config), dry_run, strict, config.calib.cache
        )
        for split in splits_of(config, tree)
    }
    for plan in plans.values():
        for name, what in plan.lost.items():
            record.warn(f"{name}: {what}: these exposures are left out")
    return CalibratedVisits(plans, config.paths.calibrated, dry_run)


def told_together(failed: Mapping[str, str], meanwhile: str) -> str:
    """One line about visits that failed, by name, and what may be done meanwhile."""
    shown = "; ".join(f"{name}: {why}" for name, why in [*failed.items()][:_REASONS_SHOWN])
    more = len(failed) - _REASONS_SHOWN
    rest = f"; and {more} more, named above" if more > 0 else ""
    return (
        f"{len(failed)} visits failed, the rest are done: {shown}{rest}. Mend the files and repeat "
        f"the command, or go on: {meanwhile}"
    )
