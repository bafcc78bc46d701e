"""What ``python -m`` makes of this room: the command, never nothing with exit code 0."""

import os
import subprocess
import sys
from pathlib import Path

import spectramind
from spectramind.dataset.tree import KaggleTree


def called(module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": str(Path(spectramind.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_room_is_the_command(tree: KaggleTree, tmp_path: Path) -> None:
    where = [f"data.raw={tree.root}", f"paths.work={tmp_path}", "data.split=train"]
    done = called("spectramind.calibration", "--dry-run", *where)
    assert done.returncode == 0, done.stderr
    assert "1 visits to calibrate" in done.stdout


def test_its_exit_code_is_the_command_s(tmp_path: Path) -> None:
    done = called("spectramind.calibration", f"data.raw={tmp_path}/none", f"paths.work={tmp_path}")
    assert done.returncode == 2
    assert "is not a folder" in done.stderr


def test_the_step_s_module_names_the_command() -> None:
    done = called("spectramind.calibration.calibrate_split", "--in", "a", "--out", "b")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("spectramind: this module is no command: run")
