"""How the things in the report were made: earlier reports, sweeps, ablation, crossing folds."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.run_history import FoldTraining, RunHistory
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.evaluation.ablation_rows import AblationTable
from spectramind.pipeline.train_across import FoldRecord
from spectramind.run.record import read_events

T = TypeVar("T")
_SUPERVISED = "supervised"  # what the first network of a training is tracked as


class Reader(Protocol):
    """Reads a file; None, and the reason noted below a name, where it is not there or broken."""

    def __call__(self, name: str, path: Path, load: Callable[[], T | None]) -> T | None: ...


def run_history(config: Config, trained: Artifact | None, read: Reader) -> RunHistory:
    """What is there; what is broken is left out and noted."""
    folder = WorkFolder(config.paths)
    numbers, versions = folder.ablation.numbers, folder.diagnostics.versions
    return RunHistory(
        ablation=read("ablation", numbers, lambda: AblationTable.load(numbers)),
        versions=read("versions", versions, lambda: _lines(versions)) or (),
        folds=read("folds", config.paths.checkpoint, lambda: _folds(config, trained)) or (),
        sweeps=_sweeps(folder),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    """One mapping a line.

    Raises:
        SchemaError: a line is none.
    """
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise SchemaError(f"{path} cannot be read ({error}): delete it, it begins anew") from error
    if not all(isinstance(line, dict) for line in lines):
        raise SchemaError(f"{path} holds a line that is no JSON object: delete it, it begins anew")
    return lines


def _folds(config: Config, trained: Artifact | None) -> list[FoldTraining]:
    """Finished folds that the checkpoint came from; those of another training do not count."""
    if trained is None or config.split.scheme != "cross":
        return []
    found = []
    for number in range(config.split.folds):
        path = WorkFolder(config.paths).fold_done(number)
        if not path.is_file():
            continue
        note = FoldRecord.load(path)
        if note.settings == digest(trained.settings, number):
            found.append(FoldTraining(number, note.epochs, note.history))
    return found


def trainings_now(config: Config, since: float) -> list[FoldTraining]:
    """Trainings that a command which runs now has begun, with the epochs they have so far.

    Args:
        since: when the command began [s since 1970]: what was tracked before is another's.
    """
    folder = WorkFolder(config.paths)
    places = [folder.tracking]
    if config.split.scheme == "cross":
        places = [WorkFolder(folder.fold(n)).tracking for n in range(config.split.folds)]
    found = []
    for number, place in enumerate(places):
        path = place / f"{_SUPERVISED}.jsonl"
        try:
            if path.stat().st_mtime < since:
                continue
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        epochs = [row for line in lines if (row := _row_of(line)) is not None]
        if epochs:
            found.append(FoldTraining(number, (), epochs))
    return found


def _row_of(line: str) -> dict[str, float] | None:
    """An epoch's row; None of a line that is only half there."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and "epoch" in row else None


def _sweeps(folder: WorkFolder) -> list[dict[str, Any]]:
    """Events of every job, oldest first."""
    events = [event for job in folder.sweep_records for event in read_events(job.root)]
    return sorted(events, key=lambda event: str(event.get("ts")))
