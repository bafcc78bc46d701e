"""Every stage writes the same bytes whatever the workers and the threads libraries would take."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spectramind.contracts.work_folder import RecordFolder

pytestmark = pytest.mark.slow

SETTINGS = [
    "experiment=smoke",
    "sim.planets=6",
    "sim.test_planets=2",
    "sim.two_visit_fraction=0",
    "train.epochs=1",
    "calib.corel.alpha=0.4",
]
STAGES = (
    "simulate",
    "calibrate",
    "features",
    "train",
    "calibrate-temp",
    "calibrate-corel",
    "predict",
)
# One interpreter a chain: only then is every stage's start paid once, and threads are still those
# of a process that was started under these variables.
RUNNER = """
import sys
from spectramind.cli import main
stages, settings = sys.argv[1].split(), sys.argv[2:]
for stage in stages:
    sys.argv = ["spectramind", stage, *settings]
    try:
        main.main()
    except SystemExit as stop:
        if stop.code:
            sys.exit(f"{stage}: {stop.code}")
"""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def run(work: Path, workers: int, threads: int) -> dict[str, str]:
    """Digest of every array file, table and zip member of a chain, by name."""
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    command = [sys.executable, "-c", RUNNER, " ".join((*STAGES, "predict")), *SETTINGS]
    own = [f"paths.work={work}", f"env.workers={workers}"]
    done = subprocess.run(
        [*command, *own], env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stderr[-2000:]
    kinds, timing = {".npz", ".csv", ".parquet", ".pt"}, RecordFolder(work).timing
    files = sorted(p for p in work.rglob("*") if p.suffix in kinds and p != timing)
    return {
        str(path.relative_to(work)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


@pytest.mark.timeout(900)
def test_the_chain_does_not_know_how_many_work(tmp_path: Path) -> None:
    alone, together = run(tmp_path / "a", 1, 2), run(tmp_path / "b", 2, 1)
    assert "outputs/submission.csv" in alone
    assert sum("depths_" in name for name in alone) == 8
    assert {n for n in alone.keys() | together.keys() if alone.get(n) != together.get(n)} == set()
