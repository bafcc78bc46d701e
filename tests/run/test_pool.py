"""Worker processes: none outlives its command, a killed one is told, threads do not show."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spectramind.errors import RuntimeRiskError
from spectramind.run import local_pool
from spectramind.run.pool import Workers, run_all

# Holds the interpreter for good: only the kernel ends such a worker, where there is prctl.
BUSY = """
import ctypes, os, signal, sys, time
from pathlib import Path
from spectramind.run.pool import Workers, run_all
from spectramind.run.record import RunRecord, recording
from spectramind.run.stopping import stop_on_signals

def busy(path):
    Path(path).with_name(f"begun_{os.getpid()}").touch()
    if sys.argv[2] == "hold":
        ctypes.PyDLL(None).sleep(60)
    time.sleep(60)

if __name__ == "__main__":
    stop_on_signals()
    with recording(RunRecord("busy", {}, Path(sys.argv[1]))):
        list(run_all(busy, [sys.argv[1] + f"/{i}" for i in range(4)], Workers(2), "busy"))
"""


def eventually(there: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not (stat.is_file() and " Z " in stat.read_text())


def as_a_terminal_starts_it() -> None:
    """Tests that run under nohup hand an ignored SIGHUP down."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
@pytest.mark.parametrize("how", ["sleep", "hold"])
def test_no_worker_outlives_its_parent(tmp_path: Path, name: str, how: str) -> None:
    script = tmp_path / "busy.py"
    script.write_text(BUSY)
    running = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), how],
        stderr=subprocess.DEVNULL,
        preexec_fn=as_a_terminal_starts_it,
    )
    assert eventually(lambda: len(list(tmp_path.glob("begun_*"))) == 2, 60)
    workers = [int(path.name.split("_")[1]) for path in tmp_path.glob("begun_*")]
    assert all(is_running(worker) for worker in workers)
    running.send_signal(signal.Signals[name])
    running.wait(timeout=30)
    assert eventually(lambda: not any(is_running(worker) for worker in workers), 5)
    events = tmp_path / "events.jsonl"
    if name != "SIGKILL":
        event = json.loads(events.read_text())
        assert (event["status"], event["message"]) == ("fail", f"interrupted by {name}")


def test_a_worker_watches_its_parent_without_help_of_the_kernel(tmp_path: Path) -> None:
    """As on macOS: no prctl."""
    script = tmp_path / "busy.py"
    without = "import spectramind.run.stopping as s; s._end_with_parent_by_kernel = lambda: None\n"
    script.write_text(without + BUSY)
    running = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), "sleep"], stderr=subprocess.DEVNULL
    )
    assert eventually(lambda: len(list(tmp_path.glob("begun_*"))) == 2, 60)
    workers = [int(path.name.split("_")[1]) for path in tmp_path.glob("begun_*")]
    running.kill()
    running.wait()
    assert eventually(lambda: not any(is_running(worker) for worker in workers), 5)


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spawned workers import this module from this checkout."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2])


def end_oneself(number: int) -> None:
    os.kill(os.getpid(), number)


def want_memory(_: int) -> None:
    np.zeros(2**58)


def leave(code: int) -> None:
    os._exit(code)


@pytest.mark.parametrize(
    ("function", "item", "said"),
    [
        (end_oneself, signal.SIGKILL, "was killed, most likely for memory"),
        (end_oneself, signal.SIGABRT, "ended by SIGABRT"),
        (end_oneself, signal.SIGTERM, "was ended from outside"),
        (leave, 7, "ended with code 7"),
        (want_memory, 0, "ran out of memory"),
    ],
)
def test_a_lost_worker_is_one_line_that_says_what_to_lower(
    function: Callable[[int], None], item: int, said: str
) -> None:
    with pytest.raises(RuntimeRiskError) as caught:
        list(run_all(function, [item] * 3, Workers(2), "calibrate train"))
    line = str(caught.value)
    assert line.startswith("calibrate train: a worker process ")
    assert said in line
    assert "lower --workers, now 2 (env.workers)" in line


def test_workers_that_cannot_start_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local_pool, "ProcessPoolExecutor", no_room)
    with pytest.raises(RuntimeRiskError, match="2 worker processes could not be started"):
        list(run_all(str, [1, 2], Workers(2), "calibrate"))


def threads(_: int) -> tuple[set[int], int, str | None]:
    """BLAS and OpenMP threads of every library loaded, numba's, and what a later one would read."""
    import numba
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    pools = {int(pool["num_threads"]) for pool in threadpool_info()}
    return pools, numba.get_num_threads(), os.environ.get("OPENBLAS_NUM_THREADS")


def test_one_worker_computes_under_the_limits_of_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    import numba  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info, threadpool_limits

    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    with threadpool_limits(2):
        alone = list(run_all(threads, [0, 1], Workers(1), "alone"))
        assert {pool["num_threads"] for pool in threadpool_info()} == {2}  # given back
    assert os.environ["OPENBLAS_NUM_THREADS"] == "2"
    pooled = list(run_all(threads, [0, 1], Workers(2), "pooled"))
    assert alone == pooled == [({1}, 1, "1")] * 2
