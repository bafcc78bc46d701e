"""The run record: written on success and on failure, valid against its schema."""

import json
import logging
import signal
from pathlib import Path

import jsonschema
import pytest

from spectramind.config.compose import resource_dir
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError
from spectramind.run import environment
from spectramind.run.record import (
    RunRecord,
    read_events,
    read_manifest,
    recording,
)


def record(work: Path, cmd: str = "train") -> RunRecord:
    return RunRecord(
        cmd,
        {"overrides": ["train.lr=1"]},
        work,
        cfg_hash="abcd1234",
        seed=7,
        science_hash="0123abcd",
    )


def test_success_writes_event_block_and_manifest(tmp_path: Path) -> None:
    made = tmp_path / "made.txt"
    with recording(record(tmp_path)) as run:
        made.write_text("x")
        run.artifact(made)
        run.metrics["score"] = 0.5
    (event,) = read_events(tmp_path)
    schema = json.loads((resource_dir("schemas") / "event.schema.json").read_text())
    jsonschema.validate(event, schema)
    assert event["status"] == "ok"
    assert event["metrics"] == {"score": 0.5}
    assert event["run_id"].endswith("_abcd")
    assert (event["cfg_hash"], event["science_hash"]) == ("abcd1234", "0123abcd")
    block = (RecordFolder(tmp_path).debug_log).read_text()
    assert block.startswith("### CLI: train\n- ts: ")
    assert "- cfg_hash: abcd1234" in block
    entry = read_manifest(tmp_path).commands["train"]
    assert entry.science_hash == "0123abcd"
    # SHA-256 of the letter x, from any other tool.
    assert entry.artifacts[str(made)] == (
        "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    )


def test_failure_is_recorded_and_raised(tmp_path: Path) -> None:
    with pytest.raises(SchemaError), recording(record(tmp_path)):
        raise SchemaError("broken file")
    (event,) = read_events(tmp_path)
    assert (event["status"], event["message"]) == ("fail", "broken file")
    assert not (RecordFolder(tmp_path).manifest).exists()


def test_a_signal_while_a_failure_is_recorded_waits_for_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torchrun ends the other processes as soon as one has ended."""
    monkeypatch.setattr(environment, "git_sha", lambda: signal.raise_signal(signal.SIGINT))
    # Jobs in the background ignore it from birth.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt), recording(record(tmp_path)):
            raise SchemaError("x.npz is truncated")
    finally:
        signal.signal(signal.SIGINT, before)
    assert [event["message"] for event in read_events(tmp_path)] == ["x.npz is truncated"]


def test_warning_changes_the_status_but_not_the_outcome(tmp_path: Path) -> None:
    with recording(record(tmp_path)) as run:
        run.warn("look here")
    assert read_events(tmp_path)[0]["status"] == "warn"
    assert "train" in read_manifest(tmp_path).commands


def test_one_line_a_command_and_one_entry_a_kind(tmp_path: Path) -> None:
    for cmd in ("train", "train", "predict"):
        with recording(record(tmp_path, cmd)):
            pass
    assert len((RecordFolder(tmp_path).events).read_text().splitlines()) == 3
    assert set(read_manifest(tmp_path).commands) == {"train", "predict"}


def test_a_manifest_of_before_the_science_hash_is_read(tmp_path: Path) -> None:
    with recording(record(tmp_path)):
        pass
    path = RecordFolder(tmp_path).manifest
    old = json.loads(path.read_text())
    del old["commands"]["train"]["science_hash"]
    path.write_text(json.dumps(old))
    with recording(record(tmp_path, "predict")):
        pass
    commands = read_manifest(tmp_path).commands
    assert (commands["train"].science_hash, commands["predict"].science_hash) == (None, "0123abcd")


def test_a_path_of_an_ascii_locale_is_recorded_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What pytest keeps of a log or a failure goes to another process, which refuses surrogates.
    log = logging.getLogger("spectramind")
    monkeypatch.setattr(log, "propagate", False)
    monkeypatch.setattr(log, "handlers", [logging.NullHandler()])
    hidden = "/Ω".encode().decode("ascii", "surrogateescape")
    run = RunRecord("train", {"overrides": [hidden]}, tmp_path)
    with pytest.raises(SchemaError), recording(run):
        raise SchemaError(f"{hidden} is missing")
    (event,) = read_events(tmp_path)
    told = ascii(event["args"]), ascii(event["message"])
    assert told == (ascii({"overrides": ["/Ω"]}), ascii("/Ω is missing"))


def test_a_half_line_spoils_none_but_itself(tmp_path: Path) -> None:
    events = RecordFolder(tmp_path).events
    events.write_text('{"cmd": "tra')
    for _ in range(2):
        with recording(record(tmp_path)):
            pass
    assert [event["cmd"] for event in read_events(tmp_path)] == ["train", "train"]
    assert len(events.read_text().splitlines()) == 3
