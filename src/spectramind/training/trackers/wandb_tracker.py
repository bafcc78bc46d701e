"""Weights & Biases, offline: a folder below ``wandb/`` a run; ``wandb sync`` sends it on."""

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spectramind.training.engine.tracker import Row


class WandbTracker:
    """An offline run of one training; one that goes on after a cut is a run with all epochs.

    Args:
        folder: of all trackers. training: its name. settings: digest, in the run's config.
    """

    def __init__(self, folder: Path, training: str, settings: str) -> None:
        self.folder, self.training, self.settings = folder, training, settings
        self.run: Any = None

    @staticmethod
    def load() -> Any:
        """The package; an ImportError where it is not installed."""
        return importlib.import_module("wandb")

    def begin(self, history: Sequence[Row]) -> None:
        """Open the run; nothing is sent anywhere, and nothing of the machine is noted."""
        wandb = self.load()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run = wandb.init(
            project="spectramind",
            name=self.training,
            config={"settings": self.settings},
            dir=str(self.folder),
            mode="offline",
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
            ),
        )
        for row in history:
            self.row(row)

    def row(self, row: Row) -> None:
        """One step."""
        self.run.log(row, step=int(row["epoch"]))

    def end(self) -> None:
        """Close the run, as failed where an error is on its way."""
        if self.run is not None:
            self.run.finish(exit_code=0 if sys.exception() is None else 1)
            self.load().teardown()  # ends its helper process, which only then has written all
