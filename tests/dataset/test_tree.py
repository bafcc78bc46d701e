"""Planets and visits of a tree."""

import pickle
from pathlib import Path

import pytest

from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_visits_are_sorted_and_named(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "train/20/FGS1_signal_0.parquet",
        "train/10/FGS1_signal_1.parquet",
        "train/10/AIRS-CH0_signal_1.parquet",
        "train/10/AIRS-CH0_signal_0.parquet",
        "train/.DS_Store/x",
        "train/notes.txt",
        "train/10/notes.txt",
    )
    tree = KaggleTree(tmp_path)
    assert tree.planets("train") == ["10", "20"]
    assert [visit.name for visit in tree.visits("train")] == ["10", "10_1", "20"]


def test_a_note_of_simulated_light_curves_is_a_visit(tmp_path: Path) -> None:
    touch(
        tmp_path, "train/10/light_curves_0.json", "train/10/light_curves_1.json", "train/10/x.json"
    )
    visits = KaggleTree(tmp_path).visits("train")
    assert [visit.name for visit in visits] == ["10", "10_1"]
    assert visits[1].light_curves_path == tmp_path / "train/10/light_curves_1.json"


def test_paths_follow_the_competition(tmp_path: Path) -> None:
    visit = Visit("10", 1, "test", tmp_path)
    assert visit.signal_path(AIRS) == tmp_path / "AIRS-CH0_signal_1.parquet"
    expected = tmp_path / "AIRS-CH0_calibration_1" / "dark.parquet"
    assert visit.reference_path(AIRS, "dark") == expected


def test_trees_and_visits_travel_to_other_processes(tmp_path: Path) -> None:
    touch(tmp_path, "train/10/FGS1_signal_0.parquet")
    tree = KaggleTree(tmp_path)
    assert pickle.loads(pickle.dumps(tree)) == tree
    assert pickle.loads(pickle.dumps(tree.visits("train"))) == tree.visits("train")


def test_missing_root(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="is not a folder"):
        KaggleTree(tmp_path / "nowhere")


def test_missing_split_and_empty_split(tmp_path: Path) -> None:
    tree = KaggleTree(tmp_path)
    with pytest.raises(SchemaError, match="test is missing"):
        tree.visits("test")
    (tmp_path / "test").mkdir()
    with pytest.raises(SchemaError, match="holds no planet"):
        tree.planets("test")


def test_planet_without_signal_is_named(tmp_path: Path) -> None:
    touch(tmp_path, "train/10/FGS1_signal_0.parquet")
    (tmp_path / "train" / "11").mkdir()
    with pytest.raises(SchemaError, match="11 holds no signal file"):
        KaggleTree(tmp_path).visits("train")


def test_real_excerpt(real_tree: KaggleTree) -> None:
    assert [visit.name for visit in real_tree.visits("train")] == ["342072318"]
