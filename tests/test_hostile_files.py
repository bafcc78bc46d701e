"""Files from elsewhere: reading one runs no code, and damage is one line (SECURITY.md)."""

import ast
import io
import json
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import spectramind
from spectramind.cli.terminal import one_line
from spectramind.config.compose import compose
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.series import read_series
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.models.state_file import load_state, save_state
from spectramind.pipeline.ablation_grid import read_grid
from spectramind.run.npz import read_npz
from spectramind.submission.bundle import check_bundle
from spectramind.training.pretrained import Pretrained

PACKAGE = Path(spectramind.__file__).parent


class Runs:
    """Its pickle writes a file when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return Path.write_text, (self.mark, "code ran")


@pytest.fixture
def mark(tmp_path):
    """Where hostile code would leave its mark; that it would is shown at once."""
    mark = tmp_path / "mark"
    pickle.loads(pickle.dumps(Runs(mark)))
    assert mark.read_text() == "code ran"
    mark.unlink()
    return mark


def checkpoint_zip(path, evil):
    torch.save({"format": 6, "weights": evil}, path)


def checkpoint_pickle(path, evil):
    path.write_bytes(pickle.dumps({"format": 6, "weights": evil}))


def checkpoint_old(path, evil):
    torch.save({"format": 6, "weights": evil}, path, _use_new_zipfile_serialization=False)


READERS = {
    "state": load_state,
    "artifact": Artifact.load,
    "pretrained": Pretrained.load,
}


@pytest.mark.parametrize("write", [checkpoint_zip, checkpoint_pickle, checkpoint_old])
@pytest.mark.parametrize("reader", READERS)
def test_checkpoint_that_runs_code_is_refused(reader, write, mark, tmp_path):
    write(tmp_path / "best.pt", Runs(mark))
    with pytest.raises(SchemaError, match="cannot be read as a checkpoint"):
        READERS[reader](tmp_path / "best.pt")
    assert not mark.exists()


def test_command_refuses_a_hostile_checkpoint_in_one_line(mark, tmp_path):
    checkpoint_zip(tmp_path / "best.pt", Runs(mark))
    words = ["export", f"paths.work={tmp_path}", f"paths.checkpoint={tmp_path / 'best.pt'}"]
    done = subprocess.run(
        [sys.executable, "-m", "spectramind", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be read as a checkpoint" in done.stderr
    assert not mark.exists()


def test_damaged_checkpoints_are_refused_whatever_their_bytes_mean(tmp_path):
    """Each once raised what the damaged pickle happened to mean: UnicodeDecodeError, KeyError."""
    path = tmp_path / "best.pt"
    save_state(path, {"model": "{}", "weights": {"a": torch.ones(3)}, "ids": ["1", "2"]})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name in members if name.endswith("data.pkl"))
    rng, refused = random.Random(5), 0
    for _ in range(200):
        damaged = bytearray(members[name])
        for _ in range(rng.choice([1, 2, 5])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in (members | {name: bytes(damaged)}).items():
                archive.writestr(member, content)
        for read in READERS.values():
            try:
                read(path)
            except SchemaError:
                refused += 1
    assert refused > 400


@pytest.mark.parametrize(
    "state",
    [{}, {"model": 3}, {"model": "{}", "weights": []}, {"weights": None, "history": None}],
)
def test_a_state_of_other_things_is_no_checkpoint(state, tmp_path):
    save_state(tmp_path / "best.pt", state)
    for read in (Artifact.load, Pretrained.load):
        with pytest.raises(SchemaError):
            read(tmp_path / "best.pt")


NPZ = {
    "named arrays": lambda path: read_npz(path, "a", made_by="features"),
    "series": lambda path: read_series(path, 1),
    "prediction": Predictive.load,
}


@pytest.mark.parametrize("reader", NPZ)
def test_npz_of_objects_is_refused(reader, mark, tmp_path):
    path = tmp_path / "x.npz"
    evil = np.array([Runs(mark)], dtype=object)
    names = ("a", "time", "flux", "flux_variance", "pointing", "planet_ids", "mu", "sigma")
    np.savez(path, **dict.fromkeys(names, evil))
    with pytest.raises(SchemaError):
        NPZ[reader](path)
    assert not mark.exists()


def test_damaged_npz_are_refused(tmp_path):
    """zlib, the zip's directory and the array's header each have errors of their own."""
    held = io.BytesIO()
    np.savez_compressed(held, a=np.arange(300.0))
    header = io.BytesIO()
    np.save(header, np.arange(30.0))
    path, rng, refused = tmp_path / "x.npz", random.Random(3), 0
    for turn in range(600):
        source, most = (header, 128) if turn % 2 else (held, None)
        damaged = bytearray(source.getvalue())
        for _ in range(rng.choice([1, 2, 5])):
            damaged[rng.randrange(most or len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        if turn % 2:
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a.npy", bytes(damaged))
        try:
            read_npz(path, "a", made_by="features")
        except SchemaError:
            refused += 1
    assert refused > 300


def test_numbers_that_became_text_are_refused(tmp_path):
    """One flipped byte of an array's header makes '<f8' '<U2'; what is no array is its bytes."""
    path = tmp_path / "x.npz"
    for odd in (b"12", 1j, np.datetime64("2026-01-01")):
        np.savez(path, a=np.array([odd]))
        with pytest.raises(SchemaError, match="a is of a type that it must not have"):
            read_npz(path, "a", made_by="features")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"no array")
    with pytest.raises(SchemaError, match="run `spectramind features` again"):
        read_npz(path, "a", made_by="features")
    np.savez(path, a=np.array(["1"]), b=np.array(["1"]), c=np.array([True]))
    assert list(read_npz(path, "a", "b", "c", made_by="predict")) == ["a", "b", "c"]
    with pytest.raises(SchemaError, match="b is of a type"):
        read_npz(path, "a", "b", "c", made_by="predict", texts=("a",))


@pytest.mark.parametrize("name", ["time", "flux", "flux_variance", "pointing"])
def test_light_curves_of_text_are_refused(name, tmp_path):
    shapes = {"time": (4,), "flux": (4, 1), "flux_variance": (4, 1), "pointing": (4, 3)}
    held = {
        key: np.zeros(shape) + np.arange(4.0).reshape(-1, *[1] * (len(shape) - 1))
        for key, shape in shapes.items()
    }
    np.savez(tmp_path / "x.npz", **held)
    assert len(read_series(tmp_path / "x.npz", 1).time_h) == 4
    np.savez(tmp_path / "x.npz", **held | {name: held[name].astype(str)})
    with pytest.raises(SchemaError, match=f"{name} is of a type"):
        read_series(tmp_path / "x.npz", 1)


@pytest.mark.parametrize("name", ["../../evil.csv", "/tmp/evil.csv"])
def test_bundle_is_never_unpacked(name, tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("submission_manifest.json", "{}")
        archive.writestr(name, "x")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SchemaError, match="unsafe member name"):
        check_bundle(path)
    assert sorted(tmp_path.rglob("*")) == before


def test_deeply_nested_json_is_refused(tmp_path):
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("submission_manifest.json", "[" * 100_000)
    with pytest.raises(SchemaError, match="is not JSON"):
        check_bundle(path)


def test_yaml_of_a_grid_makes_no_objects(mark, tmp_path):
    grid = tmp_path / "grid.yaml"
    grid.write_text(f"variants: !!python/object/apply:pathlib.Path.touch [{json.dumps(str(mark))}]")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_grid(compose([f"ablate.grid={grid}"]))
    assert not mark.exists()


def test_no_message_commands_the_terminal():
    told = one_line("column \x1b[2J\x1b]0;owned\x07 is \u202e unknown:\n Δλ ± 1 ppm")
    assert told == "column \\x1b[2J\\x1b]0;owned\\x07 is \\u202e unknown: Δλ ± 1 ppm"


# ---------------------------------------------------------------- the kind, in the code itself

FORBIDDEN = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_OF = {
    "pickle": {"load", "loads", "Unpickler"},
    "joblib": {"load"},
    "marshal": {"load", "loads"},
    "shelve": {"open"},
    "yaml": {"load", "unsafe_load", "full_load", "load_all"},
    "os": {"system", "popen"},
    "pd": {"read_pickle", "read_html", "eval"},
    "tarfile": {"open"},
    "shutil": {"unpack_archive"},
}
ANYWHERE = {"extract", "extractall"}


def faults(tree: ast.AST) -> list[str]:
    """Calls that could run what a file holds, or unpack it somewhere."""
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        keys = {key.arg: getattr(key.value, "value", None) for key in call.keywords}
        if isinstance(call.func, ast.Name) and call.func.id in FORBIDDEN:
            found.append(call.func.id)
        if keys.get("shell") is True:
            found.append("shell=True")
        if not isinstance(call.func, ast.Attribute):
            continue
        name, owner = call.func.attr, getattr(call.func.value, "id", "")
        if name in FORBIDDEN_OF.get(owner, ()) or name in ANYWHERE:
            found.append(f"{owner}.{name}")
        if (owner, name) == ("np", "load") and keys.get("allow_pickle", True) is not False:
            found.append("np.load without allow_pickle=False")
        if (owner, name) == ("torch", "load") and keys.get("weights_only") is not True:
            found.append("torch.load without weights_only=True")
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_module_reads_a_file_as_code(path):
    assert faults(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "torch.load(path, weights_only=False)",
        "torch.load(path)",
        "pickle.load(file)",
        "yaml.load(text)",
        "archive.extractall(folder)",
        "eval(text)",
        "subprocess.run(line, shell=True)",
        "pd.read_pickle(path)",
    ],
)
def test_such_a_call_would_be_found(line):
    assert len(faults(ast.parse(line))) == 1
