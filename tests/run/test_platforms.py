"""What differs between systems, each under a simulated one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spectramind.run import compiled_cache
from spectramind.run.compiled_cache import settle
from spectramind.run.cores import core_count
from spectramind.run.environment import describe_machine
from spectramind.run.pool import worker_count

# Runs first in every process, spawned workers too: no affinity, no /proc, no prctl, as on macOS.
MAC = """
import ctypes, os, sys
for name in ("sched_getaffinity", "sched_setaffinity", "process_cpu_count"):
    if hasattr(os, name):
        delattr(os, name)
real = ctypes.CDLL
class CDLL(real):
    def __getattr__(self, name):
        if name in ("prctl", "mallopt"):
            raise AttributeError(name)
        return super().__getattr__(name)
ctypes.CDLL = CDLL
def refuse(event, args):
    if event == "open" and isinstance(args[0], str) and args[0].startswith("/proc"):
        raise FileNotFoundError(args[0])
sys.addaudithook(refuse)
"""


def test_cores_where_the_system_knows_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert core_count() == worker_count(0) == 6
    assert describe_machine()["cores"] == "6"
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert core_count() == 1


def test_cores_of_this_process_not_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert core_count() == 2
    monkeypatch.setattr(os, "process_cpu_count", lambda: 3, raising=False)
    assert core_count() == 3


POOL = """
import os, sys
from pathlib import Path
from spectramind.run.pool import Workers, run_all
from spectramind.run.record import RunRecord, recording

def probe(number):
    assert not hasattr(os, "sched_getaffinity")
    return number

if __name__ == "__main__":
    with recording(RunRecord("probe", {}, Path(sys.argv[1]))):
        print(sorted(run_all(probe, [1, 2, 3], Workers(2), "probe")))
"""


def test_a_command_and_its_workers_run_as_on_macos(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(MAC)
    script = tmp_path / "script.py"
    script.write_text(POOL)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[1, 2, 3]"
    assert '"status":"ok"' in (tmp_path / "events.jsonl").read_text()


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A package and a home that cannot be written; the folder for temporary files can."""
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(compiled_cache, "_is_package_writable", lambda: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked / "cache"))
    monkeypatch.setenv("HOME", str(blocked / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked / "numba"))
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    return tmp_path


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_numba_caches_among_temporary_files_where_there_is_no_home(
    homeless: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    import numba

    monkeypatch.setattr(sys, "platform", system)
    settle()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.parent == homeless
    assert str(folder) == numba.config.CACHE_DIR
    assert folder.stat().st_mode & 0o077 == 0


def test_numba_caches_in_the_work_folder_as_a_last_resort(
    homeless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_cache, "_private", lambda: iter([homeless / "file" / "x"]))
    settle(homeless / "work")
    assert os.environ["NUMBA_CACHE_DIR"] == str(homeless / "work")


def test_no_code_is_loaded_from_a_folder_that_others_may_write(
    homeless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = homeless / "planted"
    planted.mkdir()
    planted.chmod(0o777)
    monkeypatch.setattr(compiled_cache, "_private", lambda: iter([planted]))
    settle(homeless / "work")
    assert os.environ["NUMBA_CACHE_DIR"] == str(homeless / "work")


def test_a_cache_that_numba_finds_itself_stays(
    homeless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(homeless / "mine"))
    settle()
    assert os.environ["NUMBA_CACHE_DIR"] == str(homeless / "mine")
