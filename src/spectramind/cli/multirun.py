"""``-m``: the same command under Hydra's own sweepers and launchers."""

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

from spectramind.cli.execute import Call, run
from spectramind.config.compose import ROOT_NAME, freeze, resource_dir
from spectramind.config.overrides import normalise
from spectramind.errors import ConfigError


def sweep(call: Call) -> None:
    """Run every combination; each job writes its outputs to its own folder of the sweep.

    Raises:
        ConfigError: an override that Hydra's grammar or the tree does not know.
    """
    overrides = [normalise(override) for override in call.all_overrides()]

    @hydra.main(str(resource_dir("configs")), ROOT_NAME, version_base="1.3")
    def job(tree: DictConfig) -> None:
        folder = Path(HydraConfig.get().runtime.output_dir)
        with open_dict(tree):
            tree.paths.outputs = str(folder)
        run(call, freeze(tree), [*HydraConfig.get().overrides.task])

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
