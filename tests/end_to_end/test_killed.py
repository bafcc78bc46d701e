"""`calibrate` killed at any moment and started again: the same bytes, nothing done twice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

VISITS = 6
# What is awaited before the kill: files below data/calibrated, and how many of them.
MOMENTS = {
    "first temporary file": ("*/.*.tmp", 1),
    "first cube": ("fgs1/*.npz", 1),
    "half of them": ("logs/*.json", VISITS // 2),
}


def command(raw: Path, work: Path) -> list[str]:
    chain = [sys.executable, "-m", "spectramind", "calibrate", f"data.raw={raw}"]
    return [*chain, f"paths.work={work}", "data.split=train", "env.workers=2"]


def cubes(work: Path) -> dict[str, Path]:
    return {path.name: path for path in (work / "data/calibrated").rglob("*.npz")}


@pytest.fixture(scope="module")
def raw(pristine_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six planets, one visit each."""
    root = tmp_path_factory.mktemp("killed") / "raw"
    shutil.copytree(pristine_tree, root)
    for number in range(1, VISITS):
        shutil.copytree(root / "train" / "101", root / "train" / str(101 + number))
    return root


@pytest.fixture(scope="module")
def undisturbed(
    raw: Path, spectramind: Callable[..., int], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    work = tmp_path_factory.mktemp("undisturbed")
    assert spectramind(*command(raw, work)[3:]) == 0
    return {name: path.read_bytes() for name, path in cubes(work).items()}


def kill_when(running: subprocess.Popen[bytes], there: Callable[[], bool]) -> None:
    """SIGKILL to the command and its workers as soon as something is there."""
    deadline = time.monotonic() + 60
    while not there() and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.0005)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(timeout=60)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_goes_on_where_it_stopped(
    raw: Path, undisturbed: dict[str, bytes], tmp_path: Path, moment: str
) -> None:
    pattern, count = MOMENTS[moment]
    out = tmp_path / "data" / "calibrated"
    running = subprocess.Popen(
        command(raw, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    kill_when(running, lambda: len(list(out.glob(pattern))) >= count)
    assert running.returncode == -signal.SIGKILL
    logs = {path.stem for path in (out / "logs").glob("*.json")}
    finished = {
        n: p.stat().st_mtime_ns
        for n, p in cubes(tmp_path).items()
        if p.stem.partition("_")[2] in logs
    }
    assert len(finished) == 3 * len(logs) < 3 * VISITS  # two series and the images
    # A process that is no more has left this; where the kill came mid-write, others lie about too.
    host = os.uname().nodename.partition(".")[0]
    stray = out / "fgs1" / f".fgs1_101.npz.{host}-{running.pid}.tmp"
    stray.write_bytes(b"half a cube")

    subprocess.run(command(raw, tmp_path), check=True, capture_output=True, timeout=120)
    assert {name: path.read_bytes() for name, path in cubes(tmp_path).items()} == undisturbed
    assert {name: cubes(tmp_path)[name].stat().st_mtime_ns for name in finished} == finished
    assert not list(out.rglob("*.tmp"))
