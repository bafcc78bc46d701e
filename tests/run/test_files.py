"""Atomic writes, safe reads, the pool."""

import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import atomic_path, json_number, remove_strays, write_npz
from spectramind.run.failures import failure_of, note_failure
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers, run_all


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(TypeError), atomic_path(target) as temporary:
        temporary.write_text(None)  # type: ignore[arg-type]
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from spectramind.errors import RuntimeRiskError
from spectramind.run.atomic import write_json, write_npz

folder = Path(sys.argv[1])
# The kernel ends a write at 100 kB, in the middle, as it does on a full disk.
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for write in (
    lambda: write_npz(folder / "a.npz", x=np.zeros(100_000), y=np.zeros(3)),
    lambda: write_npz(folder / "a.npz", x=np.zeros(12_480), y=np.zeros(3)),  # the end is cut off
    lambda: write_json(folder / "a.json", {"a": "x" * 200_000}),
):
    try:
        write()
    except RuntimeRiskError as error:
        print(error)
"""


def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path) -> None:
    for name in ("a.npz", "a.json"):
        (tmp_path / name).write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    said = done.stdout.splitlines()
    assert [line.split(" (")[0] for line in said] == [
        f"no room to write {tmp_path / name}" for name in ("a.npz", "a.npz", "a.json")
    ]
    assert done.stderr == ""
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "a.npz": "old",
        "a.json": "old",
    }


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_may_not_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(ConfigError, match=r"a\.npz cannot be written .*paths\.work=FOLDER"):
        write_npz(tmp_path / "a.npz", x=np.zeros(1))
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_a_write_stay_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_npz(tmp_path / "file" / "a.npz", x=np.zeros(1))


def test_a_writer_that_nobody_reaped_is_gone(tmp_path: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", "pass"])
    stat = Path(f"/proc/{writer.pid}/stat")
    if not stat.is_file():
        writer.wait()
        pytest.skip("no /proc here")
    while " Z " not in stat.read_text():
        time.sleep(0.01)
    host = os.uname().nodename.partition(".")[0]
    stray = tmp_path / f".a.npz.{host}-{writer.pid}.tmp"
    stray.touch()
    remove_strays(tmp_path)
    writer.wait()
    assert not stray.exists()


def test_strays_are_those_whose_writer_is_gone(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = os.uname().nodename.partition(".")[0]
    names = {
        f".a.npz.{host}-{gone.pid}.tmp": False,
        f".a.npz.{host}-{os.getpid()}.tmp": True,
        ".a.npz.elsewhere-1.tmp": True,
        ".b.npz.elsewhere-1.tmp": False,
        ".mine.tmp": True,
        "a.npz": True,
    }
    for name in names:
        (tmp_path / "deep").mkdir(exist_ok=True)
        (tmp_path / "deep" / name).touch()
    os.utime(tmp_path / "deep" / ".b.npz.elsewhere-1.tmp", (0, 0))
    remove_strays(tmp_path)
    assert {path.name for path in (tmp_path / "deep").iterdir()} == {
        name for name, stays in names.items() if stays
    }


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


def test_an_optional_key_is_read_where_it_is_there(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", x=np.zeros(1), y=np.ones(1))
    found = read_npz(tmp_path / "a.npz", "x", made_by="features", optional=("y", "z"))
    assert found.keys() == {"x", "y"}


def test_missing_key_is_named(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", x=np.zeros(1))
    with pytest.raises(SchemaError, match="lacks \\['y'\\]"):
        read_npz(tmp_path / "a.npz", "x", "y", made_by="features")


def test_a_failed_visit_leaves_a_note_in_place_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "101.json"
    assert failure_of(log) is None
    note_failure(log, "torn in two")
    assert failure_of(log) == "torn in two"
    for other in ('[{"step": "visit"}]', '{"digest": "a"}', "{"):
        log.write_text(other)
        assert failure_of(log) is None


def square(value: int) -> int:
    if value == 99:
        raise SchemaError("ninety-nine")
    return value * value


@pytest.mark.parametrize("workers", [1, 2])
def test_pool_gives_every_result(workers: int) -> None:
    assert sorted(run_all(square, range(5), Workers(workers), "squares")) == [0, 1, 4, 9, 16]


@pytest.mark.parametrize("workers", [1, 2])
def test_pool_raises_what_a_worker_raised(workers: int) -> None:
    with pytest.raises(SchemaError, match="ninety-nine"):
        list(run_all(square, [1, 99, 2], Workers(workers), "squares"))


SLOW = """
import sys, time
from pathlib import Path
from spectramind.run.pool import Workers, run_all

def slow(path):
    time.sleep(0.3)
    Path(path).touch()

if __name__ == "__main__":
    list(run_all(slow, [sys.argv[1] + f"/{i}" for i in range(100)], Workers(2), "slow"))
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


APPEND = """
import resource, sys
from pathlib import Path
from spectramind.run.atomic import append_whole
resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))
path = Path(sys.argv[1])
append_whole(path, "a" * 39 + "\\n")
try:
    append_whole(path, "b" * 39 + "\\n")
except OSError as error:
    print(error.errno)
"""


def test_lines_are_appended_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    done = subprocess.run(
        [sys.executable, "-c", APPEND, str(path)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == errno.EFBIG
    assert path.read_text() == "a" * 39 + "\n"


@pytest.mark.parametrize(
    ("value", "held"),
    [(1.5, 1.5), (np.float32(2), 2.0), (None, None), (np.nan, None), (np.inf, None), (0, 0.0)],
)
def test_numbers_as_json_can_hold_them(value: float | None, held: float | None) -> None:
    assert json_number(value) == held
    assert json.loads(json.dumps(json_number(value), allow_nan=False)) == held
