"""The chain from simulated light curves on, from the command line, without a single raw frame."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spectramind.submission.validate import validate_submission

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
SETTINGS = [
    "experiment=smoke",
    "level=lightcurves",
    "sim.planets=12",
    "sim.test_planets=3",
    "train.epochs=1",
    "env.workers=1",
    "env.threads=1",
    "calib.corel.alpha=0.4",
]
CHAIN = ("simulate", "features", "train", "calibrate-temp", "calibrate-corel", "predict", "score")


@pytest.fixture(scope="module")
def work(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which the chain has run."""
    folder = tmp_path_factory.mktemp("light_curves")
    for command in CHAIN:
        code = spectramind(command, *SETTINGS, f"paths.work={folder}")
        assert code == 0, command
    return folder


def test_there_is_no_frame(work: Path) -> None:
    assert not list(work.rglob("*_signal_*"))
    assert len(list((work / "data/calibrated/airs").glob("*.npz"))) >= 15
    assert len(list((work / "data/features/airs_bins").glob("*.npz"))) >= 15


def test_depths_come_close_to_the_truth(work: Path) -> None:
    pulls = []
    for path in (work / "data/features/depths").glob("*.npz"):
        name = path.stem.removeprefix("depths_")
        with np.load(path) as fit, np.load(work / f"data/raw/truth/{name}.npz") as truth:
            if json.loads(str(fit["info"]))["reason"]:
                continue
            sigma = np.sqrt(fit["variance"] + (fit["modes"] ** 2).sum(axis=1))
            pulls.append((fit["depth"] - truth["spectrum"]) / sigma)
    assert len(pulls) >= 10
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.6


def test_the_chain_ends_in_a_valid_submission_and_a_score(work: Path) -> None:
    planets = {path.name for path in (work / "data/raw/test").iterdir()}
    assert (
        set(validate_submission(work / "outputs/submission.csv", planets).spectra.planet_ids)
        == planets
    )
    rows = json.loads((work / "outputs/score.json").read_text())["predictions"]
    scores = {row["name"]: row["score"] for row in rows}
    assert scores["physics"] > scores["constant"] == pytest.approx(0.0, abs=1e-12)


def test_calibrate_has_nothing_to_do(work: Path, spectramind: Cli) -> None:
    def stamps() -> dict[Path, int]:
        return {p: p.stat().st_mtime_ns for p in (work / "data/calibrated").rglob("*.*")}

    before = stamps()
    assert spectramind("calibrate", *SETTINGS, f"paths.work={work}") == 0
    assert stamps() == before


def test_other_settings_cannot_be_applied_afterwards(work: Path, spectramind: Cli) -> None:
    assert spectramind("calibrate", *SETTINGS, f"paths.work={work}", "calib.hot_sigma=4") == 3
