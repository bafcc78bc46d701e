"""MLflow, file store: runs below ``mlflow/``; ``mlflow ui --backend-store-uri`` shows them."""

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spectramind.training.engine.tracker import Row

_EXPERIMENT = "spectramind"


class MlflowTracker:
    """A run of one training; one that goes on after a cut is a run with all epochs.

    Args:
        folder: of all trackers. training: its name. settings: digest, a tag of the run.
    """

    def __init__(self, folder: Path, training: str, settings: str) -> None:
        self.store, self.training, self.settings = folder / "mlflow", training, settings
        self.client: Any = None
        self.run_id = ""

    @staticmethod
    def load() -> Any:
        """The package; an ImportError where it is not installed. Nothing is sent anywhere."""
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # else only data bases
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        return importlib.import_module("mlflow.tracking")

    def begin(self, history: Sequence[Row]) -> None:
        """Open the run."""
        self.store.mkdir(parents=True, exist_ok=True)
        self.client = self.load().MlflowClient(tracking_uri=self.store.absolute().as_uri())
        known = self.client.get_experiment_by_name(_EXPERIMENT)
        where = known.experiment_id if known else self.client.create_experiment(_EXPERIMENT)
        run = self.client.create_run(
            where, run_name=self.training, tags={"settings": self.settings}
        )
        self.run_id = run.info.run_id
        for row in history:
            self.row(row)

    def row(self, row: Row) -> None:
        """One metric a name."""
        for name, value in row.items():
            if name != "epoch":
                self.client.log_metric(self.run_id, name, value, step=int(row["epoch"]))

    def end(self) -> None:
        """Close the run, as failed where an error is on its way."""
        if self.run_id:
            status = "FINISHED" if sys.exception() is None else "FAILED"
            self.client.set_terminated(self.run_id, status)
