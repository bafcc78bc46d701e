"""What a command says of itself while it runs: there, true, and gone with it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from spectramind.config.compose import compose, resource_dir
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import SchemaError
from spectramind.run import heartbeat
from spectramind.run.budget import Budget
from spectramind.run.heartbeat import under_way
from spectramind.run.progress import track
from spectramind.run.record import RunRecord, read_events, recording
from spectramind.run.running import STALE_S, RunningCommand, running_in
from spectramind.run.stage_clock import clocked

RUN = """
import sys, time
from pathlib import Path
from spectramind.run.heartbeat import under_way
from spectramind.run.record import RunRecord
with under_way(RunRecord("train", {}, Path(sys.argv[1]))):
    print("begun", flush=True)
    time.sleep(60)
"""


def record(work: Path) -> RunRecord:
    return RunRecord(
        "train",
        {"overrides": ["train.lr=1"], "where": work},
        work,
        cfg_hash="abcd1234",
        science_hash="0123abcd",
    )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look all the time."""
    monkeypatch.setattr(heartbeat, "_LOOK_EVERY_S", 0.005)


def only(work: Path) -> RunningCommand:
    (found,) = running_in(work)
    return found


def stages(work: Path, wanted: list[tuple[str, int, int]]) -> RunningCommand:
    """What is told once it tells that."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        found = only(work)
        if [(one.name, one.done, one.total) for one in found.stages] == wanted:
            return found
        time.sleep(0.002)
    raise AssertionError(f"{only(work).stages}, not {wanted}")


@pytest.mark.usefixtures("quick")
def test_loops_are_told_while_they_run_the_outermost_first(tmp_path: Path) -> None:
    run = record(tmp_path)
    budget = Budget(compose().env.budget, run.started, print, tmp_path)
    with under_way(run), clocked(run.run_id, run.cmd, tmp_path, budget):
        assert stages(tmp_path, []).started == run.timestamp
        for outer in track("abc", "folds", 3):
            for inner in track(range(5), f"fold {outer}", 5):
                if inner == 3:  # three are done, the fourth is at work
                    found = stages(
                        tmp_path, [("folds", "abc".index(outer), 3), (f"fold {outer}", 3, 5)]
                    )
                    assert found.stages[1].left_s is not None
        stages(tmp_path, [])
        written = json.loads(RecordFolder(tmp_path).progress(run.run_id).read_text())
    schema = json.loads((resource_dir("schemas") / "progress.schema.json").read_text())
    jsonschema.validate(written, schema)
    assert written["args"] == {"overrides": ["train.lr=1"], "where": str(tmp_path)}
    assert (written["cmd"], written["pid"], written["host"]) == (
        "train",
        os.getpid(),
        socket.gethostname(),
    )
    assert (written["cfg_hash"], written["science_hash"]) == ("abcd1234", "0123abcd")


@pytest.mark.usefixtures("quick")
def test_the_next_item_that_is_being_made_is_not_done(tmp_path: Path) -> None:
    """As in a pool, whose results come when they are done: nothing is out while it waits."""

    def results() -> Iterator[int]:
        yield 0
        stages(tmp_path, [("visits", 1, 2)])
        yield 1
        stages(tmp_path, [("visits", 2, 2)])

    run = record(tmp_path)
    budget = Budget(compose().env.budget, run.started, print, tmp_path)
    with under_way(run), clocked(run.run_id, run.cmd, tmp_path, budget):
        assert list(track(results(), "visits", 2)) == [0, 1]


def test_a_stage_that_ran_here_before_is_forecast_from_the_first_item(tmp_path: Path) -> None:
    from spectramind.run.stage_clock import loops_now

    run = record(tmp_path)
    for _ in range(2):
        budget = Budget(compose().env.budget, run.started, print, tmp_path)
        with clocked(run.run_id, run.cmd, tmp_path, budget):
            left = []
            for _ in track(range(12), "depths", 12):
                left.append(loops_now()[-1].left_s)
                time.sleep(0.01)
    assert left[0] is not None
    assert 0.05 < left[0] < 2


@pytest.mark.usefixtures("quick")
def test_a_long_item_does_not_look_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_SAID_EVERY_S", 0.05)
    run = record(tmp_path)
    path = RecordFolder(tmp_path).progress(run.run_id)
    with under_way(run):
        before = path.stat().st_mtime_ns
        until = time.monotonic() + 10
        while path.stat().st_mtime_ns == before and time.monotonic() < until:
            sum(range(1000))
        assert path.stat().st_mtime_ns > before
    assert heartbeat._LOOK_EVERY_S * 2 < STALE_S


def test_it_is_told_often_enough_and_not_too_often() -> None:
    assert heartbeat._LOOK_EVERY_S >= 0.5
    assert heartbeat._SAID_EVERY_S + heartbeat._LOOK_EVERY_S <= 10 < STALE_S


@pytest.mark.parametrize("error", [None, SchemaError("broken"), KeyboardInterrupt()])
def test_it_is_gone_when_the_event_is_written(
    tmp_path: Path, error: BaseException | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    unlink = heartbeat._Heart.end

    def end(heart: heartbeat._Heart) -> None:
        seen.append(len(read_events(tmp_path)))
        unlink(heart)

    monkeypatch.setattr(heartbeat._Heart, "end", end)
    fails = nullcontext() if error is None else pytest.raises(type(error))
    with fails, under_way(record(tmp_path)), recording(record(tmp_path)):
        assert only(tmp_path).lives
        if error is not None:
            raise error
    assert seen == [1]
    assert not RecordFolder(tmp_path).running.exists()


def test_what_a_killed_command_left_goes_with_the_next(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(heartbeat.__file__).parents[2])},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    left = only(tmp_path)
    assert (left.pid, left.lives) == (running.pid, True)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert not only(tmp_path).lives
    (RecordFolder(tmp_path).running / "half.json").write_text('{"run_id": "v5')
    with under_way(record(tmp_path)):
        assert only(tmp_path).pid == os.getpid()
    assert not RecordFolder(tmp_path).running.exists()


def test_another_machines_is_left_while_it_speaks(tmp_path: Path) -> None:
    path = RecordFolder(tmp_path).progress("v50_of_another")
    path.parent.mkdir()
    with under_way(record(tmp_path)):
        note = only(tmp_path).model_copy(update={"host": "elsewhere"})
    path.parent.mkdir(exist_ok=True)
    for silent, kept in ((5, True), (STALE_S + 5, False)):
        when = datetime.now(UTC) - timedelta(seconds=silent)
        said = note.model_copy(update={"updated": f"{when:%Y-%m-%dT%H:%M:%SZ}"})
        path.write_text(said.model_dump_json())
        assert said.lives == kept
        with under_way(record(tmp_path)):
            assert path.exists() == kept


def test_a_file_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    RecordFolder(tmp_path).running.write_text("a file in the folder's place")
    with under_way(record(tmp_path)), recording(record(tmp_path)):
        time.sleep(0.01)
    assert [event["status"] for event in read_events(tmp_path)] == ["ok"]
    assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("quick")
def test_a_full_disk_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tried = []

    def full(path: Path, text: str) -> None:
        tried.append(path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(heartbeat, "write_text", full)
    with under_way(record(tmp_path)):
        until = time.monotonic() + 10
        while len(tried) < 3 and time.monotonic() < until:
            time.sleep(0.005)
    assert len(tried) >= 3  # it may have room again
    assert capfd.readouterr().err == ""


def test_of_several_processes_the_first_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "x")
    for name, value in zip(names, "1212", strict=True):
        monkeypatch.setenv(name, value)
    with under_way(record(tmp_path)):
        assert running_in(tmp_path) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.usefixtures("quick")
def test_no_signal_goes_to_its_thread(tmp_path: Path) -> None:
    import threading

    with under_way(record(tmp_path)):
        (thread,) = [one for one in threading.enumerate() if one.name == "progress"]
        status = Path(f"/proc/self/task/{thread.native_id}/status")

        def blocked() -> int:
            line = next(o for o in status.read_text().splitlines() if o.startswith("SigBlk"))
            return int(line.split()[1], 16)

        until = time.monotonic() + 10
        while not blocked() and time.monotonic() < until:
            time.sleep(0.002)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            assert blocked() >> (number - 1) & 1
    assert not thread.is_alive()


def test_a_command_tells_and_leaves_nothing(
    tmp_path: Path, spectramind: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    begin = heartbeat._Heart.begin

    def told(heart: heartbeat._Heart) -> None:
        begin(heart)
        seen.append(only(tmp_path))

    monkeypatch.setattr(heartbeat._Heart, "begin", told)
    assert spectramind("score", f"paths.work={tmp_path}") != 0
    assert [(one.cmd, one.args["overrides"]) for one in seen] == [
        ("score", [f"paths.work={tmp_path}"])
    ]
    assert [event["run_id"] for event in read_events(tmp_path)] == [seen[0].run_id]
    assert not RecordFolder(tmp_path).running.exists()


def test_what_is_no_progress_is_told(tmp_path: Path) -> None:
    path = RecordFolder(tmp_path).progress("x")
    path.parent.mkdir()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SchemaError, match=r"x\.json tells of no command"):
        running_in(tmp_path)
