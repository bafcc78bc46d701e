"""A broken visit among the test planets and one among the training planets: the chain goes on."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.run.failures import failure_of
from spectramind.run.record import read_events
from spectramind.submission.validate import validate_submission

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
SETTINGS = [
    "experiment=smoke",
    "sim.planets=8",
    "sim.test_planets=2",
    "sim.two_visit_fraction=0",
    "train.epochs=0",
    "env.workers=1",
    "env.threads=1",
    "calib.corel.alpha=0.4",
]
AFTER = ("features", "train", "calibrate-temp", "calibrate-corel", "predict", "score")


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.fixture(scope="module")
def broken(spectramind: Cli, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The chain's work folder, the broken test planet and the broken training planet."""
    work = tmp_path_factory.mktemp("broken")
    settings = [*SETTINGS, f"paths.work={work}"]
    assert spectramind("simulate", *settings) == 0
    test, train = (sorted((work / "data/raw" / split).iterdir())[0] for split in ("test", "train"))
    halve(test / "AIRS-CH0_signal_0.parquet")
    halve(train / "FGS1_signal_0.parquet")
    # What `train` would put into its folds: the broken planet shall be one it learns from.
    everyone = sorted(path.name for path in (work / "data/raw/train").iterdir())
    folds = {"train": everyone[:4], "val": everyone[4:6], "calibration": everyone[6:]}
    (work / "data/splits").mkdir(parents=True)
    note = json.dumps(folds | {"seed": 0, "reason": "test"})
    (work / "data/splits/groupkfold.json").write_text(note)
    assert spectramind("calibrate", *settings, "env.workers=2") == 2  # told by worker processes
    for command in AFTER:
        assert spectramind(command, *settings) == 0, command
    return work, test.name, train.name


def test_calibrate_names_them_and_does_the_rest(broken: tuple[Path, str, str]) -> None:
    work, test, train = broken
    event = next(event for event in read_events(work) if event["cmd"] == "calibrate")
    assert event["status"] == "fail"
    assert "2 visits failed" in event["message"]
    logs = sorted((work / "data/calibrated/logs").glob("*.json"))
    assert len(logs) == 10
    reasons = {log.stem: failure_of(log) for log in logs}
    assert {name for name, reason in reasons.items() if reason} == {test, train}
    for name, detector in ((test, "AIRS-CH0"), (train, "FGS1")):
        assert f"{detector}_signal_0.parquet" in str(reasons[name])
        assert f"{name}: {reasons[name]}" in event["message"]


def test_features_warns_of_them(broken: tuple[Path, str, str]) -> None:
    work, *names = broken
    event = next(event for event in read_events(work) if event["cmd"] == "features")
    assert event["status"] == "warn"
    assert all(name in event["message"] for name in names)


def test_the_submission_has_the_planet_with_a_wide_sigma(broken: tuple[Path, str, str]) -> None:
    work, test, _ = broken
    planets = {path.name for path in (work / "data/raw/test").iterdir()}
    spectra = validate_submission(work / "outputs/submission.csv", planets).spectra
    sigma = dict(zip(spectra.planet_ids, np.median(spectra.sigma, axis=1), strict=True))
    others = [value for name, value in sigma.items() if name != test]
    truth = pd.read_csv(work / "data/raw/train.csv").iloc[:, 1:]
    assert sigma[test] > 5 * max(others)
    assert sigma[test] > 0.5 * truth.mean(axis=1).std()  # at least about what the planets scatter


def test_nothing_is_done_again(spectramind: Cli, broken: tuple[Path, str, str]) -> None:
    work, *_ = broken
    settings = [*SETTINGS, f"paths.work={work}"]
    kept = list((work / "data").rglob("*.npz"))
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert spectramind("calibrate", *settings) == 2
    assert spectramind("features", *settings) == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == before


def test_strict_stops(
    spectramind: Cli, broken: tuple[Path, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    work, test, _ = broken
    settings = [*SETTINGS, f"paths.work={work}", "data.split=test"]
    assert spectramind("calibrate", "--strict", *settings) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "spectramind:" in line]
    assert len(said) == 1
    assert f"{test}/AIRS-CH0_signal_0.parquet" in said[0]
    assert "visits failed" not in said[0]
