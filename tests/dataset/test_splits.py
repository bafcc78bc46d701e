"""Splits by planet: disjoint, complete, reproducible; leakage is refused."""

import json
from pathlib import Path

import pytest

from spectramind.dataset.splits import Splits, load_splits, make_splits, save_splits
from spectramind.errors import ConfigError, SchemaError

PLANETS = [f"p{i}" for i in range(23)]


def test_folds_are_disjoint_and_complete() -> None:
    s = make_splits(PLANETS, folds=5, seed=1)
    assert sorted(s.train + s.val + s.calibration) == sorted(PLANETS)
    assert 4 <= len(s.val) <= 5
    assert 4 <= len(s.calibration) <= 5


def test_same_seed_same_split_whatever_the_order() -> None:
    assert make_splits(PLANETS, 5, 1) == make_splits(PLANETS[::-1], 5, 1)
    assert make_splits(PLANETS, 5, 1) != make_splits(PLANETS, 5, 2)


def test_round_trip_keeps_seed_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "groupkfold.json"
    save_splits(path, make_splits(PLANETS, 5, 1))
    assert load_splits(path) == make_splits(PLANETS, 5, 1)
    raw = json.loads(path.read_text())
    assert raw["seed"] == 1
    assert "planet_id" in raw["reason"]


def test_leakage_is_refused_at_load(tmp_path: Path) -> None:
    path = tmp_path / "groupkfold.json"
    save_splits(path, make_splits(PLANETS, 5, 1))
    raw = json.loads(path.read_text())
    raw["val"].append(raw["train"][0])
    path.write_text(json.dumps(raw))
    with pytest.raises(SchemaError, match="leakage"):
        load_splits(path)


def test_empty_fold_and_too_few_planets() -> None:
    with pytest.raises(SchemaError, match="empty"):
        Splits(seed=1, folds=5, train=("a",), val=(), calibration=("b",))
    with pytest.raises(ConfigError, match="3 planets"):
        make_splits(["a", "b", "c"], 5, 1)


def test_groups_hold_every_planet_once_and_are_held_out_in_turn(tmp_path: Path) -> None:
    path = tmp_path / "groupkfold.json"
    save_splits(path, make_splits(PLANETS, 5, 1))
    splits = load_splits(path)
    assert len(splits.groups) == 5
    assert sorted(planet for group in splits.groups for planet in group) == sorted(PLANETS)
    assert splits.groups[:2] == (splits.val, splits.calibration)
    for number, group in enumerate(splits.groups):
        turned = splits.holding_out(number)
        assert turned.calibration == group
        assert turned.val == splits.groups[(number + 1) % 5]
        assert turned.planets == splits.planets
        assert len(turned.rest) == 3


def test_a_file_from_before_groups_gets_those_it_was_drawn_in(tmp_path: Path) -> None:
    path = tmp_path / "groupkfold.json"
    drawn = make_splits(PLANETS, 5, 1)
    save_splits(path, drawn)
    raw = json.loads(path.read_text())
    del raw["rest"]
    path.write_text(json.dumps(raw))
    assert load_splits(path) == drawn
    # By hand, or changed since: its three folds are the groups.
    raw["val"].append(raw["train"].pop())
    path.write_text(json.dumps(raw))
    changed = load_splits(path)
    assert changed.groups == (changed.val, changed.calibration, changed.train)


def test_groups_that_are_not_the_training_fold_are_refused_where_they_are_used(
    tmp_path: Path,
) -> None:
    path = tmp_path / "groupkfold.json"
    save_splits(path, make_splits(PLANETS, 5, 1))
    raw = json.loads(path.read_text())
    raw["val"].append(raw["train"].pop())
    path.write_text(json.dumps(raw))
    splits = load_splits(path)
    with pytest.raises(SchemaError, match="leakage: the split file's `rest`"):
        _ = splits.groups
