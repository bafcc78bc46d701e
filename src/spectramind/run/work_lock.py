"""One command at a time in a work folder: two would write the same files."""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from spectramind.errors import ConfigError
from spectramind.run.atomic import unwritable_is_told


@contextmanager
def work_folder_is_told(work: Path) -> Iterator[None]:
    """Turn what the system says of a folder that cannot be one into a line that says what to do.

    Raises:
        ConfigError: there is a file in its place, its name is too long, it may not be written.
        RuntimeRiskError: the disk is full.
    """
    try:
        with unwritable_is_told(work):
            yield
    except OSError as error:  # a file in the folder's place, a name too long, a dead mount
        raise ConfigError(
            f"paths.work={work} cannot be a work folder ({error.strerror}: {error.filename}): "
            "name another one with paths.work=FOLDER"
        ) from error


@contextmanager
def alone_in(work: Path, command: str, lock: Path) -> Iterator[None]:
    """Hold the work folder while a command runs.

    The kernel holds the lock, so nothing is left of a command that was killed.

    Args:
        work: the folder, made if it is missing.
        command: what holds it, as others are told.
        lock: its lock file.

    Raises:
        ConfigError: another command works there; which, and since when. Or it is no work folder.
        RuntimeRiskError: the disk is full.
    """
    with work_folder_is_told(work):
        lock.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{work}: {_holder(held)} works there: wait for its end, or say another paths.work"
            ) from None
        who = {
            "command": command,
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
        os.truncate(held, 0)
        os.pwrite(held, json.dumps(who).encode(), 0)
        yield
    finally:
        os.close(held)


def _holder(held: int) -> str:
    """Who holds the lock, as it says itself."""
    try:
        who = json.loads(os.pread(held, 4096, 0))
        return (
            f"`spectramind {who['command']}` (process {who['process']} on {who['host']}, "
            f"since {who['since']})"
        )
    except (ValueError, LookupError, TypeError):  # it has locked and not written yet
        return "another command"
