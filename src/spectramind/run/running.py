"""The contract of ``progress/{run_id}.json``: how far a command is that runs now."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError, first_fault

# A command that lives says so every few seconds: one silent for longer is gone, or its machine is.
STALE_S = 30.0
_Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class RunningStage(BaseModel):
    """A loop of the command that runs now.

    Attributes:
        name: the stage's. done: its items that are done. total: of how many.
        left_s: forecast of the seconds to its end; None: too early to tell.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    done: Annotated[int, Field(ge=0)]
    total: Annotated[int, Field(ge=0)]
    left_s: Annotated[float, Field(ge=0)] | None


class RunningCommand(BaseModel):
    """A command that runs now.

    Attributes:
        run_id, cmd, args, cfg_hash, science_hash: as its event will have them.
        pid, host: its process. started: when; updated: when this was written (UTC).
        stages: its loops, the outermost first; empty between them.
    """

    model_config = ConfigDict(extra="forbid")

    run_id: str
    cmd: str
    pid: Annotated[int, Field(gt=0)]
    host: str
    started: _Moment
    updated: _Moment
    cfg_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None
    science_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None
    args: dict[str, Any]
    stages: list[RunningStage]

    @property
    def silent_s(self) -> float:
        """Seconds since it last said that it lives."""
        last = datetime.strptime(self.updated, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return (datetime.now(UTC) - last).total_seconds()

    @property
    def lives(self) -> bool:
        """Whether it was heard of lately and, on this machine, its process is there."""
        if self.silent_s > STALE_S:
            return False
        if self.host != socket.gethostname():
            return True
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # another user's process
            return True
        return True

    @classmethod
    def read(cls, path: Path) -> "RunningCommand":
        """Read a file of a work folder's ``progress/``.

        Raises:
            FileNotFoundError: the command has ended meanwhile.
            SchemaError: it is not what a command writes.
        """
        try:
            return cls.model_validate_json(path.read_text(encoding="utf-8"))
        except ValidationError as error:
            raise SchemaError(f"{path} tells of no command: {first_fault(error)}") from error
        except UnicodeDecodeError as error:
            raise SchemaError(f"{path} tells of no command: it is no text") from error


def running_in(work: Path) -> list[RunningCommand]:
    """Commands whose progress lies in a work folder, also of those that were killed (``lives``).

    Raises:
        SchemaError: a file is not what a command writes.
    """
    found = []
    for path in sorted(RecordFolder(work).running.glob("*.json")):
        try:
            found.append(RunningCommand.read(path))
        except FileNotFoundError:
            continue
    return found
