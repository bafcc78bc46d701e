"""Atomic writes, safe reads, the pool."""

import os
import pickle
import signal
import subprocess
import sys
import time
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


SLOW = """
import sys, time
from pathlib import Path
from spectramind.run.pool import run_all

def slow(path):
    time.sleep(0.3)
    Path(path).touch()

if __name__ == "__main__":
    list(run_all(slow, [sys.argv[1] + f"/{i}" for i in range(100)], 2, "slow"))
"""


def test_an_interrupted_pool_ends_and_keeps_what_is_done(tmp_path: Path) -> None:
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    done = tmp_path / "done"
    done.mkdir()
    # A session of its own: the interrupt goes to parent and workers, as from a terminal.
    running = subprocess.Popen(
        [sys.executable, str(script), str(done)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not any(done.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode != 0
    assert said.count("KeyboardInterrupt") == 1
    assert 0 < len(list(done.iterdir())) < 100
