"""gate from the command line, on predictions made by hand and scored."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.dataset.tables import read_truth
from spectramind.errors import ExitCode
from spectramind.evaluation.official import naive_moments
from spectramind.evaluation.summary import summarise
from spectramind.instrument.molecules import window_bins
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest

Command = Callable[..., int]
PLANETS, SIGMA = 40, 3e-5
NO_FILES = "gate.required=[]"


def write_depths(path: Path, ids: tuple[str, ...], depths: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(depths, columns=list(SPECTRUM_COLUMNS))
    table.insert(0, "planet_id", list(ids))
    table.to_csv(path, index=False)


@pytest.fixture
def settings(tmp_path: Path) -> list[str]:
    """Honest Gaussian predictions of forty planets, but for ammonia's intervals."""
    rng = np.random.default_rng(0)
    ids = tuple(str(100 + n) for n in range(PLANETS))
    truth = 0.01 + 0.002 * rng.random((PLANETS, 1)) + 1e-4 * rng.standard_normal((PLANETS, 283))
    write_depths(tmp_path / "raw/train.csv", ids, truth)
    write_depths(tmp_path / "raw/truth/test.csv", ids, truth)
    mu = truth + SIGMA * rng.standard_normal(truth.shape)
    half = np.full(mu.shape, 1.645 * SIGMA)
    half[:, window_bins("nh3")] *= 0.6
    predicted = Predictive(Spectra(ids, mu, np.full(mu.shape, SIGMA)), Intervals(0.9, half))
    scored = tmp_path / "work/outputs/predictions/spectramind.npz"
    predicted.save(scored)
    table = read_truth(tmp_path / "raw/truth/test.csv")
    found = summarise("spectramind", predicted, table, naive_moments(truth), rng, reasons={})
    held = {"scored": file_digest(scored), "predictions": [found.to_json()]}
    write_json(tmp_path / "work/outputs/score.json", held)
    return [f"data.raw={tmp_path / 'raw'}", f"paths.work={tmp_path / 'work'}"]


def kept(tmp_path: Path) -> dict[str, bool]:
    held = json.loads((tmp_path / "work/outputs/gate.json").read_text())
    rows = {row["name"]: row["kept"] for row in held["bounds"]}
    assert held["kept"] == all(rows.values())
    return rows


def test_a_run_that_reaches_its_bounds_passes(
    tmp_path: Path, settings: list[str], spectramind: Command
) -> None:
    wide = ("gate.interval_shortfall=0.1", "gate.region_shortfall=null")
    assert spectramind("gate", *settings, NO_FILES, *wide) == 0
    assert set(kept(tmp_path)) == {
        "truth within 1 sigma",
        "planets 6 sigma off",
        "truth within 90% intervals",
    }


def test_the_worst_region_is_named(
    tmp_path: Path, settings: list[str], spectramind: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("gate", *settings, NO_FILES) == ExitCode.SCHEMA_VIOLATION
    assert "the same in the worst region (nh3)" in capsys.readouterr().err
    assert not kept(tmp_path)["the same in the worst region (nh3)"]


@pytest.mark.parametrize(
    ("bound", "named"),
    [
        ("gate.score_least=0.999", "score "),
        ("gate.one_sigma_coverage=[0.8,0.9]", "truth within 1 sigma"),
        ("gate.seconds.train=100", "seconds of train missing"),
        ("gate.required=[outputs/none.csv]", "outputs/none.csv missing"),
    ],
)
def test_each_bound_can_fail_and_is_named(
    settings: list[str],
    spectramind: Command,
    capsys: pytest.CaptureFixture[str],
    bound: str,
    named: str,
) -> None:
    usual = [] if "required" in bound else [NO_FILES]
    code = spectramind("gate", *settings, *usual, "gate.region_shortfall=null", bound)
    assert code == ExitCode.SCHEMA_VIOLATION
    assert named in capsys.readouterr().err


def test_a_command_that_took_too_long_fails(
    tmp_path: Path, settings: list[str], spectramind: Command
) -> None:
    path = tmp_path / "work/events.jsonl"
    assert spectramind("gate", *settings, NO_FILES, "gate.region_shortfall=null") == 0
    event = json.loads(path.read_text().splitlines()[0]) | {"cmd": "train", "duration_ms": 5000}
    idle = event | {"artifacts": [], "duration_ms": 10}  # found nothing to do
    path.write_text("".join(json.dumps(one) + "\n" for one in (event, idle)))
    bounds = (NO_FILES, "gate.region_shortfall=null", "gate.interval_shortfall=null")
    assert spectramind("gate", *settings, *bounds, "gate.seconds.train=6") == 0
    assert spectramind("gate", *settings, *bounds, "gate.seconds.train=4") == 2


def test_a_regression_against_a_baseline_fails(
    tmp_path: Path, settings: list[str], spectramind: Command
) -> None:
    score = tmp_path / "work/outputs/score.json"
    before = json.loads(score.read_text())
    baseline = tmp_path / "before.json"
    bounds = (NO_FILES, "gate.region_shortfall=null", "--baseline", str(baseline))
    for gain, code in ((0.004, 0), (0.006, 2)):
        better = before["predictions"][0] | {"score": before["predictions"][0]["score"] + gain}
        baseline.write_text(json.dumps(before | {"predictions": [better]}))
        assert spectramind("gate", *settings, *bounds) == code
    fewer = before["predictions"][0] | {"n_planets": 3}
    baseline.write_text(json.dumps(before | {"predictions": [fewer]}))
    assert spectramind("gate", *settings, *bounds) == ExitCode.CONFIG_ERROR


def test_what_was_scored_must_be_what_lies_here(
    tmp_path: Path, settings: list[str], spectramind: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "work/outputs/predictions/spectramind.npz"
    found = Predictive.load(path)
    Predictive(found.spectra).save(path)
    assert spectramind("gate", *settings, NO_FILES) == ExitCode.SCHEMA_VIOLATION
    assert "scored other predictions" in capsys.readouterr().err
    (tmp_path / "work/outputs/score.json").write_text("{")
    assert spectramind("gate", *settings, NO_FILES) == ExitCode.SCHEMA_VIOLATION
    assert "is no JSON" in capsys.readouterr().err


def test_without_bounds_there_is_nothing_to_pass(
    settings: list[str], spectramind: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("one_sigma_coverage", "interval_shortfall", "region_shortfall", "far_off")
    none = [f"gate.{name}=null" for name in names]
    assert spectramind("gate", *settings, NO_FILES, *none) == ExitCode.CONFIG_ERROR
    assert "nothing to pass" in capsys.readouterr().err
