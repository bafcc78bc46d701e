"""``-m``: the same command under Hydra's own sweepers and launchers."""

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from spectramind.cli.execute import Call, run
from spectramind.config.compose import ROOT_NAME, freeze, resource_dir
from spectramind.config.typed_overrides import swept_keys, understood
from spectramind.diagnostics.topics import TOPICS
from spectramind.errors import ConfigError

# What each command writes. In a sweep these move below the job's folder, so that no two jobs write
# one file; what a command reads stays where it is, shared by all jobs.
WRITES = {
    "simulate": ("data.raw", "paths.calibrated"),  # the latter with level=lightcurves
    "simulate-report": ("paths.simulation_report",),
    "calibrate": ("paths.calibrated",),
    "features": ("paths.features",),
    "train": ("paths.checkpoint",),
    "export network": ("paths.exports",),
    "export spectra": ("paths.exports",),
    "calibrate-temp": ("paths.temperature",),
    "calibrate-corel": ("paths.corel",),
    "predict": ("paths.predictions", "paths.submission"),
    "score": ("paths.score",),
    "audit": ("paths.audit",),
    "ablate": ("paths.ablation",),
    "gate": ("paths.gate",),
    "diagnose dashboard": ("diag.html.out", "paths.diagnostics"),
    **{f"diagnose {topic.name}": ("diag.html.out", "paths.diagnostics") for topic in TOPICS},
    "explain": (),
    "submit bundle": ("paths.bundle",),
    "submit validate": (),
}
# Read if it is there, else written: a split made by hand holds for every job.
READ_OR_WRITTEN = {"train": "paths.splits", "ablate": "paths.splits"}


def sweep(call: Call) -> None:
    """Run every combination; each job writes its outputs and its record to its own folder.

    Raises:
        ConfigError: an override that Hydra's grammar or the tree does not know, or one path for all
            jobs that each of them would write.
    """
    overrides = understood(call.all_overrides(), sweep=True)
    swept = swept_keys(overrides)
    typed = {override.partition("=")[0] for override in overrides}
    own = "paths.work" in swept
    for key in WRITES[call.command]:
        if key in typed and key not in swept and not own:
            raise ConfigError(
                f"{key} names one place that every job of the sweep would write: leave it out "
                "(each job has a folder of its own below paths.work/multirun) or give as many "
                "values as jobs"
            )

    @hydra.main(str(resource_dir("configs")), ROOT_NAME, version_base="1.3")
    def job(tree: DictConfig) -> None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        if not own:
            _move(tree, _moving(call.command, tree, swept), folder)
        config = freeze(tree)
        run(call, config, [*HydraConfig.get().overrides.task], None if own else folder)

    # Hydra's decorator reads the command line itself.
    given = sys.argv
    sys.argv = [given[0], "--multirun", *overrides]
    try:
        job()
    except SystemExit as stop:
        if stop.code:
            raise ConfigError("the sweep stopped: Hydra's message stands above") from stop
    finally:
        sys.argv = given


def _moving(command: str, tree: DictConfig, swept: set[str]) -> list[str]:
    """Keys of the paths that this job has for itself, unless the sweep names them."""
    keys = [*WRITES[command]]
    maybe = READ_OR_WRITTEN.get(command)
    if maybe is not None and not Path(OmegaConf.select(tree, maybe)).expanduser().is_file():
        keys.append(maybe)
    return [key for key in keys if key not in swept]


def _move(tree: DictConfig, keys: list[str], folder: Path) -> None:
    """Put the paths below the folder: as they lie below ``paths.outputs``, else below the work."""
    roots = [Path(tree.paths.outputs), Path(tree.paths.work)]
    before = {key: Path(OmegaConf.select(tree, key)) for key in keys}
    with open_dict(tree):
        for key, path in before.items():
            inside = [path.relative_to(root) for root in roots if path.is_relative_to(root)]
            OmegaConf.update(tree, key, str(folder / (inside[0] if inside else path.name)))
