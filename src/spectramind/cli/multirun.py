"""``-m``: the same command under Hydra's own sweepers and launchers."""

import sys
from importlib.util import find_spec
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from spectramind.cli.execute import Call, run
from spectramind.config.compose import ROOT_NAME, compose, freeze, resource_dir
from spectramind.config.typed_overrides import swept_keys, understood
from spectramind.diagnostics.topics import TOPICS
from spectramind.errors import ConfigError, SpectraMindError

# What each command writes. In a sweep these move below the job's folder, so that no two jobs write
# one file; what a command reads stays where it is, shared by all jobs.
WRITES = {
    "simulate": ("data.raw", "paths.calibrated"),  # the latter with level=lightcurves
    "obtain": ("data.raw", "paths.calibrated"),
    "simulate-report": ("paths.simulation_report",),
    "calibrate": ("paths.calibrated",),
    "features": ("paths.features",),
    "train": ("paths.checkpoint", "paths.plots"),
    "export network": ("paths.exports",),
    "export spectra": ("paths.exports",),
    "calibrate-temp": ("paths.temperature",),
    "calibrate-corel": ("paths.corel",),
    "predict": ("paths.predictions", "paths.submission"),
    "score": ("paths.score", "paths.plots"),
    "audit": ("paths.audit",),
    "ablate": ("paths.ablation",),
    "gate": ("paths.gate",),
    "diagnose dashboard": ("diag.html.out", "paths.diagnostics"),
    **{f"diagnose {topic.name}": ("diag.html.out", "paths.diagnostics") for topic in TOPICS},
    "explain": (),
    "retrieve": ("paths.retrieval",),
    "submit bundle": ("paths.bundle",),
    "submit validate": (),
    "kaggle-bundle": ("paths.kaggle",),
}
# Launchers that a plugin of Hydra brings: its package, and the extra that installs it.
_PLUGINS = {
    "joblib": ("hydra_plugins.hydra_joblib_launcher", "sweep"),
    "submitit_slurm": ("hydra_plugins.hydra_submitit_launcher", "slurm"),
    "submitit_local": ("hydra_plugins.hydra_submitit_launcher", "slurm"),
}
# Read if it is there, else written: a split made by hand holds for every job.
READ_OR_WRITTEN = {"train": "paths.splits", "ablate": "paths.splits"}


def sweep(call: Call) -> None:
    """Run every combination; each job writes its outputs and its record to its own folder.

    Raises:
        ConfigError: an override that Hydra's grammar or the tree does not know, or one path for all
            jobs that each of them would write; or a launcher whose plugin is not installed.
        SpectraMindError: a job's own; the sweep stops there.
    """
    overrides = understood(call.all_overrides(), sweep=True)
    swept = swept_keys(overrides)
    typed = {override.partition("=")[0] for override in overrides}
    own = "paths.work" in swept
    failed: list[SpectraMindError] = []  # of jobs in this process
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
        try:
            config = freeze(tree)
            run(call, config, [*HydraConfig.get().overrides.task], None if own else folder)
        except SpectraMindError as error:
            failed.append(error)
            raise

    # Hydra's decorator reads the command line itself.
    launcher = _launcher(overrides, swept)
    given = sys.argv
    sys.argv = [given[0], "--multirun", *launcher, *overrides]
    try:
        job()
    except SystemExit as stop:
        if failed:
            raise failed[0] from stop
        if stop.code:
            raise ConfigError("the sweep stopped: Hydra's message stands above") from stop
    finally:
        sys.argv = given


def _launcher(overrides: list[str], swept: set[str]) -> list[str]:
    """Hydra's override for ``env.launcher``; a launcher typed in Hydra's own words goes first."""
    keys = {override: override.partition("=")[0] for override in overrides}
    if "hydra/launcher" in keys.values():
        return []
    ours = [o for o, key in keys.items() if key not in swept and not key.startswith("hydra")]
    name = compose(ours).env.launcher
    if name == "basic":
        return []
    package, extra = _PLUGINS[name]
    if find_spec("hydra_plugins") is None or find_spec(package) is None:
        raise ConfigError(
            f"env.launcher={name} needs a plugin of Hydra: pip install 'spectramind[{extra}]', or "
            "sweep here with env.launcher=basic"
        )
    return [f"hydra/launcher={name}"]


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
