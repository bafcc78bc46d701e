"""Commands that run now, as their progress files tell."""

import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from pydantic import AwareDatetime, BaseModel, ConfigDict, NonNegativeInt, ValidationError

from spectramind.contracts.work_folder import RecordFolder
from spectramind.server.answers import RunRow, StageState

STALE_S = 30.0
_MOST = 100  # files that are read: killed commands leave theirs
_LARGEST = 1 << 20


class _Stage(BaseModel):
    name: str
    done: NonNegativeInt
    total: NonNegativeInt
    left_s: float | None = None


class ProgressNote(BaseModel):
    """``progress/{run_id}.json``, written while a command runs; its end removes it."""

    model_config = ConfigDict(extra="ignore")

    run_id: str
    cmd: str
    pid: int
    host: str
    started: AwareDatetime
    updated: AwareDatetime
    cfg_hash: str | None = None
    science_hash: str | None = None
    args: dict[str, Any] = {}
    stages: list[_Stage] = []


@dataclass(frozen=True)
class RunningCommand:
    """A command without an event so far.

    Attributes:
        note: its file. lost: why it is taken for dead, empty while it lives.
    """

    note: ProgressNote
    lost: str

    def row(self, folder: str, now: datetime) -> RunRow:
        """As the table shows it."""
        note = self.note
        last = note.updated if self.lost else now
        left = note.stages[0].left_s if note.stages and not self.lost else None
        ends = None if left is None else note.updated + timedelta(seconds=min(left, 1e8))
        return RunRow(
            folder=folder,
            run_id=note.run_id,
            command=note.cmd,
            state="vanished" if self.lost else "running",
            started=in_utc(note.started),
            duration_s=max((last - note.started).total_seconds(), 0.0),
            stages=[StageState.model_validate(stage.model_dump()) for stage in note.stages],
            ends=None if ends is None else in_utc(ends),
            config_hash=note.cfg_hash,
            science_hash=note.science_hash,
            git=None,
            score=None,
            coverage=None,
            warnings=0,
            message=self.lost or None,
        )


def in_utc(moment: datetime) -> str:
    """As in events, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def running_in(folder: RecordFolder, now: datetime) -> tuple[list[RunningCommand], list[str]]:
    """Commands that have a progress file, and what of these files could not be read."""
    found, problems = [], []
    for path in _files(folder.running):
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError("it is too large")
            note = ProgressNote.model_validate_json(path.read_bytes())
        except FileNotFoundError:  # the command has just ended
            continue
        except (OSError, ValidationError, ValueError) as error:
            why = " ".join(str(error).split())[:120]
            problems.append(f"{path} is no progress file ({why}): it is left out")
            continue
        found.append(RunningCommand(note, _lost(note, now)))
    return found, problems


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith(".")][-_MOST:]


def _lost(note: ProgressNote, now: datetime) -> str:
    age = (now - note.updated).total_seconds()
    if _short(note.host) == _short(socket.gethostname()) and not _lives(note.pid):
        return f"process {note.pid} is gone and left no event: it was killed, run it again"
    if age > STALE_S:
        return f"no sign of life for {age:.0f} s, and no event: see whether it still runs"
    return ""


def _short(host: str) -> str:
    return host.partition(".")[0]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.AccessDenied:
        return True
    except (psutil.Error, ValueError, OverflowError):
        return False
