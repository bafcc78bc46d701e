"""TensorBoard: scalars below ``tensorboard/TRAINING``; ``tensorboard --logdir`` shows them."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spectramind.training.engine.tracker import Row


class TensorBoardTracker:
    """Event files of one training.

    Args:
        folder: of all trackers. training: its name. settings: digest, shown as text.
    """

    def __init__(self, folder: Path, training: str, settings: str) -> None:
        self.folder, self.settings = folder / "tensorboard" / training, settings
        self.writer: Any = None

    @staticmethod
    def load() -> Any:
        """Torch's writer; an ImportError where tensorboard is not installed."""
        return importlib.import_module("torch.utils.tensorboard")

    def begin(self, history: Sequence[Row]) -> None:
        """Scalars so far; a cut run's event files go, for theirs would be drawn twice."""
        for old in self.folder.glob("events.out.tfevents.*"):
            old.unlink()
        self.writer = self.load().SummaryWriter(str(self.folder))
        self.writer.add_text("settings", self.settings)
        for row in history:
            self.row(row)

    def row(self, row: Row) -> None:
        """One scalar a name."""
        for name, value in row.items():
            if name != "epoch":
                self.writer.add_scalar(name, value, int(row["epoch"]))
        self.writer.flush()

    def end(self) -> None:
        """Close the file."""
        if self.writer is not None:
            self.writer.close()
