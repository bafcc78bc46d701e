"""benchmarks/chaos.py: it sees what it must, and a few of its rounds find nothing."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "chaos.py"


@pytest.fixture(scope="module")
def chaos() -> ModuleType:
    found = importlib.util.spec_from_file_location("benchmark_of_chaos", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_lost_half_and_left_over_files_are_seen(chaos: ModuleType, tmp_path: Path) -> None:
    before, after = write(tmp_path / "b", a="1"), write(tmp_path / "a", a="1", b="22", c="3")
    stage = chaos.Stage("train", 1.0, 1, before, after, 2, 2)
    here = chaos.Chaos(tmp_path, [], ["train"])
    write(here.work, a="1", b="2", logs__spectramind="is not compared")
    (here.work / ".c.host-1.tmp").write_text("")
    assert here.compare(stage) == ["lost: c", "left over: .c.host-1.tmp", "differs: b"]
    write(here.work, b="22", c="3")
    (here.work / ".c.host-1.tmp").unlink()
    assert here.compare(stage) == []


def test_broken_and_repeated_event_lines_are_seen(chaos: ModuleType, tmp_path: Path) -> None:
    good = json.dumps({"cmd": "train"})
    for text, before, struck, faulty in (
        (f"{good}\n{good}\n", 0, 1, False),
        (f"{good}\n{good}\n", 1, 0, False),
        (f'{{"cmd\n{good}\n', 0, 1, False),  # of the struck command, half a line
        (f"{good}\n{good}\n", 0, 0, True),  # told twice
        (f"{good}\n", 0, 1, True),  # one is lost
        (f'{good}\n{{"cmd\n', 0, 1, True),  # the second run's is half
    ):
        write(tmp_path, **{"events.jsonl": text})
        assert bool(chaos.record_faults(tmp_path, before, struck)) == faulty, text


def test_codes_and_tracebacks_are_judged(chaos: ModuleType) -> None:
    size, kill, memory = (chaos.CAUSES[name] for name in ("file size", "kill", "memory"))
    assert size.faults(4, "spectramind: no room") == []
    assert size.faults(5, "internal error")
    assert size.faults(4, "Traceback (most recent call last):")
    assert size.faults(-11, "")
    assert kill.faults(-9, "") == []
    assert memory.faults(-11, "") == []
    assert memory.faults(5, "internal error")


@pytest.mark.slow
def test_a_few_rounds_find_nothing(tmp_path: Path) -> None:
    causes = "kill at a file,file size,terminate,second command"
    small = ["sim.planets=3", "sim.test_planets=1"]
    more = ["--commands", "simulate,calibrate", "--causes", causes, "--folder", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--rounds", "5", *more, *small],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SCRIPT.parents[1] / "src"), "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    strikes = json.loads((tmp_path / "chaos.json").read_text())
    assert len(strikes) == 7  # five rounds, and every command of the walk
    assert any(strike["code"] for strike in strikes)
