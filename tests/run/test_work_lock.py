"""Two commands do not work in one folder at once."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import ConfigError
from spectramind.pipeline.commands import perform
from spectramind.run.record import read_events
from spectramind.run.work_lock import alone_in

HOLD = """
import sys
from pathlib import Path
from spectramind.run.work_lock import alone_in
with alone_in(Path(sys.argv[1]), "train", Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(work: Path) -> subprocess.Popen[str]:
    """Another process that holds the folder."""
    arguments = [sys.executable, "-c", HOLD, str(work), str(RecordFolder(work).lock)]
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_refused_by_name_and_leaves_nothing(tmp_path: Path) -> None:
    config = compose([f"paths.work={tmp_path}"])
    with holder(tmp_path) as first:
        told = rf"{tmp_path}: `spectramind train` \(process {first.pid} on .*wait for its end"
        with pytest.raises(ConfigError, match=told):
            perform("selftest", config, [], {})
        assert read_events(tmp_path) == []
        first.communicate("")
    perform("selftest", config, [], {})
    assert [event["cmd"] for event in read_events(tmp_path)] == ["selftest"]


def test_a_killed_command_leaves_the_folder_free(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        first.kill()
    with alone_in(tmp_path, "train", RecordFolder(tmp_path).lock):
        pass


def test_a_holder_that_has_not_written_yet_is_told_too(tmp_path: Path) -> None:
    lock = RecordFolder(tmp_path).lock
    with holder(tmp_path) as first:
        lock.write_text("")
        with (
            pytest.raises(ConfigError, match="another command works there"),
            alone_in(tmp_path, "score", lock),
        ):
            pass
        first.communicate("")


def test_what_a_killed_command_left_half_written_is_swept(tmp_path: Path) -> None:
    config = compose([f"paths.work={tmp_path}"])
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    host = socket.gethostname().partition(".")[0]
    name = f".a.json.{host}-{gone.pid}.tmp"
    deep = config.paths.outputs / "checkpoints" / name
    beside = config.paths.splits.parent / name
    others = tmp_path / "data/raw" / name  # not the command's to sweep
    for path in (tmp_path / name, deep, beside, others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    perform("selftest", config, [], {})
    assert list(tmp_path.rglob("*.tmp")) == [others]
