"""Writes that are whole or not there: a temporary file beside the target, then rename."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a temporary path; on success it becomes ``target``, on failure it is removed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(target: Path, value: Any) -> None:
    """Write JSON atomically, indented, keys in the order given."""
    write_text(target, json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


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
