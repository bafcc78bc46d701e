"""``progress/{run_id}.json``: what a command says of itself while it runs.

A thread of its own writes it, so that a long computation does not look dead; the loops pay nothing.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SpectraMindError
from spectramind.run.atomic import remove_strays, write_text
from spectramind.run.processes import processes
from spectramind.run.record import RunRecord, readable
from spectramind.run.running import STALE_S, RunningCommand, RunningStage
from spectramind.run.stage_clock import loops_now

_LOOK_EVERY_S = 0.5  # and written at most as often
_SAID_EVERY_S = 5.0
_LAST_WORD_S = 2.0
# What a full or read-only disk, or a limit on memory, makes of a write.
_NOT_TOLD = (OSError, SpectraMindError, MemoryError)


@contextmanager
def under_way(record: RunRecord) -> Iterator[None]:
    """Tell of a command while it runs; of several processes that are one, the first one tells.

    The command holds its folder, so what another left there is a killed one's, and goes. A file
    that cannot be written stops nothing.
    """
    if not processes().first:
        yield
        return
    folder = RecordFolder(record.work.absolute())  # the command may go elsewhere
    _sweep(folder.running)
    heart = _Heart(record, folder.progress(record.run_id))
    try:
        heart.begin()
        yield
    finally:
        heart.end()


class _Heart:
    """Writes one command's file."""

    def __init__(self, record: RunRecord, path: Path) -> None:
        self._record, self._path = record, path
        self._args = readable(record.args)
        self._said: list[tuple[str, int, int]] | None = None
        self._when = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="progress")

    def begin(self) -> None:
        self._tell()
        with suppress(RuntimeError):  # no memory for its stack: the command says so if it matters
            self._thread.start()

    def end(self) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(_LAST_WORD_S)
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()  # that it is empty is all there is to say

    def _beat(self) -> None:
        if hasattr(signal, "pthread_sigmask"):  # signals are the main thread's
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while not self._ended.wait(_LOOK_EVERY_S):
            self._tell()

    def _tell(self) -> None:
        with suppress(*_NOT_TOLD):
            stages = [
                RunningStage(
                    name=loop.name,
                    done=loop.done,
                    total=loop.pace.total,
                    left_s=None if (left := loop.left_s) is None else round(left, 1),
                )
                for loop in loops_now()
            ]
            said = [(one.name, one.done, one.total) for one in stages]
            if said == self._said and time.monotonic() - self._when < _SAID_EVERY_S:
                return
            write_text(self._path, self._note(stages).model_dump_json() + "\n")
            self._said, self._when = said, time.monotonic()

    def _note(self, stages: list[RunningStage]) -> RunningCommand:
        record = self._record
        return RunningCommand(
            run_id=record.run_id,
            cmd=record.cmd,
            pid=os.getpid(),
            host=socket.gethostname(),
            started=record.timestamp,
            updated=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            cfg_hash=record.cfg_hash,
            science_hash=record.science_hash,
            args=self._args,
            stages=stages,
        )


def _sweep(folder: Path) -> None:
    """Remove what killed commands left; of another machine's, which the lock may not know, what is
    stale.
    """
    with suppress(OSError):
        remove_strays(folder, deep=False)
        for path in folder.glob("*.json"):
            try:
                note = RunningCommand.read(path)
            except SpectraMindError:  # half of one: its disk was full
                path.unlink(missing_ok=True)
                continue
            if note.host == socket.gethostname() or note.silent_s > STALE_S:
                path.unlink(missing_ok=True)
