"""The pool on a Dask cluster: nothing lost, nothing done twice, one line when it is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from spectramind.errors import ConfigError
from spectramind.run.pool import Workers, run_all

# A script of its own: a cluster's workers import what they run, and its logs stay out of ours.
KILLED_MIDWAY = """
import os, signal, sys, time
from pathlib import Path
from distributed import LocalCluster
from spectramind.run.pool import Workers, run_all

FOLDER = Path(sys.argv[1])

def visit(number):
    (FOLDER / f"begun_{number}_{os.getpid()}").touch(exist_ok=False)
    time.sleep(0.1)
    if number == 7 and len(list(FOLDER.glob("begun_7_*"))) == 1:
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGKILL)
    (FOLDER / f"done_{number}").touch(exist_ok=False)
    return number

if __name__ == "__main__":
    with LocalCluster(2, processes=True, threads_per_worker=1, dashboard_address=None) as cluster:
        where = Workers(0, "dask", cluster.scheduler_address)
        print(sorted(run_all(visit, range(20), where, "visits")))
"""


def test_a_killed_worker_loses_nothing_and_nothing_is_done_twice(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(KILLED_MIDWAY)
    marks = tmp_path / "marks"
    marks.mkdir()
    done = subprocess.run(
        [sys.executable, str(script), str(marks)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(list(range(20)))
    assert {path.name for path in marks.glob("done_*")} == {f"done_{i}" for i in range(20)}
    begun = sorted(int(path.name.split("_")[1]) for path in marks.glob("begun_*"))
    assert begun == sorted([*range(20), 7])


FAILING = """
import os, threading, time
from distributed import LocalCluster
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.run.pool import Workers, run_all

def visit(number):
    if number == 3:
        raise SchemaError("broken visit")
    return number

def lost(number):
    time.sleep(1)

def deadly(number):
    os._exit(1)

if __name__ == "__main__":
    cluster = LocalCluster(1, processes=True, threads_per_worker=1, dashboard_address=None)
    where = Workers(0, "dask", cluster.scheduler_address)
    for function in (visit, deadly, lost):
        if function is lost:
            threading.Timer(0.5, cluster.close).start()
        try:
            list(run_all(function, range(4), where, "visits"))
        except SpectraMindError as error:
            print(type(error).__name__, error)
"""


def test_what_goes_wrong_is_one_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(FAILING)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    failing, deadly, lost = done.stdout.splitlines()
    assert failing == "SchemaError broken visit"
    assert deadly.startswith("RuntimeRiskError ")
    assert "ended worker after worker" in deadly
    assert lost.startswith("RuntimeRiskError the Dask cluster at ")


def test_no_scheduler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spectramind.run.cluster._CONNECT_S", 0.5)
    with pytest.raises(ConfigError, match="no Dask scheduler answers"):
        list(run_all(str, [1], Workers(0, "dask", "tcp://127.0.0.1:9"), "nothing"))


def test_a_missing_package_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"pip install 'spectramind\[dask\]'"):
        list(run_all(str, [1], Workers(0, "dask", "tcp://127.0.0.1:9"), "nothing"))
