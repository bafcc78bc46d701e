"""diagnose shap from the command line: physics alone, then a network that was kept."""

import importlib.util
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import torch

from spectramind.config.budgeting import SINCE
from spectramind.estimators.artifact import Artifact
from spectramind.run.record import read_events

pytestmark = pytest.mark.slow

Cli = Callable[..., int]
SETTINGS = [
    "experiment=smoke",
    "level=lightcurves",
    "sim.planets=10",
    "sim.test_planets=4",
    "sim.two_visit_fraction=0.5",
    "train.epochs=0",
    "train.sequence_length=32",
    "env.workers=1",
    "calib.temp.enabled=false",
    "calib.corel.enabled=false",
    "diag.shap.planets=3",
    "diag.shap.background=2",
    "diag.shap.evaluations=31",
    "diag.shap.network_planets=2",
    "diag.shap.path_steps=8",
    "diag.shap.edge_epochs=5",
]


@pytest.fixture(scope="module")
def made(
    spectramind: Cli, small_network: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A finished run of the smallest network."""
    folder = tmp_path_factory.mktemp("made")
    for command in ("simulate", "calibrate", "features", "train", "predict"):
        words = [command, *SETTINGS, *small_network, f"paths.work={folder}"]
        assert spectramind(*words) == 0, command
    return folder


@pytest.fixture
def run(
    spectramind: Cli, small_network: tuple[str, ...], made: Path, tmp_path: Path
) -> Callable[..., int]:
    shutil.copytree(made / "outputs", tmp_path / "outputs")
    (tmp_path / "data").symlink_to(made / "data")
    work = f"paths.work={tmp_path}"
    return lambda *words: spectramind(*words, *SETTINGS, *small_network, work)


def stored(work: Path) -> dict[str, Any]:
    text = (work / "outputs/diagnostics/topics/shap.json").read_text()
    return dict(json.loads(text)["values"])


def test_physics_alone(run: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("diagnose", "shap") == 0
    shown = capsys.readouterr().out
    assert "no network was kept" in " ".join(shown.split())
    values = stored(tmp_path)
    assert (len(values["planets"]), values["of"]) == (3, 4)
    assert len(values["groups"]) == 12
    assert values["network"] is None
    assert values["residual_ppm"] < 1e-6
    assert values["off_sigma"] < 1e-3
    assert values["overlay"] is None
    assert run("audit") == 0
    assert run("diagnose", "shap") == 0
    assert {row["region"] for row in stored(tmp_path)["overlay"]["regions"]} >= {"FGS1", "CO2"}


def test_a_tenth_of_the_sample_where_time_is_short(run: Cli, tmp_path: Path) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=50)).strftime(SINCE)
    assert run("diagnose", "shap", "env.budget.hours=1", f"env.budget.since={since}") == 0
    assert (len(stored(tmp_path)["planets"]), stored(tmp_path)["of"]) == (1, 4)
    event = read_events(tmp_path)[-1]
    assert event["status"] == "warn"
    assert "env.budget.reserve_min): 1 planets are explained" in event["message"]


def test_another_checkpoint_than_predicted_is_refused(
    run: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "outputs/checkpoints/best.pt"
    held = Artifact.load(path)
    wide = replace(held.prior.errors, noise=4 * held.prior.errors.noise)
    replace(held, prior=replace(held.prior, errors=wide)).save(path)
    assert run("diagnose", "shap") == 2
    assert "another answer than was submitted" in " ".join(capsys.readouterr().err.split())


@pytest.mark.skipif(not importlib.util.find_spec("matplotlib"), reason="captum imports matplotlib")
def test_a_network_that_was_kept(run: Cli, tmp_path: Path) -> None:
    path = tmp_path / "outputs/checkpoints/best.pt"
    held = Artifact.load(path)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in held.network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    replace(held, epoch=1).save(path)
    assert run("predict") == 0
    assert run("diagnose", "shap") == 0
    values = stored(tmp_path)
    assert len(values["groups"]) == 15
    network = values["network"]
    assert len(network["planets"]) == 2
    assert max(network["residual_ppm"]) < 0.2 * max(network["change_ppm"])
    assert {row["type"] for row in network["attention"]} >= {"self", "adjacent"}
    assert all(row["cut"] > 0 for row in network["edges"])
    page = (tmp_path / "outputs/diagnostics/shap.html").read_text()
    assert "network-course" in page
