"""The command line: quick to help, one clear line and the right code for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spectramind.cli import main as cli

SLOW_PACKAGES = ("torch", "hydra", "numpy", "pandas", "numba", "plotly", "sklearn")


def spectramind(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "spectramind", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line a failed command says."""
    assert done.returncode == code, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("spectramind:")]
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[0]


def test_help_loads_nothing_slow(tmp_path: Path) -> None:
    probe = (
        "import sys; sys.argv = ['spectramind', '--help']\n"
        "from spectramind.cli.main import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert stop.code == 0\n"
        f"print([name for name in {SLOW_PACKAGES} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    [
        ["simulate"],
        ["calibrate"],
        ["features"],
        ["train"],
        ["predict"],
        ["calibrate-temp"],
        ["calibrate-corel"],
        ["score"],
        ["diagnose", "dashboard"],
        ["submit", "bundle"],
        ["submit", "validate"],
        ["selftest"],
    ],
)
def test_every_command_has_help(command: list[str], tmp_path: Path) -> None:
    done = spectramind(*command, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "OVERRIDES" in done.stdout


def test_version_shows_the_config_hash_and_is_recorded(tmp_path: Path) -> None:
    done = spectramind("--version", cwd=tmp_path)
    assert done.returncode == 0
    name, version, config, digest = done.stdout.split()
    assert (name, config) == ("spectramind", "(config")
    assert version.count(".") == 2
    event = json.loads((tmp_path / "events.jsonl").read_text())
    assert event["cfg_hash"] == digest.rstrip(")")
    assert event["cmd"] == "version"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["train", "train.lrr=1"], "did you mean 'train.lr'"),
        (["train", "train.epochs=-1"], "train.epochs"),
        (["train", "--phase", "nonsense"], "nonsense"),
        (["simulate", "--workers", "-1"], "env.workers"),
        (["predict", "--no-such-option"], "no-such-option"),
        (["nonsense"], "nonsense"),
        (["score", "--against", "nobody"], "score.against"),
        (["score", "--against", "box,box"], "named twice"),
        (["calibrate-temp", "calib.temp.enabled=false"], "calib.temp.enabled"),
    ],
)
def test_mistakes_of_the_command_line_exit_with_3(
    args: list[str], said: str, tmp_path: Path
) -> None:
    assert said in complaint(spectramind(*args, cwd=tmp_path), 3)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["calibrate", "data.raw=nowhere"], "nowhere"),
        (["features", "data.raw=nowhere"], "nowhere"),
        (["train", "data.raw=nowhere"], "nowhere"),
        (["predict"], "spectramind train"),
        (["score"], "truth"),
        (["diagnose", "dashboard"], "spectramind predict"),
        (["submit", "validate", "--submission", "none.csv"], "none.csv"),
    ],
)
def test_missing_data_exits_with_2_and_is_recorded(
    args: list[str], said: str, tmp_path: Path
) -> None:
    assert said in complaint(spectramind(*args, cwd=tmp_path), 2)
    event = json.loads((tmp_path / "events.jsonl").read_text())
    assert event["status"] == "fail"
    assert said in event["message"]


def test_selftest_passes(tmp_path: Path) -> None:
    done = spectramind("selftest", "--deep", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout


def test_completion_is_offered(tmp_path: Path) -> None:
    assert "--install-completion" in spectramind("--help", cwd=tmp_path).stdout


def test_an_interrupt_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["spectramind", "--version"])
    monkeypatch.setattr("spectramind.pipeline.version.version", interrupted)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == (
        "spectramind: interrupted: the same command goes on where this one stopped\n"
    )
    assert json.loads((tmp_path / "events.jsonl").read_text())["status"] == "fail"
