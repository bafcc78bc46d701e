"""Atomic writes, safe reads, the pool."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from spectramind.errors import SchemaError
from spectramind.run.atomic import atomic_path, write_npz
from spectramind.run.npz import read_npz
from spectramind.run.pool import run_all


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(TypeError), atomic_path(target) as temporary:
        temporary.write_text(None)  # type: ignore[arg-type]
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_npz_round_trip_and_no_objects(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", x=np.arange(3))
    assert read_npz(tmp_path / "a.npz", "x", made_by="features")["x"].tolist() == [0, 1, 2]
    with pytest.raises(TypeError):
        write_npz(tmp_path / "b.npz", x=np.array([None]))
    assert not (tmp_path / "b.npz").exists()


def test_npz_with_a_pickle_inside_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(SchemaError, match="cannot be read"):
        read_npz(tmp_path / "a.npz", "x", made_by="features")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04half", pickle.dumps(1)])
def test_damaged_npz_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match="spectramind features"):
        read_npz(path, "x", made_by="features")


def test_missing_key_is_named(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", x=np.zeros(1))
    with pytest.raises(SchemaError, match="lacks \\['y'\\]"):
        read_npz(tmp_path / "a.npz", "x", "y", made_by="features")


def square(value: int) -> int:
    if value == 99:
        raise SchemaError("ninety-nine")
    return value * value


@pytest.mark.parametrize("workers", [1, 2])
def test_pool_gives_every_result(workers: int) -> None:
    assert sorted(run_all(square, range(5), workers, "squares")) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("workers", [1, 2])
def test_pool_raises_what_a_worker_raised(workers: int) -> None:
    with pytest.raises(SchemaError, match="ninety-nine"):
        list(run_all(square, [1, 99, 2], workers, "squares"))
