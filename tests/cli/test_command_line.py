"""The command line: quick to help, one clear line and the right code for every mistake."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import spectramind as spectramind_package
from spectramind.cli import main as cli
from spectramind.cli.complaint import complaint as explain
from spectramind.config.compose import compose
from spectramind.errors import ConfigError, RuntimeRiskError

Done = subprocess.CompletedProcess[str]
SLOW_PACKAGES = ("torch", "hydra", "numpy", "pandas", "numba", "plotly", "sklearn")


def in_a_process(*args: str, cwd: Path) -> Done:
    """A command line in an interpreter of its own, as a shell starts it."""
    return subprocess.run(
        [sys.executable, "-m", "spectramind", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture
def typed(
    spectramind: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Callable[..., Done]:
    """Run a command line in this process, in an empty folder; what a shell would see of it."""

    def run(*args: str) -> Done:
        monkeypatch.chdir(tmp_path)
        code = spectramind(*args)
        return subprocess.CompletedProcess(args, code, *capsys.readouterr())

    return run


def complaint(done: Done, code: int) -> str:
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
        ["export"],
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
def test_every_command_has_help(command: list[str], typed: Callable[..., Done]) -> None:
    done = typed(*command, "--help")
    assert done.returncode == 0
    assert "OVERRIDES" in done.stdout


def test_version_shows_both_hashes_and_writes_nothing(tmp_path: Path) -> None:
    done = in_a_process("--version", cwd=tmp_path)
    assert done.returncode == 0
    defaults = compose()
    assert done.stdout.strip() == (
        f"spectramind {spectramind_package.__version__} "
        f"(config {defaults.hash}, science {defaults.science_hash})"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_work_folder_that_cannot_be_one_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = complaint(in_a_process("score", "paths.work=file/work", cwd=tmp_path), 3)
    assert "paths.work=file/work cannot be a work folder" in said
    assert "internal" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_path_of_any_characters_needs_no_quotes(tmp_path: Path) -> None:
    odd = tmp_path / "Ω (a=b) #1, 'c'"
    said = complaint(in_a_process("calibrate", f"data.raw={odd}/raw", cwd=tmp_path), 2)
    assert f"{odd}/raw" in said


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_any_character_can_be_written_in_any_locale(encoding: str) -> None:
    probe = (
        "from spectramind.cli.terminal import make_streams_robust\n"
        "from spectramind.run.progress import say, show\n"
        f"make_streams_robust(); show({'1 ± 2 λ'!a}); say({'µ ≤ Ω'!a})"
    )
    env = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "POSIX"}
    done = subprocess.run([sys.executable, "-c", probe], env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = "1 ± 2 λ" if encoding == "ascii" else "1 ± 2 \\u03bb"
    assert done.stdout.strip() == wanted.encode("utf-8" if encoding == "ascii" else encoding)


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
    args: list[str], said: str, typed: Callable[..., Done]
) -> None:
    assert said in complaint(typed(*args), 3)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["calibrate", "data.raw=nowhere"], "nowhere"),
        (["features", "data.raw=nowhere"], "nowhere"),
        (["train", "data.raw=nowhere"], "nowhere"),
        (["predict"], "data/raw"),
        (["score"], "truth"),
        (["submit", "validate", "--submission", "none.csv"], "none.csv"),
    ],
)
def test_missing_data_exits_with_2_and_is_recorded(
    args: list[str], said: str, typed: Callable[..., Done], tmp_path: Path
) -> None:
    assert said in complaint(typed(*args), 2)
    event = json.loads((tmp_path / "events.jsonl").read_text())
    assert event["status"] == "fail"
    assert said in event["message"]


def test_completion_is_offered(typed: Callable[..., Done]) -> None:
    assert "--install-completion" in typed("--help").stdout


def test_an_interrupt_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["spectramind", "selftest"])
    monkeypatch.setattr("spectramind.pipeline.selftest.selftest", interrupted)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 130
    assert capsys.readouterr().err == (
        "spectramind: interrupted: the same command goes on where this one stopped\n"
    )
    event = json.loads((tmp_path / "events.jsonl").read_text())
    assert (event["status"], event["message"]) == ("fail", "interrupted")


@pytest.mark.parametrize("where", ["hydra_compose", "Config.model_validate"])
def test_memory_that_ends_while_settings_are_composed_is_a_runtime_limit(
    where: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    def starved(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(f"spectramind.config.compose.{where}", starved)
    monkeypatch.setattr("sys.argv", ["spectramind", "score", f"paths.work={tmp_path}"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 4
    assert capsys.readouterr().err.startswith("spectramind: out of memory")


def test_packages_that_memory_cannot_hold_are_told(tmp_path: Path) -> None:
    starved = (
        "import runpy, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'spectramind.cli': raise MemoryError\n"
        "sys.meta_path.insert(0, Finder())\n"
        "sys.argv = ['spectramind']; runpy.run_module('spectramind', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", starved],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(spectramind_package.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert complaint(done, 4).startswith("spectramind: out of memory")


def raised(error: Exception, of: Exception) -> Exception:
    error.__cause__ = of
    return error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError("3 GiB"), 4, "out of memory (3 GiB): lower --workers"),
        (RuntimeError("can't start new thread"), 4, "out of memory (can't start new thread)"),
        (ImportError("x.so: failed to map segment from shared object"), 4, "out of memory (x.so"),
        (raised(ConfigError("the tree"), MemoryError()), 4, "out of memory (the tree)"),
        (raised(SystemError("no exception set"), MemoryError()), 4, "out of memory (no exception"),
        (raised(RuntimeRiskError("a worker ran out of memory"), MemoryError()), 4, "a worker ran"),
        (ConfigError("the tree"), 3, "the tree"),
        (OSError(errno.ENOSPC, "full", "a.csv"), 4, "no room to write a.csv"),
        (PermissionError(errno.EACCES, "no", "a.csv"), 3, "a.csv cannot be used"),
        (KeyError("x"), 5, "internal error: KeyError: 'x' (traceback above)"),
    ],
)
def test_every_error_is_one_line_with_its_code(
    error: Exception, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spectramind.run.record.open_log_file", lambda: None)
    line, ends_with = explain(error)
    assert ends_with == code
    assert line.startswith(said)
