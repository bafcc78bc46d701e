"""analyze-log: time, failures and churn of a work folder's runs, as Markdown and CSV."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest

from spectramind.config.compose import compose
from spectramind.config.kept import keep_settings
from spectramind.config.root import Config
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError
from spectramind.pipeline.analyze_log import LogAnalysis, analyze_log
from spectramind.run.record import RunRecord


def event(cmd: str, seconds: float, **more: Any) -> dict[str, Any]:
    plain = {
        "ts": "2025-08-12T04:20:31Z",
        "run_id": "v50_20250812_042031_ab12",
        "cmd": cmd,
        "args": {"overrides": []},
        "git_sha": "a" * 40,
        "cfg_hash": "0" * 8,
        "science_hash": "1" * 8,
        "env": {},
        "seed": 1337,
        "artifacts": [],
        "metrics": {},
        "duration_ms": round(1000 * seconds),
        "status": "ok",
        "message": None,
    }
    return plain | more


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return compose([f"paths.work={tmp_path}"])


def analysed(config: Config, *events: dict[str, Any], more: str = "") -> LogAnalysis:
    lines = "".join(json.dumps(one) + "\n" for one in events)
    (config.paths.work / "events.jsonl").write_text(lines + more)
    record = RunRecord("analyze-log", {}, config.paths.work)
    found = analyze_log(config, record)
    assert len(record.warnings) == found.unreadable
    return found


def test_time_is_summed_by_command_the_slowest_first(config: Config) -> None:
    found = analysed(config, event("score", 2), event("train", 30), event("train", 10))
    assert [(one.cmd, one.runs, one.seconds) for one in found.commands] == [
        ("train", 2, 40.0),
        ("score", 1, 2.0),
    ]
    assert (found.commands[0].median_seconds, found.commands[0].longest_seconds) == (20.0, 30.0)
    page = found.page.read_text()
    assert "| train | 2 | 0 | 0 | 40.0 | 20.0 | 30.0 | ok |" in page
    assert "None." in page


def test_failures_are_counted_by_what_they_said(config: Config) -> None:
    failed = event("predict", 1, status="fail", message="a | b <script>\nlost")
    found = analysed(config, failed, failed, event("predict", 3, status="warn"))
    assert (found.commands[0].failed, found.commands[0].warned) == (2, 1)
    assert "| predict | 2 | a \\| b &lt;script> lost |" in found.page.read_text()
    assert "2 failed (predict 2)" in "\n".join(found.report())


def test_churn_is_what_differs_from_the_run_before(config: Config) -> None:
    found = analysed(
        config,
        event("train", 1, args={"overrides": ["train.lr=1e-3"]}),
        event("train", 1, args={"overrides": ["train.lr=2e-3"]}, cfg_hash="2" * 8),
        event("score", 1, cfg_hash="3" * 8),
        event("train", 1, args={"overrides": ["train.lr=2e-3"]}, cfg_hash="2" * 8, git_sha="b" * 7),
        event("train", 1, args={"overrides": ["train.lr=2e-3"]}, cfg_hash="4" * 8, git_sha="b" * 7),
    )
    by_name = {one.cmd: one for one in found.commands}
    assert (by_name["train"].configs, by_name["train"].changes) == (3, 2)
    assert (by_name["score"].configs, by_name["score"].changes) == (1, 0)
    assert [run.change for run in found.runs] == [
        "",
        "- train.lr=1e-3, + train.lr=2e-3",
        "",
        "code aaaaaaa -> bbbbbbb",
        "a file of settings",
    ]


def test_the_table_has_a_row_a_run_and_every_metric(config: Config) -> None:
    found = analysed(
        config,
        event("train", 1, metrics={"val": 1.5}),
        event("calibrate", 2, args={"overrides": ["seed=1"], "dry_run": True}),
    )
    with found.table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["metric_val"] for row in rows] == ["1.5", ""]
    assert rows[1]["overrides"] == "seed=1 dry_run=true"
    assert rows[1]["seconds"] == "2.000"


def test_a_broken_line_is_named_and_the_rest_is_told(config: Config) -> None:
    found = analysed(config, event("train", 1), more='{"cmd": "x"}\nnonsense\n')
    assert (len(found.runs), found.unreadable) == (1, 2)
    assert "2 lines unreadable" in found.page.read_text()


@pytest.mark.parametrize("text", [None, "", "nonsense\n"])
def test_without_events_there_is_nothing_to_tell(text: str | None, config: Config) -> None:
    if text is not None:
        (config.paths.work / "events.jsonl").write_text(text)
    with pytest.raises(SchemaError, match="nothing ran in this work folder yet"):
        analyze_log(config, RunRecord("analyze-log", {}, config.paths.work))


def test_what_changed_is_told_key_by_key_where_settings_were_kept(config: Config) -> None:
    hashes = []
    for typed in (["train.lr=1e-3"], ["train.lr=2e-3", "data.link=/tree"], ["experiment=smoke"]):
        kept = compose([f"paths.work={config.paths.work}", *typed])
        keep_settings(kept, RecordFolder(config.paths.work).settings(kept.hash))
        hashes.append((kept.hash, {"overrides": typed}))
    found = analysed(config, *(event("train", 1, args=a, cfg_hash=h) for h, a in hashes))
    first, second, third = (run.change for run in found.runs)
    assert (first, second) == ("", 'data.link null -> "/tree", train.lr 0.001 -> 0.002')
    assert re.fullmatch(
        r"- train.lr=2e-3, - data.link=/tree, \+ experiment=smoke \(\d+ settings\)", third
    )
