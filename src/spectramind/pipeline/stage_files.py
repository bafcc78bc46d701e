"""Which files each command of the DVC chain leaves, and which settings change none of them."""

from pathlib import Path

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED
from spectramind.contracts.stages import STAGES
from spectramind.contracts.work_folder import WorkFolder

# Commands of the DVC chain: `obtain` links a tree or simulates one.
CHAIN = tuple("obtain" if stage == "simulate" else stage for stage in STAGES)
# Settings, or sections of them, that no stage depends on: where files lie, how the work is shared
# out, what is logged, and those of commands beside the chain.
BESIDE_THE_CHAIN = (
    "paths",
    "logger",
    "gate",
    "ablate",
    "export",
    "explain",
    "physics",
    "retrieval",
    "calib.cache",
    "env.workers",
    "env.executor",
    "env.scheduler",
    "env.threads",
    "env.launcher",
    "env.budget",
)


def stage_outs(config: Config, command: str) -> set[Path]:
    """The files and folders that DVC follows of a command of ``CHAIN``."""
    paths, folder = config.paths, WorkFolder(config.paths)
    calibrators, plots = folder.calibrators(SUBMITTED), folder.plots
    left: dict[str, set[Path]] = {
        "obtain": {config.data.raw},
        "calibrate": {paths.calibrated},
        "features": {paths.features},
        "train": {paths.checkpoint.parent, paths.splits.parent, plots.training},
        "calibrate-temp": {paths.temperature},
        "calibrate-corel": {paths.corel, calibrators.seen},
        "predict": {paths.predictions, paths.submission, folder.applied},
        "score": {paths.score, plots.metrics, plots.coverage, plots.worst_planets},
        "audit": {paths.audit},
        "diagnose dashboard": {config.diag.html.out},
        "submit bundle": {paths.bundle},
    }
    return left[command]
