"""The DAG under DVC itself: it runs whole, a second time not at all, and from where a key says.

A stand-in for ``spectramind`` writes what ``check-pipeline`` says each command leaves, from the
settings its stage names and the files that it reads: the edges are DVC's and dvc.yaml's own.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from spectramind.config.compose import compose
from spectramind.config.settings_file import overrides_of_file
from spectramind.pipeline.stage_files import CHAIN, stage_outs

pytest.importorskip("dvc")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
STAND_IN = """#!{python}
import hashlib, json, sys, yaml
from pathlib import Path

typed = ["spectramind", *sys.argv[1:]]
known = json.loads(Path("outs.json").read_text())
command = next(name for name in known if typed[1:][: len(name.split())] == name.split())
with Path("calls").open("a") as calls:
    calls.write(command + "\\n")
held = yaml.safe_load(Path("params.yaml").read_text())
stages = yaml.safe_load(Path("dvc.yaml").read_text())["stages"].values()
words = command.split()
(stage,) = [one for one in stages if one["cmd"].split()[1:][: len(words)] == words]


def at(key):
    node = held
    for part in key.split("."):
        node = node[part]
    return node


told = hashlib.sha256(json.dumps([command, *map(at, stage.get("params", []))]).encode())
for dep in stage["deps"]:
    path = Path(dep.replace("${{paths.work}}", held["paths"]["work"]))
    for file in sorted([path, *path.rglob("*")]):
        told.update(file.read_bytes() if file.is_file() else b"")
for out in map(Path, known[command]):
    out = out if out.suffix else out / "file"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told.hexdigest()))
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the project's own DAG and settings, in which the chain has run."""
    folder = tmp_path_factory.mktemp("dvc")
    for name in ("dvc.yaml", "params.yaml", ".gitignore", ".dvcignore"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".dvc", folder / ".dvc", ignore=shutil.ignore_patterns("tmp", "cache"))
    (folder / "src/spectramind").mkdir(parents=True)
    (folder / "src/spectramind/code.py").write_text("")
    command = folder / "bin/spectramind"
    command.parent.mkdir()
    command.write_text(STAND_IN.format(python=sys.executable))
    command.chmod(0o755)
    config = compose(overrides_of_file(str(ROOT / "params.yaml")))
    outs = {name: sorted(map(str, stage_outs(config, name))) for name in CHAIN}
    outs["diagnose dashboard"] = [str(config.paths.diagnostics / "report.html")]
    (folder / "outs.json").write_text(json.dumps(outs))
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    assert dvc(folder, "repro") == [*CHAIN]
    return folder


def dvc(folder: Path, *words: str) -> list[str]:
    """Run DVC; gives the commands it called."""
    calls = folder / "calls"
    calls.write_text("")
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *words],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return calls.read_text().splitlines()


def test_a_second_run_does_nothing(repository: Path) -> None:
    assert dvc(repository, "repro") == []


@pytest.mark.parametrize(
    ("key", "value", "redone"),
    [
        ("diag.worst_planets", 3, ["diagnose dashboard"]),
        ("score.against", [], ["score", "diagnose dashboard", "submit bundle"]),
        ("audit.strangers.level", 0.01, ["audit", "diagnose dashboard"]),
        ("drift.level", 0.05, [*CHAIN[6:]]),
        ("calib.temp.kind", "global", [*CHAIN[4:]]),
        ("train.lr", 0.5, [*CHAIN[3:]]),
        ("calib.hot_sigma", 6.0, [*CHAIN[1:]]),
        ("env.workers", 3, []),
    ],
)
def test_a_changed_key_redoes_what_depends_on_it(
    key: str, value: object, redone: list[str], repository: Path
) -> None:
    path = repository / "params.yaml"
    held = yaml.safe_load(path.read_text())
    *above, last = key.split(".")
    node = held
    for part in above:
        node = node[part]
    assert node[last] != value
    node[last] = value
    path.write_text(yaml.safe_dump(held))
    assert dvc(repository, "repro") == redone
