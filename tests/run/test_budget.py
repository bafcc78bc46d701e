"""What a command may take: warned near it, stopped before what cannot end, rows of timing."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spectramind.config.budgeting import SINCE, BudgetConfig
from spectramind.config.compose import compose
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import ConfigError, RuntimeRiskError
from spectramind.run import pace as pace_module
from spectramind.run.budget import Budget
from spectramind.run.pace import Pace
from spectramind.run.progress import track
from spectramind.run.record import read_events
from spectramind.run.stage_clock import WHOLE, clocked, item_seconds, read_timing
from spectramind.run.usage import Sampler, folder_bytes

Cli = Callable[..., int]


def limits(**more: object) -> BudgetConfig:
    given = {"hours": 1.0, "since": None, "disk_gb": None, "warn_at": 0.8, "reserve_min": 15.0}
    return BudgetConfig.model_validate(given | more)


@pytest.fixture
def told() -> list[str]:
    return []


def budget(told: list[str], work: Path, spent_h: float = 0.0, **more: object) -> Budget:
    began = datetime.now(UTC) - timedelta(hours=spent_h)
    return Budget(limits(**more), began, told.append, work)


# ---------------------------------------------------------------- the forecast


def test_the_forecast_leaves_out_what_came_before_the_first_item(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 100.0, 102.0, 104.0, 106.0])
    monkeypatch.setattr(pace_module.time, "monotonic", lambda: next(clock))
    pace = Pace(10)
    found = []
    for _ in range(4):
        pace.tick()
        found.append(pace.left_s)
    assert found == [None, None, 14.0, 12.0]  # two seconds each, seven and six to go


def test_of_many_items_a_fiftieth_must_be_done() -> None:
    pace = Pace(1000)
    for _ in range(19):
        pace.tick()
    assert pace.left_s is None
    pace.tick()
    assert pace.left_s is not None


# ---------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("spent_h", "needed_h", "warned", "stopped"),
    [
        (0.2, 0.5, False, False),
        (0.2, 0.7, True, False),
        (0.85, 0.0, True, False),
        (0.5, 0.6, False, True),
    ],
)
def test_warned_at_80_percent_and_stopped_beyond_all(
    told: list[str],
    tmp_path: Path,
    spent_h: float,
    needed_h: float,
    warned: bool,
    stopped: bool,
) -> None:
    one = budget(told, tmp_path, spent_h)
    if stopped:
        with pytest.raises(RuntimeRiskError, match=r"30\.0 min spent and about 36\.0 min to go"):
            one.check_time("depths", needed_h * 3600, "as told")
    else:
        one.check_time("depths", needed_h * 3600, "as told")
        one.check_time("depths", needed_h * 3600, "as told")
    assert len(told) == warned


def test_few_items_must_be_surer_before_a_stage_is_stopped(told: list[str], tmp_path: Path) -> None:
    one = budget(told, tmp_path, spent_h=0.5)
    one.check_time("depths", 0.6 * 3600, "as told", items=4)  # 0.3 to 0.9 h
    assert len(told) == 1
    with pytest.raises(RuntimeRiskError):
        one.check_time("depths", 0.6 * 3600, "as told", items=100)


def test_what_comes_after_counts_for_the_warning_alone(told: list[str], tmp_path: Path) -> None:
    one = budget(told, tmp_path, spent_h=0.5)
    one.rest = {"features": 1800.0, "train": 3600.0}
    one.check_time("calibrate", 60.0, "as told")
    (line,) = told
    assert "what comes after took 90.0 min before (features 30.0, train 60.0)" in line


def test_no_limit_says_nothing(told: list[str], tmp_path: Path) -> None:
    one = budget(told, tmp_path, spent_h=500, hours=None)
    one.check_time("depths", 1e9, "as told")
    one.check_begin("train")
    assert one.spare("calibrate-corel") is None
    assert not told


def test_the_reserve_leaves_out_what_can_be_done_without(told: list[str], tmp_path: Path) -> None:
    assert budget(told, tmp_path, spent_h=0.7).spare("calibrate-corel") is None
    reason = budget(told, tmp_path, spent_h=0.8).spare("calibrate-corel")
    assert reason is not None
    assert "calibrate-corel is left out: 12 of 60 min are left" in reason


@pytest.mark.parametrize("since", ["yesterday", "2026-01-31", "2026-01-31T12:00:00+01:00"])
def test_a_begin_that_is_no_time_is_refused(since: str) -> None:
    with pytest.raises(ConfigError, match=r"env\.budget\.since"):
        compose([f"env.budget.since='{since}'"])


def test_limits_change_no_number() -> None:
    assert compose(["env.budget.hours=3"]).science_hash == compose().science_hash


# ---------------------------------------------------------------- disk


def test_disk_is_forecast_from_the_first_items(told: list[str], tmp_path: Path) -> None:
    one = budget(told, tmp_path, disk_gb=1e-3)  # a megabyte
    raw = tmp_path / "raw"
    raw.mkdir()
    one.raw = raw
    (raw / "given").write_bytes(bytes(10**7))
    (tmp_path / "a").write_bytes(bytes(100_000))
    one.check_disk("calibrate", 1, 10, 0.0)
    (tmp_path / "b").write_bytes(bytes(80_000))
    one.check_disk("calibrate", 2, 10, 0.0)  # 0.18 MB now, 0.08 MB each: 0.82 MB
    (line,) = told
    assert "82% of env.budget.disk_gb=0.001" in line
    (tmp_path / "c").write_bytes(bytes(400_000))
    with pytest.raises(RuntimeRiskError, match="will hold about"):
        one.check_disk("calibrate", 3, 10, 0.0)


def test_bytes_of_a_folder_without_another(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "x").write_bytes(bytes(7))
    (tmp_path / "y").write_bytes(bytes(5))
    (tmp_path / "link").symlink_to(tmp_path / "in")
    linked = (tmp_path / "link").lstat().st_size
    assert folder_bytes(tmp_path) == 12 + linked
    assert folder_bytes(tmp_path, tmp_path / "in") == 5 + linked
    assert folder_bytes(tmp_path / "none") == 0


# ---------------------------------------------------------------- stages


def slow(items: int, seconds: float) -> Iterator[int]:
    for item in range(items):
        time.sleep(seconds)
        yield item


def test_every_stage_leaves_a_row(told: list[str], tmp_path: Path) -> None:
    with clocked("v50_1", "features", tmp_path, budget(told, tmp_path)):
        list(track(slow(4, 0.01), "depths", 4))
        with pytest.raises(ZeroDivisionError):
            list(track((1 // (2 - item) for item in range(4)), "population", 4))
    rows = read_timing(RecordFolder(tmp_path).timing)
    found = [(row["stage"], row["items"], row["status"]) for row in rows]
    assert found == [("depths", "4", "ok"), ("population", "2", "failed"), (WHOLE, "1", "ok")]
    assert 0.04 <= float(rows[0]["seconds"]) < 5
    assert float(rows[0]["memory_mb"]) > 10
    assert {row["run_id"] for row in rows} == {"v50_1"}


def test_a_stage_that_cannot_end_is_stopped_after_its_first_items(
    told: list[str], tmp_path: Path
) -> None:
    one = budget(told, tmp_path, hours=1e-3)  # 3.6 s
    with (
        pytest.raises(RuntimeRiskError, match="as its first 20 of 1000 took"),
        clocked("v50_1", "calibrate", tmp_path, one),
    ):
        list(track(slow(1000, 0.01), "calibrate train", 1000))
    rows = read_timing(RecordFolder(tmp_path).timing)
    assert [row["status"] for row in rows] == ["failed", "failed"]
    assert rows[0]["items"] == "20"


def test_a_stage_known_to_be_too_long_is_not_begun(told: list[str], tmp_path: Path) -> None:
    with clocked("v50_1", "calibrate", tmp_path, budget(told, tmp_path)):
        list(track(slow(9, 0.02), "calibrate train", 9))
        list(track(slow(12, 0.02), "calibrate train", 12))
    few, many, _ = rows = read_timing(RecordFolder(tmp_path).timing)
    assert item_seconds(rows, "calibrate", "calibrate test", 1) == float(many["item_s"]) > 0.015
    assert item_seconds([few], "calibrate", "calibrate test", 1) is None
    assert item_seconds(rows, "calibrate", "calibrate test", 2) is None  # of other workers
    begun: list[int] = []
    with (
        pytest.raises(RuntimeRiskError, match="as such a stage took before"),
        clocked("v50_2", "calibrate", tmp_path, budget(told, tmp_path, hours=1e-3)),
    ):
        list(track(map(begun.append, range(1000)), "calibrate test", 1000))
    assert not begun
    assert item_seconds(rows, "features", "depths", 1) is None


def test_a_row_cut_off_is_left_out(tmp_path: Path, told: list[str]) -> None:
    with clocked("v50_1", "features", tmp_path, budget(told, tmp_path)):
        pass
    path = RecordFolder(tmp_path).timing
    path.write_text(path.read_text() + "2026-01-01T00:00:00Z,v50")
    assert len(read_timing(path)) == 1


def test_processor_time_and_memory_are_seen() -> None:
    sampler = Sampler()
    moment = sampler.moment()
    held = bytearray(50_000_000)
    for _ in range(20):
        sum(range(100_000))
    taken = sampler.since(moment)
    sampler.stop()
    assert len(held) / 1e6 < taken.memory_mb
    assert taken.cpu_percent > 0


@pytest.mark.parametrize(
    ("answer", "load", "memory"),
    [("37, 1200\\n80, 900", 80.0, 900.0), ("no devices", None, None)],
)
def test_a_gpu_is_asked_where_there_is_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    load: float | None,
    memory: float | None,
) -> None:
    """The busiest of two; what answers nothing sensible counts as none."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\nprintf '{answer}\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    sampler = Sampler()
    taken = sampler.since(sampler.moment())
    sampler.stop()
    assert (taken.gpu_percent, taken.gpu_memory_mb) == (load, memory)


# ---------------------------------------------------------------- commands


def test_a_command_is_not_begun_when_its_time_is_spent(
    spectramind: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tmp_path / "outputs/checkpoints/best.pt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    since = (datetime.now(UTC) - timedelta(hours=2)).strftime(SINCE)
    line = ["kaggle-bundle", "--run-only", f"paths.work={tmp_path}"]
    assert spectramind(*line, "env.budget.hours=1", f"env.budget.since={since}") == 4
    assert "kaggle-bundle is not begun: 2.00 h of 1 h are spent" in capsys.readouterr().err
    assert [event["status"] for event in read_events(tmp_path)] == ["fail"]
    assert spectramind(*line) == 0
    assert "budget" not in capsys.readouterr().err
    rows = read_timing(RecordFolder(tmp_path).timing)
    assert [(row["stage"], row["status"]) for row in rows] == [(WHOLE, "ok")]


def test_what_comes_after_is_told_at_the_begin(
    told: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        with clocked("v50_1", "features", tmp_path, budget(told, tmp_path), after=["train"]):
            list(track(slow(4, 0.0), "depths", 4))
        with clocked("v50_2", "train", tmp_path, budget(told, tmp_path)):
            pass
    first, _, third, fourth = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("budget:")
    ]
    assert first == fourth == "budget: 0.00 of 1 h spent"
    assert "what comes after took 0.0 min before (train 0.0)" in third
