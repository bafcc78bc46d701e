"""The trackers of a training: lines of JSON always, and one service that ``logger`` names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spectramind.errors import ConfigError
from spectramind.training.engine.tracker import Row, Tracker
from spectramind.training.trackers.jsonl_tracker import JsonlTracker
from spectramind.training.trackers.mlflow_tracker import MlflowTracker
from spectramind.training.trackers.tensorboard_tracker import TensorBoardTracker
from spectramind.training.trackers.wandb_tracker import WandbTracker

_Service = type[TensorBoardTracker] | type[WandbTracker] | type[MlflowTracker]
# What logger calls it -> what to install for it, the tracker.
_SERVICES: dict[str, tuple[str, _Service]] = {
    "tensorboard": ("tensorboard", TensorBoardTracker),
    "wandb": ("wandb", WandbTracker),
    "mlflow": ("mlflow-skinny", MlflowTracker),
}


@dataclass(frozen=True)
class Trackers:
    """Tells several trackers the same."""

    every: tuple[Tracker, ...]

    def begin(self, history: Sequence[Row]) -> None:
        """To each."""
        for one in self.every:
            one.begin(history)

    def row(self, row: Row) -> None:
        """To each."""
        for one in self.every:
            one.row(row)

    def end(self) -> None:
        """To each."""
        for one in self.every:
            one.end()


def require_service(kind: str) -> None:
    """Refuse a service whose package is not there, before any work is done for it.

    Raises:
        ConfigError: the package cannot be imported.
    """
    if kind not in _SERVICES:
        return
    package, service = _SERVICES[kind]
    try:
        service.load()
    except ImportError as error:
        raise ConfigError(
            f"logger={kind} needs the package {package} ({error}): pip install {package}, or set "
            "logger=jsonl"
        ) from error


def open_trackers(kind: str, folder: Path, training: str, settings: str) -> Trackers:
    """The trackers of one training.

    Args:
        kind: ``jsonl`` or a service beside it. folder: of all trackers.
        training: its name. settings: digest of all that it depends on.

    Raises:
        ConfigError: the service's package cannot be imported.
    """
    lines: Tracker = JsonlTracker(folder / f"{training}.jsonl")
    if kind not in _SERVICES:
        return Trackers((lines,))
    require_service(kind)
    return Trackers((lines, _SERVICES[kind][1](folder, training, settings)))
