"""A work folder's events, read on from where the last reading ended."""

import math
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from threading import Lock
from typing import BinaryIO, Literal

from pydantic import ValidationError

from spectramind.contracts.predictive import SUBMITTED
from spectramind.run.events import Event
from spectramind.server.refusals import NotThereError

_BETWEEN = "; "  # of the warnings in an event's message
_PIECE = 4 << 20  # bytes read at once
_KNOWN = 64  # bytes before the end of what was read, which tell whether it is the same file still


@dataclass(frozen=True, slots=True)
class ToldCommand:
    """What a table shows of an event; the rest is read again where it is asked for.

    Attributes:
        run_id, command, state, started, duration_s, config_hash, science_hash, git, score,
            coverage, warnings, message: as in ``RunRow``.
        begins, length: of its line in the file [bytes].
    """

    run_id: str
    command: str
    state: Literal["ok", "warn", "fail"]
    started: str
    duration_s: float
    config_hash: str | None
    science_hash: str | None
    git: str | None
    score: float | None
    coverage: float | None
    warnings: int
    message: str | None
    begins: int
    length: int


class EventJournal:
    """``events.jsonl`` of one work folder, which other processes append to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._forget()

    def read(self) -> tuple[list[ToldCommand], list[str]]:
        """All commands so far, oldest first, and what of the file could not be read."""
        with self._lock:
            try:
                self._read_on()
            except FileNotFoundError:
                self._forget()
            except OSError as error:
                self._forget()
                return [], [f"{self.path} cannot be read ({error.strerror}): see its permissions"]
            return list(self._told), self._problems()

    def whole(self, told: ToldCommand) -> Event:
        """The event itself.

        Raises:
            NotThereError: it is not in the file any more.
        """
        try:
            with self.path.open("rb") as stream:
                stream.seek(told.begins)
                event = Event.model_validate_json(stream.read(told.length))
        except (OSError, ValidationError) as error:
            raise NotThereError(
                f"{self.path} no longer holds {told.run_id}: open Runs again"
            ) from error
        if event.run_id != told.run_id:
            raise NotThereError(f"{self.path} was written anew: open Runs again")
        return event

    def _forget(self) -> None:
        self._told: list[ToldCommand] = []
        self._end, self._inode, self._known = 0, 0, b""
        self._lines, self._broken, self._half = 0, 0, False

    def _read_on(self) -> None:
        with self.path.open("rb") as stream:
            inode = self.path.stat().st_ino
            size = stream.seek(0, 2)
            if inode != self._inode or size < self._end or not self._same(stream):
                self._forget()
                self._inode = inode
            stream.seek(self._end)
            rest = b""
            while piece := stream.read(_PIECE):
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    self._take(line)
            self._half = bool(rest.strip())
            before = max(self._end - _KNOWN, 0)
            stream.seek(before)
            self._known = stream.read(self._end - before)

    def _same(self, stream: BinaryIO) -> bool:
        stream.seek(self._end - len(self._known))
        return stream.read(len(self._known)) == self._known

    def _take(self, line: bytes) -> None:
        begins, self._end = self._end, self._end + len(line) + 1
        self._lines += 1
        if not line.strip():
            return
        try:
            self._told.append(_told(Event.model_validate_json(line), begins, len(line)))
        except ValidationError:
            self._broken += 1

    def _problems(self) -> list[str]:
        found = []
        if self._broken:
            found.append(
                f"{self.path} holds {self._broken} of {self._lines} lines that are no event; "
                "they are left out"
            )
        if self._half:
            found.append(f"the last line of {self.path} is not whole (yet); it is left out")
        return found


def _told(event: Event, begins: int, length: int) -> ToldCommand:
    metrics, message = event.metrics, event.message
    return ToldCommand(
        run_id=event.run_id,
        command=intern(event.cmd),
        state=event.status,
        started=event.ts,
        duration_s=event.duration_ms / 1000,
        config_hash=event.cfg_hash and intern(event.cfg_hash),
        science_hash=event.science_hash and intern(event.science_hash),
        git=event.git_sha and intern(event.git_sha),
        score=_finite(metrics.get(f"score_{SUBMITTED}")),
        coverage=_finite(metrics.get("coverage_1sigma")),
        warnings=len((message or "").split(_BETWEEN)) if event.status == "warn" else 0,
        message=message,
        begins=begins,
        length=length,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
