"""Writes that are whole or not there: a temporary file beside the target, then rename."""

import csv
import errno
import io
import json
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import ConfigError, RuntimeRiskError
from spectramind.run.processes import processes

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_STRAY = re.compile(r"\..+\.(?P<host>[^.]+)-(?P<process>\d+)\.tmp")
# No write takes this long: what another machine left for longer is nobody's.
_ABANDONED_S = 24 * 3600.0


def _host() -> str:
    return socket.gethostname().partition(".")[0]


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path; on success it becomes ``target``, on failure it is removed.

    Its name says which process of which machine writes it, so that two of them never write one
    file and ``remove_strays`` knows what a killed one left. Where several processes are one command
    (torchrun), the first one writes: what another writes lands in a folder that is thrown away.

    Raises:
        ConfigError: the file may not be written.
        RuntimeRiskError: the disk is full, or a quota or limit on the size of files is reached.
    """
    if not processes().first:
        with tempfile.TemporaryDirectory() as dropped:
            yield Path(dropped) / target.name
        return
    with unwritable_is_told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.{_host()}-{os.getpid()}.tmp")
        try:
            yield temporary
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def unwritable_is_told(target: Path) -> Iterator[None]:
    """Turn "no room" and "not allowed" into one line that names the file and the way out.

    Raises:
        ConfigError: the file or its folder may not be written, or is on a read-only disk.
        RuntimeRiskError: the disk is full, or a quota or limit on the size of files is reached.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NOT_ALLOWED:
            raise ConfigError(
                f"{error.filename or target} cannot be written ({os.strerror(error.errno)}): "
                "name a folder of your own with paths.work=FOLDER, or the key of this path"
            ) from error
        if error.errno not in _NO_ROOM:
            raise
        raise RuntimeRiskError(
            f"no room to write {target} ({os.strerror(error.errno)}): free space or name another "
            "folder; the same command goes on where this one stopped"
        ) from error


def remove_strays(folder: Path, deep: bool = True) -> None:
    """Remove temporary files whose writer was killed, below ``folder`` or (not ``deep``) right in
    it.
    """
    for path in folder.rglob(".*.tmp") if deep else folder.glob(".*.tmp"):
        name = _STRAY.fullmatch(path.name)
        if name and _is_abandoned(path, name["host"], int(name["process"])):
            path.unlink(missing_ok=True)


def _is_abandoned(path: Path, host: str, process: int) -> bool:
    try:
        if host != _host():
            return time.time() - path.stat().st_mtime > _ABANDONED_S
        os.kill(process, 0)
        return _is_zombie(process)
    except (ProcessLookupError, OverflowError):
        return True
    except (FileNotFoundError, PermissionError):  # renamed meanwhile; another user's process
        return False


def _is_zombie(process: int) -> bool:
    """Whether a process is dead and only not yet reaped, where /proc can tell (containers)."""
    try:
        status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] == ["Z"]


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def append_whole(target: Path, text: str) -> None:
    """Append lines to a file, all or none of them; a half line that is there already (a machine
    that lost its power) is ended first, so that it spoils none but itself.

    Raises:
        OSError: no room, or it may not be written.
    """
    with target.open("a+b", buffering=0) as stream:
        before = stream.seek(0, os.SEEK_END)
        if before:
            stream.seek(before - 1)
            text = text if stream.read(1) == b"\n" else f"\n{text}"
        rest = memoryview(text.encode("utf-8"))
        try:
            while rest:
                rest = rest[stream.write(rest) :]
        except OSError:
            stream.truncate(before)
            raise


def json_number(value: float | np.number | NDArray[np.number] | None) -> float | None:
    """A number as JSON can hold it: None for NaN and infinities, and for none."""
    return float(value) if value is not None and np.isfinite(value) else None


def write_json(target: Path, value: Any) -> None:
    """Write JSON atomically, indented, keys in the order given."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def write_csv(target: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a CSV atomically: a header, then a row a mapping; a column it lacks is empty."""
    held = io.StringIO()
    writer = csv.DictWriter(held, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(target, held.getvalue())


def write_npz(target: Path, **arrays: ArrayLike) -> None:
    """Write an uncompressed npz atomically (uncompressed: it is read more often than written).

    Raises:
        TypeError: an array of objects, which only a pickle could hold.
    """
    plain = {key: np.asarray(value) for key, value in arrays.items()}
    for key, value in plain.items():
        if value.dtype.hasobject:
            raise TypeError(f"{target.name}: {key} has dtype object")
    with atomic_path(target) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **plain)  # type: ignore[arg-type]
