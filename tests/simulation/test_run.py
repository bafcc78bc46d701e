import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spectramind.config.sim import SimulationConfig
from spectramind.dataset.tables import read_star_info, read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError
from spectramind.run.pool import Workers
from spectramind.simulation import simulate_tree as run
from spectramind.simulation.simulate_tree import plan, simulate

SEED = 11  # of the ``tree`` fixture


def digests(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(f.relative_to(root)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_same_seed_gives_the_same_bytes_with_any_number_of_workers(
    tree: KaggleTree, small: SimulationConfig, tmp_path: Path
) -> None:
    simulate(small, tmp_path / "again", SEED, workers=Workers(2))
    assert digests(tmp_path / "again") == digests(tree.root)


def test_another_seed_gives_other_planets(small: SimulationConfig) -> None:
    names = [{job.planet_id for job in plan(small, Path(), seed)} for seed in (1, 2)]
    assert names[0].isdisjoint(names[1])
    assert all(len(n) == 3 for n in names)


def test_a_killed_run_resumes_and_redoes_nothing_finished(
    tree: KaggleTree, small: SimulationConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "raw"
    done: list[str] = []

    def dies_after_one(job: run.Job) -> None:
        if done:
            (root / job.split / f".{job.planet_id}.tmp").mkdir()
            raise KeyboardInterrupt
        done.append(job.planet_id)
        original(job)

    original = run.simulate_planet
    monkeypatch.setattr(run, "simulate_planet", dies_after_one)
    with pytest.raises(KeyboardInterrupt):
        simulate(small, root, SEED, workers=Workers(1))
    assert KaggleTree(root).planets("train") == done
    assert not (root / "adc_info.csv").exists()
    first = next((root / "train" / done[0]).glob("*_signal_0.parquet"))
    written = first.stat().st_mtime_ns

    monkeypatch.setattr(run, "simulate_planet", original)
    simulate(small, root, SEED, workers=Workers(1))
    assert first.stat().st_mtime_ns == written
    assert digests(root) == digests(tree.root)


@pytest.mark.parametrize("change", ["seed", "cadence"])
def test_a_tree_of_other_settings_is_left_alone(
    tree: KaggleTree, small: SimulationConfig, change: str
) -> None:
    before = digests(tree.root)
    config = small.model_copy(update={"cadence": 100} if change == "cadence" else {})
    with pytest.raises(ConfigError, match=change):
        simulate(config, tree.root, SEED + (change == "seed"), workers=Workers(1))
    assert digests(tree.root) == before


def test_a_folder_that_is_not_ours_is_left_alone(small: SimulationConfig, tmp_path: Path) -> None:
    (tmp_path / "adc_info.csv").write_text("real data\n")
    with pytest.raises(ConfigError, match="not of a simulation"):
        simulate(small, tmp_path, SEED, workers=Workers(1))
    assert [p.name for p in tmp_path.iterdir()] == ["adc_info.csv"]


def test_a_second_visit_has_its_own_time_and_noise_but_the_same_planet(tree: KaggleTree) -> None:
    visits = tree.visits("train")
    assert len(visits) == 3
    planet = next(v.planet_id for v in visits if v.number == 1)
    first, second = (
        np.load(tree.root / "truth" / f"{name}.npz") for name in (planet, f"{planet}_1")
    )
    assert first["mid_time_h"] != second["mid_time_h"]
    assert not np.allclose(first["fgs1_displacement_px"], second["fgs1_displacement_px"])
    np.testing.assert_array_equal(first["spectrum"], second["spectrum"])
    np.testing.assert_array_equal(first["star_airs_e_s"], second["star_airs_e_s"])


def test_tables_agree_with_folders_and_truth(tree: KaggleTree) -> None:
    for split in ("train", "test"):
        planets = tree.planets(split)
        assert sorted(read_star_info(tree, split).index) == planets
        truth = read_truth(tree.root / "truth" / f"{split}.csv")
        assert sorted(truth.index) == planets
        for planet in planets:
            injected = np.load(tree.root / "truth" / f"{planet}.npz")["spectrum"]
            np.testing.assert_allclose(truth.loc[planet], injected, rtol=1e-12)
    labels = read_truth(tree.root / "train.csv")
    assert labels.equals(read_truth(tree.root / "truth" / "train.csv"))


def test_planets_do_not_depend_on_how_many_there_are(
    make_config: Callable[..., SimulationConfig], tree: KaggleTree, small: SimulationConfig
) -> None:
    more = make_config(planets=5, test_planets=1, two_visit_fraction=0.5)
    few = plan(small, tree.root, SEED)
    many = plan(more, tree.root, SEED)
    assert [job.planet_id for job in few[:2]] == [job.planet_id for job in many[:2]]


def test_unfinished_planet_is_invisible(
    small: SimulationConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = plan(small, tmp_path, SEED)[0]

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("out of disk")

    monkeypatch.setattr(run, "write_npz", fails)
    with pytest.raises(RuntimeError, match="disk"):
        run.simulate_planet(job)
    assert not job.directory.exists()
    assert job.directory.with_name(f".{job.planet_id}.tmp").is_dir()
    shutil.rmtree(tmp_path / "train")
