"""The table of commands: events and progress files of several folders, one command, its log."""

import csv
import io
import json
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from spectramind.config.compose import compose
from spectramind.run.record import RunRecord, recording
from spectramind.server.answers import RunRow
from spectramind.server.run_rows import as_csv

STAMP = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture(scope="module")
def places(benchmark: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two folders of one name with commands, one that is not there."""
    home = tmp_path_factory.mktemp("runs")
    folders = [home / "a" / "demo run", home / "b" / "demo run", home / "gone"]
    for folder, count in zip(folders, (40, 5), strict=False):
        benchmark.write_events(folder, count)
    return folders


@pytest.fixture(scope="module")
def runs(serving: Callable[..., Any], places: list[Path]) -> Any:
    return serving(places)


def progress(folder: Path, run_id: str, **changed: Any) -> Path:
    """A progress file of a command that runs now, in this process."""
    now = datetime.now(UTC)
    note = {
        "run_id": run_id,
        "cmd": "train",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "started": (now - timedelta(seconds=60)).strftime(STAMP),
        "updated": now.strftime(STAMP),
        "cfg_hash": "24532a82",
        "science_hash": "bd77835f",
        "args": {"overrides": ["seed=3"]},
        "stages": [
            {"name": "members", "done": 1, "total": 3, "left_s": 90.0},
            {"name": "epochs", "done": 4, "total": 60, "left_s": None},
        ],
    }
    path = folder / "progress" / f"{run_id}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(note | changed))
    return path


def test_all_folders_stand_in_one_table_newest_first(runs: Any) -> None:
    found = runs.get("/api/runs?size=100")
    assert found["total"] == 45
    assert {row["folder"] for row in found["rows"]} == {"demo-run", "demo-run-2"}
    started = [row["started"] for row in found["rows"]]
    assert started == sorted(started, reverse=True)
    assert len(found["problems"]) == 1
    assert "is not there" in found["problems"][0]


def test_pages_filters_and_sorting(runs: Any) -> None:
    first, second = (runs.get(f"/api/runs?size=30&page={page}")["rows"] for page in (1, 2))
    assert (len(first), len(second)) == (30, 15)
    assert runs.get("/api/runs?page=99")["rows"] == []
    scores = runs.get("/api/runs?command=score&sort=-score")
    assert {row["command"] for row in scores["rows"]} == {"score"}
    assert scores["rows"][0]["score"] == 0.7
    assert {row["state"] for row in runs.get("/api/runs?state=warn")["rows"]} == {"warn"}
    assert runs.get("/api/runs?folder=demo-run-2")["total"] == 5
    assert runs.get("/api/runs?search=ANOTHER%20thing")["total"] == 6
    took = [row["duration_s"] for row in runs.get("/api/runs?sort=duration_s")["rows"]]
    assert took == sorted(took)
    by_score = runs.get("/api/runs?sort=score&size=100")["rows"]
    assert [row["score"] is None for row in by_score] == sorted(
        row["score"] is None for row in by_score
    )


@pytest.mark.parametrize(
    "query", ["page=0", "size=0", "size=501", "sort=nothing", "state=odd", "page=x", "sort=--score"]
)
def test_a_parameter_that_means_nothing_is_one_sentence(runs: Any, query: str) -> None:
    answer = runs.ask(f"/api/runs?{query}")
    assert answer.status == 422
    assert answer.detail.startswith(query.partition("=")[0])
    assert "\n" not in answer.detail


def test_an_unknown_folder_names_those_there_are(runs: Any) -> None:
    answer = runs.ask("/api/runs?folder=odd")
    assert answer.status == 404
    assert "demo-run-2" in answer.detail


def test_the_table_downloads_whole(runs: Any) -> None:
    answer = runs.ask("/api/runs.csv?sort=started")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert len(rows) == 45
    assert sum(row["score"] == "0.7" for row in rows) == 3


def test_a_running_command_stands_first_with_its_stages(runs: Any, places: list[Path]) -> None:
    path = progress(places[0], "v50_20991231_000000_abcd", started="2099-12-31T00:00:00Z")
    try:
        row = runs.get("/api/runs")["rows"][0]
        assert (row["state"], row["command"]) == ("running", "train")
        assert [(s["name"], s["done"], s["total"]) for s in row["stages"]] == [
            ("members", 1, 3),
            ("epochs", 4, 60),
        ]
        ends = datetime.fromisoformat(row["ends"]) - datetime.now(UTC)
        assert 80 < ends.total_seconds() <= 91
        detail = runs.get("/api/folders/demo-run/runs/v50_20991231_000000_abcd")
        assert detail["overrides"] == ["seed=3"]
        assert runs.get("/api/folders")[0]["running"] == 1
    finally:
        path.unlink()
    assert runs.get("/api/runs")["rows"][0]["state"] != "running"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"updated": "2026-01-01T00:00:00Z"}, "no sign of life"),
        ({"pid": 2**22 + 1}, "is gone"),
        ({"host": "another", "updated": "2026-01-01T00:00:00Z"}, "no sign of life"),
    ],
)
def test_a_command_that_was_killed_has_vanished(
    runs: Any, places: list[Path], changed: dict[str, Any], why: str
) -> None:
    path = progress(places[0], "v50_20260101_000000_dead", **changed)
    try:
        (row,) = runs.get("/api/runs?state=vanished")["rows"]
        assert why in row["message"]
        assert row["ends"] is None
        assert runs.get("/api/folders")[0]["running"] == 0
    finally:
        path.unlink()


def test_another_machines_process_is_judged_by_its_age_alone(runs: Any, places: list[Path]) -> None:
    path = progress(places[0], "v50_20260101_000000_host", pid=2**22 + 1, host="another")
    try:
        assert runs.get("/api/runs?state=running")["total"] == 1
    finally:
        path.unlink()


def test_an_ended_command_is_its_event(runs: Any, places: list[Path]) -> None:
    run_id = runs.get("/api/runs?folder=demo-run")["rows"][0]["run_id"]
    path = progress(places[0], run_id)
    try:
        assert runs.get("/api/runs?state=running")["total"] == 0
    finally:
        path.unlink()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"run_id": "x"}', '{"pid": 1e999}', "\x00"])
def test_a_broken_progress_file_is_said_and_costs_nothing(
    runs: Any, places: list[Path], text: str
) -> None:
    path = places[1] / "progress" / "v50_x.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    try:
        found = runs.get("/api/runs?size=100")
        assert found["total"] == 45
        assert [one for one in found["problems"] if "tells of no command" in one]
    finally:
        path.unlink()


def test_one_command_with_settings_files_and_log(
    serving: Callable[..., Any], tmp_path: Path
) -> None:
    """A real record: settings are composed anew, and only where they have the same hash."""
    overrides = [f"paths.work={tmp_path}", "seed=5"]
    config = compose(overrides)
    record = RunRecord("score", {"overrides": overrides}, tmp_path, config.hash, 5)
    log = tmp_path / "logs" / "spectramind.log"
    with recording(record):
        written = tmp_path / "there.txt"
        written.write_text("four")
        record.artifact(written)
        record.artifact(tmp_path / "gone.txt")
        record.metrics["score_spectramind"] = float("nan")
    stamp = record.timestamp
    log.parent.mkdir()
    lines = ["2020-01-01T00:00:00Z INFO before", f"{stamp} ERROR failed", "Traceback", "  File"]
    log.write_text("\n".join([*lines, f"{stamp} INFO last", "2999-01-01T00:00:00Z INFO after\n"]))
    log.with_name("spectramind.log.1").write_text(f"{stamp} INFO rotated\n")
    client = serving([tmp_path])
    base = f"/api/folders/{client.get('/api/folders')[0]['name']}/runs/{record.run_id}"
    found = client.get(base)
    assert found["overrides"] == overrides
    assert found["settings"]["seed"] == 5
    assert found["settings_problem"] is None
    assert found["metrics"] == {"score_spectramind": None}
    assert [one["size_bytes"] for one in found["files"]] == [4, None]
    told = client.get(f"{base}/log")
    assert told["total"] == 5
    assert told["lines"][0].endswith("rotated")
    assert told["lines"][2:4] == ["Traceback", "  File"]
    assert client.get(f"{base}/log?count=2")["lines"] == told["lines"][-2:]
    part = client.get(f"{base}/log?first=1&count=2")
    assert (part["lines"], part["first"]) == (told["lines"][1:3], 1)


def test_settings_of_another_version_are_not_passed_off_as_the_runs(runs: Any) -> None:
    run_id = runs.get("/api/runs?folder=demo-run")["rows"][0]["run_id"]
    found = runs.get(f"/api/folders/demo-run/runs/{run_id}")
    assert found["settings"] == {}
    assert "were not kept" in found["settings_problem"]


def test_kept_settings_are_read_from_their_file(
    serving: Callable[..., Any], benchmark: ModuleType, tmp_path: Path
) -> None:
    config = compose(["paths.work=old/place", "seed=9"])
    folder = tmp_path / "moved"
    benchmark.write_events(folder, 3, config.hash)
    path = folder / "settings" / f"{config.hash}.json"
    path.parent.mkdir()
    held = config.model_dump(mode="json") | {"cwd": "/somewhere"}
    path.write_text(json.dumps(held))
    client = serving([folder])
    run_id = client.get("/api/runs")["rows"][0]["run_id"]
    found = client.get(f"/api/folders/moved/runs/{run_id}")
    assert (found["settings"]["seed"], found["settings_problem"]) == (9, None)
    assert found["settings"]["paths.work"] == "old/place"
    view = client.get("/api/folders/moved")
    assert view["provenance"]["data"] == str(folder / "data" / "raw")
    path.write_text("{}")
    os.utime(path, (time.time() + 5, time.time() + 5))
    assert (
        "holds no settings" in client.get(f"/api/folders/moved/runs/{run_id}")["settings_problem"]
    )


@pytest.mark.parametrize("tail", ["", "/log"])
def test_an_unknown_command_is_not_there(runs: Any, tail: str) -> None:
    for run_id in ("v50_x", "%2e%2e", "x" * 201):
        assert runs.ask(f"/api/folders/demo-run/runs/{run_id}{tail}").status in (404, 422)


def test_no_cell_of_a_table_starts_a_formula(runs: Any) -> None:
    row = RunRow.model_validate(runs.get("/api/runs?size=1")["rows"][0])
    for text in ("=1+1", "+1", "-1", "@a", "\t=1"):
        table = as_csv([row.model_copy(update={"message": text})], ["message"])
        assert next(csv.reader([table.splitlines()[1]]))[0] == f"'{text}"
    told = row.model_copy(update={"message": 'a,"b"\nc', "score": -1.5})
    plain = as_csv([told], ["message", "score"])
    assert list(csv.reader(io.StringIO(plain)))[1] == ['a,"b"\nc', "-1.5"]
