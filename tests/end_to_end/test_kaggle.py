"""Kaggle's notebooks end to end: from the bundle alone, without network, inputs read only.

Simulated is Kaggle's image: an environment that sees, of the packages of this one, those that
``kaggle/image.txt`` names, in the versions installed here, and nothing else (no hydra, no torch
geometric, no SpectraMind). The notebooks' cells run in order in one plain interpreter, not in a
Jupyter kernel. Where the system permits, the process has no network and a read-only mount of the
inputs; elsewhere pip is shown an index that does not answer. Compiled code is taken from the
checkout's cache, as far as it is there.
"""

import importlib.metadata
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import spectramind as package
from spectramind.run.record import read_events
from spectramind.run.stage_clock import read_timing
from spectramind.submission.dialects import Dialect
from spectramind.submission.kaggle_manifest import BUNDLE_NAME, RUN_NAME, KaggleManifest
from spectramind.submission.validate import validate_submission
from spectramind.submission.wheelhouse import Image

Cli = Callable[..., int]
ROOT = Path(__file__).resolve().parents[2]
SIZES = ("experiment=smoke", "sim.planets=8", "sim.two_visit_fraction=0")
LITTLE = ("train.epochs=1", "calib.corel.alpha=0.4", "split.folds=4", "env.workers=1")
RUNNER = """
import json, sys
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), globals())
"""
ALONE = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


# ---------------------------------------------------------------- Kaggle's machine, simulated


def link_packages(site: Path) -> dict[str, str]:
    """Links to the image's packages, as far as they are installed here; their versions."""
    versions = {}
    for name in (*Image.read(ROOT / "kaggle/image.txt").packages, "pip"):
        try:
            found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        versions[name] = found.version
        for top in {path.parts[0] for path in found.files or ()} - {"..", "__pycache__"}:
            link = site / top
            if not link.is_symlink():
                link.symlink_to(Path(str(found.locate_file(top))))
    return versions


@dataclass(frozen=True)
class Machine:
    """A clean environment; ``listed`` is what it has."""

    folder: Path
    listed: Path

    @property
    def python(self) -> Path:
        return self.folder / "env/bin/python"

    def start(self, notebook: Path, inputs: Path, working: Path, **more: str) -> subprocess.Popen:  # type: ignore[type-arg]
        """Begin to run a notebook's cells."""
        working.mkdir(exist_ok=True)
        runner = self.folder / "runner.py"
        runner.write_text(RUNNER)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
        env = clean | {
            "KAGGLE_INPUT": str(inputs),
            "KAGGLE_WORKING": str(working),
            "PIP_INDEX_URL": "http://127.0.0.1:9",
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
            "TMPDIR": str(self.folder),
        }
        line = [str(self.python), str(runner), str(notebook)]
        alone = ["unshare", "--net", "--mount", "bash", "-c", ALONE, str(inputs)]
        log = (working / "notebook.log").open("a")
        return subprocess.Popen(
            [*alone, *line] if may_be_alone() else line,
            cwd=working,
            env=env | more,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def may_be_alone() -> bool:
    """Whether a process may be given no network and mounts of its own here."""
    if shutil.which("unshare") is None:
        return False
    asked = ["unshare", "--net", "--mount", "bash", "-c", ALONE, "/tmp", "true"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    folder = tmp_path_factory.mktemp("machine")
    site = folder / "image"
    site.mkdir()
    versions = link_packages(site)
    python = "{}.{}".format(*sys.version_info)
    listed = folder / "freeze.txt"
    lines = [f"{name}=={version}" for name, version in versions.items()]
    listed.write_text("\n".join([f"python=={python}", *lines, ""]))
    venv.create(folder / "env", symlinks=True)
    (folder / f"env/lib/python{python}/site-packages/image.pth").write_text(f"{site}\n")
    made = Machine(folder, listed)
    absent = "from importlib.util import find_spec as f; print([f('hydra'), f('spectramind')])"
    done = subprocess.run(
        [made.python, "-I", "-c", absent], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[None, None]", "that is what only the bundle brings"
    return made


def bring_compiled_code(installed: Path) -> None:
    """Let the package, once installed, use what numba compiled of it in the checkout."""
    checkout = Path(package.__file__).parent
    for compiled in checkout.rglob("__pycache__/*.nb[ci]"):
        place = installed / compiled.relative_to(checkout)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(compiled, place)


# ---------------------------------------------------------------- data sets


@pytest.fixture(scope="module")
def inputs(
    machine: Machine, spectramind: Cli, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Two folders of attached data sets: to train, and of the rerun on hidden planets."""
    folder = tmp_path_factory.mktemp("kaggle")
    tree = folder / "tree"
    sizes = (*SIZES, "sim.test_planets=3", "env.workers=1")
    assert spectramind("simulate", *sizes, f"data.raw={tree}", f"paths.work={folder}") == 0
    shutil.rmtree(tree / "truth")  # Kaggle has none
    out = folder / "bundle"
    line = ["--out", str(out), "--image", str(machine.listed), f"paths.work={folder / 'none'}"]
    assert spectramind("kaggle-bundle", *line) == 0
    found = {}
    for name, hidden in (("train", False), ("rerun", True)):
        root = folder / name
        competition = root / "competitions" / "ariel-data-challenge-2025"
        shutil.copytree(tree, competition)
        for number, planet in enumerate(sorted((competition / "test").iterdir())):
            if (number > 0) != hidden:  # the visible test folder holds one planet, not of these
                shutil.rmtree(planet)
        shutil.copytree(out, root / "datasets" / "spectramind-bundle")
        found[name] = root
    return found


def listing(folder: Path) -> dict[str, tuple[int, int]]:
    status = {path: path.stat() for path in sorted(folder.rglob("*"))}
    return {str(path): (one.st_size, one.st_mtime_ns) for path, one in status.items()}


def finish(running: subprocess.Popen, working: Path) -> str:  # type: ignore[type-arg]
    code = running.wait(timeout=800)
    log = (working / "notebook.log").read_text()
    assert code == 0, log[-3000:]
    return log


@pytest.fixture(scope="module")
def trained(
    machine: Machine,
    inputs: dict[str, Path],
    small_network: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The working folder that train.ipynb leaves."""
    bundle = next(inputs["train"].rglob(BUNDLE_NAME)).parent
    (site,) = (machine.folder / "env").glob("lib/python*/site-packages")
    bring_compiled_code(site / "spectramind")
    working = tmp_path_factory.mktemp("training")
    before = listing(inputs["train"])
    mine = " ".join((*LITTLE, *small_network))
    run = machine.start(
        bundle / "train.ipynb",
        inputs["train"],
        working,
        SPECTRAMIND_OVERRIDES=mine,
        KAGGLE_KERNEL_RUN_TYPE="Batch",
    )
    finish(run, working)
    assert listing(inputs["train"]) == before
    return working


# ---------------------------------------------------------------- what must hold


def test_training_leaves_a_run_to_attach(trained: Path) -> None:
    run = trained / "spectramind-run"
    manifest = KaggleManifest.read(run / RUN_NAME)
    manifest.verify(run)
    wanted = {
        "data/features/population.json",
        "data/splits/groupkfold.json",
        "outputs/checkpoints/best.pt",
        "outputs/calibration/temperature.json",
        "outputs/calibration/corel.npz",
        "outputs/calibration/seen_planets.json",
    }
    assert wanted <= set(manifest.files)
    assert "experiment=exp_kaggle_fast" in manifest.overrides
    assert "train.epochs=1" in manifest.overrides
    assert not [one for one in manifest.overrides if one.startswith(("paths", "data", "env"))]
    assert not (trained / "spectramind/data").exists()  # a saved version keeps what matters


def test_the_rerun_on_hidden_planets_goes_on_after_a_restart(
    machine: Machine, inputs: dict[str, Path], trained: Path, tmp_path: Path
) -> None:
    root = inputs["rerun"]
    shutil.copytree(trained / "spectramind-run", root / "datasets" / "my-run")
    notebook = next(root.rglob("spectramind.ipynb"))
    before, working = listing(root), tmp_path / "working"
    logs = working / "spectramind/data/calibrated/logs"
    mine = {"SPECTRAMIND_OVERRIDES": "env.workers=1"}

    running = machine.start(notebook, root, working, **mine)
    while not list(logs.glob("*.json")) and running.poll() is None:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    done = {path: path.stat().st_mtime_ns for path in logs.glob("*.json")}
    assert done
    assert not (working / "submission.csv").exists()

    log = finish(machine.start(notebook, root, working, **mine), working)
    assert {path: path.stat().st_mtime_ns for path in done} == done
    assert "1 finished before" in log or len(done) > 1
    assert listing(root) == before

    tree = next(root.rglob("axis_info.parquet")).parent
    planets = {path.name for path in (tree / "test").iterdir()}
    assert len(planets) == 2
    checked = validate_submission(working / "submission.csv", planets)
    assert checked.dialect is Dialect.KAGGLE
    wanted = pd.read_csv(tree / "sample_submission.csv", nrows=0).columns
    assert list(pd.read_csv(working / "submission.csv", nrows=0).columns) == list(wanted)
    timing = read_timing(working / "spectramind/timing.csv")
    assert {("calibrate", "calibrate test"), ("features", "depths")} <= {
        (row["cmd"], row["stage"]) for row in timing
    }
    began = (machine.folder / "spectramind_began.txt").read_text()
    events = read_events(working / "spectramind")
    assert f"env.budget.since={began}" in events[-1]["args"]["overrides"]  # one session, one clock
    applied = json.loads((working / "submission.applied.json").read_text())
    assert applied["temperature"] is not None
    assert applied["corel"] is not None
