"""simulate, calibrate, features: from nothing to what the models read."""

from spectramind.calibration.run import calibrate as calibrate_split
from spectramind.config.root import Config
from spectramind.dataset.tree import KaggleTree
from spectramind.features.depths import fit_visits
from spectramind.features.run import extract
from spectramind.pipeline.light_curves import light_curves_level
from spectramind.pipeline.visits import splits_of, star_rows
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.simulation.run import TELEMETRY
from spectramind.simulation.run import simulate as simulate_tree


def simulate(config: Config, record: RunRecord) -> None:
    """Write a synthetic competition tree."""
    level = TELEMETRY if config.level == "telemetry" else light_curves_level(config)
    simulate_tree(config.sim, config.data.raw, config.seed, config.env.workers, level)
    record.artifact(config.data.raw / "train.csv")
    show(
        f"simulated {config.sim.planets} training and {config.sim.test_planets} test planets "
        f"in {config.data.raw}"
    )


def calibrate(config: Config, record: RunRecord, dry_run: bool = False) -> None:
    """Run the kill chain over every visit."""
    tree = KaggleTree(config.data.raw)
    for split in splits_of(config, tree):
        plan = calibrate_split(
            config.calib, tree, split, config.paths.calibrated, config.env.workers, dry_run
        )
        done = "to calibrate" if dry_run else "calibrated now"
        show(
            f"{split}: {len(plan.to_do)} visits {done}, {len(plan.finished)} finished before, "
            f"in {config.paths.calibrated}"
        )


def features(config: Config, record: RunRecord) -> None:
    """Extract light curves and fit the transits."""
    tree = KaggleTree(config.data.raw)
    for split in splits_of(config, tree):
        jobs = star_rows(tree, split)
        extract(
            config.features,
            tree,
            split,
            config.paths.calibrated,
            config.paths.features,
            config.env.workers,
        )
        doubtful = fit_visits(jobs, config.paths.features, config.fit, config.env.workers)
        for visit, reason in doubtful.items():
            record.warn(f"{visit}: {reason}")
        show(
            f"{split}: {len(jobs)} visits in {config.paths.features}, {len(doubtful)} doubtful fits"
        )
