"""simulate, calibrate, features: from nothing to what the models read."""

from collections.abc import Mapping

from spectramind.calibration.calibrate_split import calibrate as calibrate_split
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.features.extract import extract
from spectramind.features.fits import fit_visits, learn_population, save_unmeasured
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.pipeline.visits import splits_of, star_rows
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
    tree = KaggleTree(there.data.raw)
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
        raise SchemaError(_summary(failed))


def _summary(failed: Mapping[str, str]) -> str:
    shown = "; ".join(f"{name}: {why}" for name, why in [*failed.items()][:_REASONS_SHOWN])
    more = len(failed) - _REASONS_SHOWN
    rest = f"; and {more} more, named above" if more > 0 else ""
    return (
        f"{len(failed)} visits failed, the rest are done: {shown}{rest}. Mend the files and repeat "
        "the command, or go on: `spectramind features` does without them"
    )


def features(config: Config, record: RunRecord) -> None:
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
    show(population.describe())
    for split, usable in jobs.items():
        fits = fit_visits(usable, made, config.fit, population, _workers(config))
        doubtful = {name: info["reason"] for name, info in fits.items() if info["reason"]}
        for visit, reason in (failed[split] | doubtful).items():
            record.warn(f"{visit}: {reason}")
        show(
            f"{split}: {len(usable) + len(failed[split])} visits in {config.paths.features}, "
            f"{len(doubtful)} doubtful fits, {len(failed[split])} without light curves",
            *(f"without light curves: {name}: {why}" for name, why in failed[split].items()),
        )


def _not_calibrated(config: Config, tree: KaggleTree, split: str) -> dict[str, str]:
    """Reason by name of the visits whose calibration failed."""
    calibrated = WorkFolder(config.paths).calibrated
    logs = {
        visit.name: calibrated.log(visit.name)
        for visit in tree.visits(split)
        if not visit.light_curves_path.is_file()
    }
    return {name: reason for name, log in logs.items() if (reason := failure_of(log)) is not None}
