"""obtain: a tree is linked, never written into; otherwise one is simulated."""

from pathlib import Path

import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.pipeline import prepare
from spectramind.pipeline.prepare import Linked, Simulated, calibrate, obtain
from spectramind.run.record import RunRecord


def settings(work: Path, *more: str) -> Config:
    small = ["level=lightcurves", "sim=smoke", "sim.planets=2", "sim.test_planets=1"]
    return compose([f"paths.work={work}", "env.workers=1", *small, *more])


def obtained(config: Config) -> Linked | Simulated:
    return obtain(config, RunRecord("obtain", {}, config.paths.work))


def test_a_tree_is_linked_and_a_link_is_changed(tree: KaggleTree, tmp_path: Path) -> None:
    work = tmp_path / "work"
    config = settings(work, f"data.link={tree.root}")
    for _ in range(2):
        found = obtained(config)
        assert isinstance(found, Linked)
        assert config.data.raw.resolve() == tree.root.resolve()
    other = tmp_path / "other"
    tree.root.rename(other)
    obtained(settings(work, f"data.link={other}"))
    assert config.data.raw.resolve() == other.resolve()


def test_what_was_linked_is_not_simulated_into(
    tree: KaggleTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, before = tmp_path / "work", sorted(tree.root.rglob("*"))
    obtained(settings(work, f"data.link={tree.root}"))
    seen: list[bool] = []
    monkeypatch.setattr(prepare, "simulate_tree", lambda _, raw, *__: seen.append(raw.exists()))
    assert isinstance(obtained(settings(work)), Simulated)
    assert seen == [False]
    assert sorted(tree.root.rglob("*")) == before


def test_a_folder_is_not_replaced_by_a_link(tree: KaggleTree, tmp_path: Path) -> None:
    config = settings(tmp_path / "work", f"data.link={tree.root}")
    config.data.raw.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"is a folder and data\.link="):
        obtained(config)


def test_what_is_no_tree_is_not_linked(tmp_path: Path) -> None:
    config = settings(tmp_path / "work", f"data.link={tmp_path}")
    with pytest.raises(SchemaError):
        obtained(config)
    assert not config.data.raw.is_symlink()


def test_without_the_cache_finished_visits_are_done_again(tree: KaggleTree, tmp_path: Path) -> None:
    def done(*more: str) -> tuple[int, int]:
        config = settings(tmp_path / "work", f"data.raw={tree.root}", *more)
        plan = calibrate(config, RunRecord("calibrate", {}, config.paths.work)).plans["train"]
        return len(plan.to_do), len(plan.finished)

    made = tmp_path / "work/data/calibrated/airs/airs_101.npz"
    assert done() == (1, 0)
    before = made.read_bytes(), made.stat().st_mtime_ns
    assert done() == (0, 1)
    assert made.stat().st_mtime_ns == before[1]
    assert done("calib.cache=false") == (1, 0)
    assert made.stat().st_mtime_ns > before[1]
    assert made.read_bytes() == before[0]
    assert done() == (0, 1)
