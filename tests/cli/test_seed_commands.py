"""Every command line that the users' documents print runs as printed and does what they say of it.

``seed_commands.txt`` is the list. Each line runs in a work folder on which the smallest chain has
run. Behind it stand settings that only make it small: networks of one layer, one epoch. What a line
cannot have here is said beside it, and what it names is checked instead.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from poetry.core.factory import Factory

import spectramind
from spectramind.cli import main as command_line
from spectramind.config.aliases import SCRIPTS
from spectramind.config.compose import compose
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.topics import TOPIC
from spectramind.run.record import read_events

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("seed_commands.txt")
LINES = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and line[:1] != "#"]
SMALL = [
    "split.folds=3",
    "train.epochs=1",
    "train.batch_size=8",
    "train.sequence_length=32",
    "train.mae.epochs=1",
    "train.contrastive.epochs=1",
    "calib.corel.alpha=0.4",
    "uq.members=2",
    "uq.passes=2",
    "env.workers=1",
    "env.threads=1",
]
CHAIN = ["features", "train", "calibrate-temp", "calibrate-corel", "predict", "score"]
GRID = 'variants:\n  - {name: "fusion: gate", overrides: [model.fusion.type=gate]}\n'
CSV, ZIP, BEST = (
    "outputs/submission.csv",
    "outputs/submission_bundle.zip",
    "outputs/checkpoints/best.pt",
)
PAGE, PRETRAINED = "outputs/diagnostics/v1.html", "outputs/checkpoints/pretrained.pt"


@dataclass(frozen=True)
class Does:
    """What a line must do.

    Attributes:
        files: are there afterwards, and were written by this line (removed before).
        kept: are there, and may be from before: a command does nothing twice.
        settings: dotted key -> value that the line ran with.
        says: on standard output.
        opens: the browser is opened.
        more: settings and options behind the line that make it small or say where data are.
    """

    files: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    opens: bool = False
    more: tuple[str, ...] = ()


ABLATION = ("outputs/ablation/ablation.json", "outputs/ablation/ablation.md")
FAST = {"train.patience": 5, "diag.max_planets": 200}
# Without --grid, ablate trains 38 variants three times: here one, once.
ONE_VARIANT = ("ablate.seeds=[1]", "--grid", "grid.yaml")
FRAMES = ("data.raw=frames/raw",)
RULES = {"loss.lambda_sm": 0.2, "model.fusion.type": "cross-attend"}

DOES = {
    "spectramind --version": Does(says=spectramind.__version__),
    "spectramind selftest": Does(says="ok"),
    "spectramind selftest --deep": Does(says="ok"),
    "spectramind calibrate": Does(files=("data/calibrated/airs/airs_101.npz",), more=FRAMES),
    "spectramind calibrate --dry-run": Does(says="visits to calibrate", more=FRAMES),
    "spectramind train --phase mae": Does(files=(PRETRAINED,), settings={"train.phase": "mae"}),
    "spectramind train --phase contrastive": Does(
        files=(PRETRAINED,), settings={"train.phase": "contrastive"}
    ),
    "spectramind train --phase supervised": Does(
        kept=(BEST,), settings={"train.phase": "supervised"}
    ),
    "spectramind train --phase supervised --config PATH": Does(
        files=(BEST,), settings={"train.weight_decay": 0.02, "train.phase": "supervised"}
    ),
    "spectramind train --phase supervised +loss.λ_sm=0.2 +model.fusion.type=cross-attend": Does(
        files=(BEST,), settings=RULES
    ),
    "spectramind predict --out-csv outputs/submission.csv": Does(files=(CSV,)),
    "spectramind calibrate-temp": Does(files=("outputs/calibration/temperature.json",)),
    "spectramind calibrate-corel": Does(files=("outputs/calibration/corel.npz",)),
    "spectramind diagnose dashboard": Does(files=("outputs/diagnostics/v1.html",)),
    "spectramind diagnose dashboard --html outputs/diagnostics/v1.html": Does(files=(PAGE,)),
    "spectramind diagnose dashboard --html outputs/diagnostics/v1.html --open": Does(
        files=(PAGE,), opens=True
    ),
    **{
        f"spectramind diagnose {topic}": Does(files=(f"outputs/diagnostics/{topic}.html",))
        for topic in ("gll", "fft", "umap", "tsne")
    },
    "spectramind dashboard --html outputs/diagnostics/v1.html": Does(files=(PAGE,)),
    "spectramind dashboard --html outputs/diagnostics/v{N}.html --open": Does(
        files=(PAGE,), opens=True
    ),
    "spectramind submit bundle --submission outputs/submission.csv --out-zip "
    "outputs/submission_bundle.zip": Does(files=(ZIP,)),
    "spectramind ablate": Does(files=ABLATION, more=ONE_VARIANT),
    "spectramind ablate --grid PATH --top_n 3 --md --open_html": Does(
        files=ABLATION,
        settings={"ablate.top_n": 3},
        says="| variant",
        opens=True,
        more=("ablate.seeds=[1]",),
    ),
    "spectramind ablate --top-n 3": Does(
        files=ABLATION, settings={"ablate.top_n": 3}, more=ONE_VARIANT
    ),
    "spectramind analyze-log": Does(
        files=("outputs/log_report.md", "outputs/log_runs.csv"), says="runs; most time"
    ),
    "spectramind train --fast-kaggle": Does(files=(BEST,), settings=FAST),
    "spectramind train -c overrides/kaggle_fast.yaml": Does(files=(BEST,), settings=FAST),
    "python -m spectramind --version": Does(says=spectramind.__version__),
    "python -m spectramind selftest --deep": Does(says="ok"),
    "python -m spectramind calibrate": Does(
        files=("data/calibrated/airs/airs_101.npz",), more=FRAMES
    ),
    # data=kaggle names Kaggle's own folder, which is not here: the tree is named behind it
    "python -m spectramind calibrate data=kaggle calibration.cache=true": Does(
        files=("data/calibrated/airs/airs_101.npz",),
        settings={"calib.cache": True, "data.split": "all"},
        more=FRAMES,
    ),
    "python -m spectramind train model=v50 training=default": Does(
        kept=(BEST,), settings={"train.phase": "supervised"}
    ),
    "python -m spectramind predict model=v50 uq.corel=true --out-csv outputs/submission.csv": Does(
        files=(CSV,), settings={"calib.corel.enabled": True}
    ),
    "python -m spectramind calibrate-temp uq.temp_scale=true": Does(
        files=("outputs/calibration/temperature.json",), settings={"calib.temp.enabled": True}
    ),
    "python -m spectramind diagnose dashboard diagnostics=dashboard": Does(files=(PAGE,)),
    "python -m spectramind train -m training.lr=1e-4,2e-4 uq.epistemic=ensemble,mc_dropout": Does(),
    "python -m spectramind.calibration.run --in data/raw --out data/calibrated": Does(),
    "python -m spectramind.features.run --in data/calibrated --out data/features": Does(),
    "python selftest.py --deep": Does(says="ok"),
    "python pipeline_consistency_checker.py": Does(
        says="agree", more=("--folder", str(Path(__file__).resolve().parents[2]))
    ),
    "python generate_html_report.py": Does(files=(PAGE,)),
    "python src/spectramind/utils/schema_check.py outputs/submission.csv": Does(says="valid"),
    "make dev": Does(),
    "poetry install --no-root": Does(),
}
OWN_TESTS = {
    "python -m spectramind train -m training.lr=1e-4,2e-4 uq.epistemic=ensemble,mc_dropout",
    "python -m spectramind.calibration.run --in data/raw --out data/calibrated",
    "python -m spectramind.features.run --in data/calibrated --out data/features",
    "make dev",
    "poetry install --no-root",
}


def test_every_line_of_the_list_is_tried() -> None:
    assert len(LINES) >= 40
    assert set(LINES) == set(DOES)


def test_lines_that_type_the_same_do_the_same() -> None:
    """So one of them runs for all."""
    for line in set(DOES) - OWN_TESTS - set(TYPED_ONCE.values()):
        assert DOES[line] == DOES[TYPED_ONCE[tuple(arguments_of(line))]], line


def arguments_of(line: str) -> list[str]:
    """What ``spectramind`` gets of a line."""
    words = shlex.split(line.replace("PATH", "grid.yaml" if "--grid" in line else "own.yaml"))
    if words[0] == "spectramind":
        return words[1:]
    if words[:3] == ["python", "-m", "spectramind"]:
        return words[3:]
    # a script, for which a command stands: the table says which
    meant = SCRIPTS.get(f"python {words[1]}")
    if meant is not None:
        return [*shlex.split(meant)[1:], *words[2:]]
    return shlex.split(SCRIPTS[f"python {words[1]} FILE"].replace("FILE", words[2]))[1:]


# Of lines that come to the same arguments, the first one.
TYPED_ONCE = {tuple(arguments_of(line)): line for line in sorted(set(DOES) - OWN_TESTS)[::-1]}


@dataclass(frozen=True)
class Work:
    """A work folder on which the chain has run."""

    folder: Path
    small: tuple[str, ...]

    def run(self, arguments: Sequence[str]) -> int:
        """A command line in this process, as if typed in the folder."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            patch.setattr("sys.argv", ["spectramind", *arguments])
            with pytest.raises(SystemExit) as stop:
                command_line.main()
        return int(stop.value.code or 0)

    def python(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        env = {**os.environ, "PYTHONPATH": str(Path(spectramind.__file__).parents[1])}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def work(
    tmp_path_factory: pytest.TempPathFactory,
    pristine_tree: Path,
    small_network: tuple[str, ...],
) -> Work:
    """Light curves of 12 labelled and 8 test planets through the chain; one planet's raw frames
    lie beside them.
    """
    made = Work(tmp_path_factory.mktemp("seeds"), (*SMALL, *small_network))
    (made.folder / "grid.yaml").write_text(GRID)
    (made.folder / "own.yaml").write_text("train:\n  weight_decay: 0.02\n")
    shutil.copytree(pristine_tree, made.folder / "frames/raw")
    tree = ["sim=smoke", "sim.planets=12", "sim.test_planets=8", "sim.cadence=40"]
    assert made.run(["simulate", "level=lightcurves", *tree, "env.workers=1"]) == 0
    for command in CHAIN:
        assert made.run([command, *made.small]) == 0, command
    return made


def value(settings: object, key: str) -> Any:
    for part in key.split("."):
        settings = getattr(settings, part)
    return settings


@pytest.mark.parametrize("line", sorted(TYPED_ONCE.values()))
def test_a_line_does_what_it_says(
    line: str, work: Work, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    does, arguments = DOES[line], arguments_of(line)
    if arguments[0] == "diagnose" and arguments[1] in TOPIC and not report_panels(arguments[1]):
        pytest.skip(f"no panel of topic {arguments[1]} is there yet")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in does.files:
        (work.folder / name).unlink(missing_ok=True)
    small = () if arguments[0] in ("--version", "selftest", "check-pipeline") else work.small
    assert work.run([*arguments, *does.more, *small]) == 0
    printed = capsys.readouterr().out
    assert does.says in printed
    if arguments[0] == "selftest":
        assert "FAIL" not in printed
    assert bool(opened) == does.opens
    for name in (*does.files, *does.kept):
        assert (work.folder / name).is_file(), name
    if does.settings:
        ran_with = compose(read_events(work.folder)[-1]["args"]["overrides"])
        assert {key: value(ran_with, key) for key in does.settings} == does.settings


def test_the_sweep_trains_each_combination(work: Work) -> None:
    line = "python -m spectramind train -m training.lr=1e-4,2e-4 uq.epistemic=ensemble,mc_dropout"
    assert line in LINES
    shutil.rmtree(work.folder / "multirun", ignore_errors=True)
    assert work.run([*arguments_of(line), *work.small]) == 0
    found = [
        json.loads((job / "run_hash_summary_v50.json").read_text())["commands"]["train"]["cfg_hash"]
        for job in sorted(work.folder.glob("multirun/*/[0-9]"))
    ]
    assert len(set(found)) == 4


def test_the_room_of_calibration_runs_as_a_module(work: Work) -> None:
    line = "python -m spectramind.calibration.run --in data/raw --out data/calibrated"
    assert line in LINES
    frames = work.folder / "frames"
    shutil.rmtree(frames / "data", ignore_errors=True)
    (frames / "data").mkdir()
    (frames / "data/raw").symlink_to(frames / "raw")
    inside = Work(frames, work.small)
    done = inside.python(*shlex.split(line)[1:], "env.workers=1")
    assert done.returncode == 0, done.stderr
    assert (frames / "data/calibrated/airs/airs_101.npz").is_file()
    assert read_events(frames)[-1]["cmd"] == "calibrate"
    refused = inside.python("-m", "spectramind.calibration.run", "--in", "nowhere", "--out", "x")
    assert refused.returncode == 2
    assert "nowhere" in refused.stderr


def test_the_room_of_features_runs_as_a_module(work: Work) -> None:
    line = "python -m spectramind.features.run --in data/calibrated --out data/features"
    assert line in LINES
    before = sorted((work.folder / "data/features/depths").iterdir())
    before[0].unlink()
    done = work.python(*shlex.split(line)[1:], "env.workers=1")
    assert done.returncode == 0, done.stderr
    assert sorted((work.folder / "data/features/depths").iterdir()) == before


def test_make_dev_sets_up_what_developers_need() -> None:
    """It fetches packages: its recipe is looked at, not run."""
    told = subprocess.run(
        ["make", "--dry-run", "--always-make", "dev"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "--group dev" in told
    assert "pip install" in told


def test_poetry_finds_what_it_installs() -> None:
    """It fetches packages: project file and lock are looked at, as Poetry would."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert Factory.validate(project) == {"errors": [], "warnings": []}
    assert Factory().create_poetry(ROOT).package.name == "spectramind"
    lock = tomllib.loads((ROOT / "poetry.lock").read_text(encoding="utf-8"))
    assert lock["metadata"]["content-hash"]


def test_a_bundle_holds_what_was_submitted(work: Work) -> None:
    assert work.run(["submit", "bundle", "--submission", CSV, "--out-zip", ZIP]) == 0
    with zipfile.ZipFile(work.folder / ZIP) as held:
        assert held.read("submission.csv") == (work.folder / CSV).read_bytes()


def test_every_other_name_is_shown_by_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["spectramind", "--help"])
        with pytest.raises(SystemExit):
            command_line.main()
    text = " ".join(capsys.readouterr().out.split())
    for alias, meant in (("training=", "train="), ("uq.corel=", "calib.corel.enabled=")):
        assert f"{alias} is {meant}" in text
    assert all(script.split()[-1] in text for script in SCRIPTS)
