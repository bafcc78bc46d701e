"""Commands that run now, as their progress files tell."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError
from spectramind.run.running import STALE_S, RunningCommand
from spectramind.server.answers import RunRow, StageState

_MOST = 100  # files that are read: killed commands leave theirs
_LARGEST = 1 << 20
_LONGEST_S = 1e8  # of forecasts


@dataclass(frozen=True)
class UnendedCommand:
    """A command without an event so far.

    Attributes:
        note: its file. lost: why it is taken for dead, empty while it lives.
    """

    note: RunningCommand
    lost: str

    def row(self, folder: str, now: datetime) -> RunRow:
        """As the table shows it."""
        note, updated = self.note, datetime.fromisoformat(self.note.updated)
        last = updated if self.lost else now
        left = note.stages[0].left_s if note.stages and not self.lost else None
        ends = None if left is None else updated + timedelta(seconds=min(left, _LONGEST_S))
        return RunRow(
            folder=folder,
            run_id=note.run_id,
            command=note.cmd,
            state="vanished" if self.lost else "running",
            started=note.started,
            duration_s=max((last - datetime.fromisoformat(note.started)).total_seconds(), 0.0),
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


def unended_in(folder: RecordFolder) -> tuple[list[UnendedCommand], list[str]]:
    """Commands that have a progress file, and what of these files could not be read."""
    found, problems = [], []
    for path in _files(folder.running):
        try:
            if path.stat().st_size > _LARGEST:
                raise SchemaError(f"{path} tells of no command: it is too large")
            note = RunningCommand.read(path)
            datetime.fromisoformat(note.started), datetime.fromisoformat(note.updated)
        except FileNotFoundError:  # the command has just ended
            continue
        except SchemaError as error:
            problems.append(f"{error}; it is left out")
        except (OSError, ValueError) as error:  # no leave to read; the 31st of February
            problems.append(f"{path} cannot be read ({error}); it is left out")
        else:
            found.append(UnendedCommand(note, _lost(note)))
    return found, problems


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError:
        return []
    return [folder / name for name in names if not name.startswith(".")][-_MOST:]


def _lost(note: RunningCommand) -> str:
    if note.lives:
        return ""
    if note.silent_s > STALE_S:
        silent = f"no sign of life for {note.silent_s:.0f} s, and no event"
        return f"{silent}: see whether it still runs on {note.host}"
    return f"process {note.pid} is gone and left no event: it was killed, run it again"
