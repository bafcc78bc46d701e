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
    touch(tmp_path, "train/10/FGS1_signal_0.parquet")
    tree = KaggleTree(tmp_path)
    with pytest.raises(SchemaError, match="test is missing"):
        tree.visits("test")
    (tmp_path / "test").mkdir()
    with pytest.raises(SchemaError, match="holds no planet"):
        tree.planets("test")


def test_a_planet_without_signal_is_a_visit_that_lacks_everything(tmp_path: Path) -> None:
    """Named when it is read, so that the others go on."""
    touch(tmp_path, "train/10/FGS1_signal_0.parquet")
    (tmp_path / "train" / "11").mkdir()
    visits = KaggleTree(tmp_path).visits("train")
    assert [visit.name for visit in visits] == ["10", "11"]
    assert not visits[1].signal_path(AIRS).is_file()


def test_what_archivers_leave_is_no_planet(tmp_path: Path) -> None:
    touch(tmp_path, "train/10/FGS1_signal_0.parquet", "train/__MACOSX/10/._x", "train/.ipynb/x")
    assert KaggleTree(tmp_path).planets("train") == ["10"]


def test_neither_train_nor_test(tmp_path: Path) -> None:
    touch(tmp_path, "ariel/train/10/FGS1_signal_0.parquet")
    with pytest.raises(SchemaError, match="neither train nor test"):
        KaggleTree(tmp_path)


@pytest.mark.parametrize(
    "names", [["train_adc_info.csv", "train/10/x"], ["train/10/AIRS-CH0_signal.parquet"]]
)
def test_a_tree_of_2024_is_named(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, *names)
    with pytest.raises(SchemaError, match="2024 competition"):
        KaggleTree(tmp_path).visits("train")


@pytest.mark.parametrize(
    "name", ["WASP-12 b", "a,b", 'a"b', "a'b", "a\u00a0b", "a\nb", "a\x07b", "12.0", "a\\b"]
)
def test_names_that_no_submission_holds(tmp_path: Path, name: str) -> None:
    touch(tmp_path, "test/10/FGS1_signal_0.parquet", f"test/{name}/FGS1_signal_0.parquet")
    with pytest.raises(SchemaError, match="rename the folder"):
        KaggleTree(tmp_path).planets("test")


@pytest.mark.parametrize("name", ["0012", "β_Pic", "K2-18b", "1.5", "77_1"])
def test_names_that_a_submission_holds(tmp_path: Path, name: str) -> None:
    touch(tmp_path, f"test/{name}/FGS1_signal_0.parquet")
    assert KaggleTree(tmp_path).planets("test") == [name]


def test_a_planet_called_like_a_visit_of_another(tmp_path: Path) -> None:
    first = [f"test/77/FGS1_signal_{number}.parquet" for number in (0, 1)]
    touch(tmp_path, *first, "train/77_2/FGS1_signal_0.parquet")
    assert KaggleTree(tmp_path).planets("test") == ["77"]  # there is no visit 2
    touch(tmp_path, "train/77_1/FGS1_signal_0.parquet")
    for split in ("train", "test"):
        with pytest.raises(SchemaError, match="both would be called 77_1"):
            KaggleTree(tmp_path).planets(split)


def test_a_planet_in_both_splits(tmp_path: Path) -> None:
    touch(tmp_path, "train/77/FGS1_signal_0.parquet", "test/77/FGS1_signal_0.parquet")
    with pytest.raises(SchemaError, match="77 both in train and in test"):
        KaggleTree(tmp_path).visits("test")


def test_real_excerpt(real_tree: KaggleTree) -> None:
    assert [visit.name for visit in real_tree.visits("train")] == ["342072318"]
