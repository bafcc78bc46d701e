"""Trackers: what was told is read back with each service's own reader, where it is installed."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.errors import ConfigError
from spectramind.training.engine.tracker import Tracker
from spectramind.training.trackers.opening import open_trackers, require_service

ROWS = [{"epoch": float(n), "val_loss": 1.0 / (n + 1), "lr": 0.1 * n} for n in range(4)]


def told(tracker: Tracker, until: int | None = None) -> None:
    """Cut after two epochs, then gone on with from the first of them."""
    tracker.begin(ROWS[:1])
    for row in ROWS[1:until]:
        tracker.row(row)
    tracker.end()


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_lines_of_json_are_one_an_epoch_also_when_gone_on_with(tmp_path: Path) -> None:
    tracker = open_trackers("jsonl", tmp_path, "mae", "s")
    told(tracker, until=3)
    assert lines(tmp_path / "mae.jsonl") == ROWS[:3]
    told(open_trackers("jsonl", tmp_path, "mae", "s"))
    assert lines(tmp_path / "mae.jsonl") == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["mae.jsonl"]


def test_a_loss_that_is_no_number_is_null(tmp_path: Path) -> None:
    tracker = open_trackers("jsonl", tmp_path, "mae", "s")
    tracker.begin([{"epoch": 0.0, "val_loss": float("nan")}])
    assert lines(tmp_path / "mae.jsonl") == [{"epoch": 0.0, "val_loss": None}]


@pytest.mark.parametrize("service", ["tensorboard", "wandb", "mlflow"])
def test_a_service_that_is_not_installed_is_named_with_what_to_install(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match=f"logger={service} needs the package .*pip install"):
        require_service(service)
    with pytest.raises(ConfigError, match="or set logger=jsonl"):
        open_trackers(service, tmp_path, "mae", "s")
    require_service("jsonl")


@pytest.mark.parametrize("service", ["jsonl", "tensorboard", "wandb", "mlflow"])
def test_each_is_chosen_by_its_file(service: str) -> None:
    config = compose([f"logger={service}"])
    assert config.logger.tracker == service
    assert config.logger.backups == compose().logger.backups
    assert config.science_hash == compose().science_hash


def test_tensorboard_shows_every_epoch_once(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    told(open_trackers("tensorboard", tmp_path, "mae", "s"), until=3)
    told(open_trackers("tensorboard", tmp_path, "mae", "s"))
    found = EventAccumulator(str(tmp_path / "tensorboard" / "mae"))
    found.Reload()
    seen = [(event.step, event.value) for event in found.Scalars("val_loss")]
    assert seen == [(n, pytest.approx(row["val_loss"])) for n, row in enumerate(ROWS)]
    assert lines(tmp_path / "mae.jsonl") == ROWS


def test_mlflow_keeps_every_epoch_in_files(tmp_path: Path) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    with pytest.raises(KeyboardInterrupt):
        cut(open_trackers("mlflow", tmp_path, "mae", "digest"))
    told(open_trackers("mlflow", tmp_path, "mae", "digest"))
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlflow").as_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "spectramind"]
    last, first = client.search_runs([experiment.experiment_id])
    assert (first.info.status, last.info.status) == ("FAILED", "FINISHED")
    assert last.data.tags["settings"] == "digest"
    found = client.get_metric_history(last.info.run_id, "val_loss")
    assert [(m.step, m.value) for m in found] == [(n, r["val_loss"]) for n, r in enumerate(ROWS)]


def cut(tracker: Tracker) -> None:
    """As the engine ends a tracker when it is interrupted."""
    tracker.begin(ROWS[:1])
    try:
        raise KeyboardInterrupt
    finally:
        tracker.end()


def test_wandb_stays_offline(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    told(open_trackers("wandb", tmp_path, "mae", "digest"))
    told(open_trackers("wandb", tmp_path, "other", "digest"))
    kept = list((tmp_path / "wandb").glob("offline-run-*/*.wandb"))
    assert len(kept) == 2
    for path in kept:
        content = path.read_bytes()
        assert content.count(b"val_loss") >= len(ROWS)
        assert b"digest" in content


def test_every_tracker_is_told(tmp_path: Path) -> None:
    """The service and the lines of JSON beside it."""
    calls: list[str] = []

    def record(name: str) -> Callable[..., None]:
        return lambda self, *arguments: calls.append(name)

    fake = type("Fake", (), {name: record(name) for name in ("begin", "row", "end")})
    both = type(open_trackers("jsonl", tmp_path, "mae", "s"))((fake(), fake()))
    told(both, until=2)
    assert calls == ["begin", "begin", "row", "row", "end", "end"]
