"""Traits, repeat visits and estimates of the report, from files in any state."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, save_depths, unmeasured
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import FeaturesFolder, WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.dashboard import dashboard
from spectramind.pipeline.fit_reader import FitReader
from spectramind.pipeline.report_planets import all_estimates, planet_traits, repeat_visits
from spectramind.pipeline.visits import visits_by_planet
from spectramind.run.atomic import write_npz
from spectramind.run.record import RunRecord

STARS = "planet_id,Rs,Ms,Ts,Mp,e,P,sma,i\n101,1,1,5100,1,0,4,10,89\n"


@pytest.fixture
def config(tree: KaggleTree, tmp_path: Path) -> Config:
    """Planet 101 of the test split, visited twice, its star known."""
    (tree.root / "train").rename(tree.root / "test")
    for path in (tree.root / "test/101").glob("*_signal_0.parquet"):
        shutil.copy(path, path.with_name(path.name.replace("_0", "_1")))
    (tree.root / "test_star_info.csv").write_text(STARS)
    return compose([f"data.raw={tree.root}", f"paths.work={tmp_path / 'work'}"])


@pytest.fixture
def features(config: Config) -> FeaturesFolder:
    return WorkFolder(config.paths).features


def visit(depth: float, b: float, reason: str = "") -> Depths:
    time = np.linspace(0, 5, 40)
    flux = np.full((40, 2), 1 - depth)
    fit = Measurement(np.full(N_BINS, depth), np.full(N_BINS, 1e-8), np.zeros((N_BINS, 1)))
    return Depths(fit, time, flux, flux, {"reason": reason, "parameters": {"b": b}})


def traits(config: Config, ids: tuple[str, ...] = ("101",)):
    notes: dict[str, str] = {}
    grouped = visits_by_planet(KaggleTree(config.data.raw), "test")
    fits = FitReader(WorkFolder(config.paths).features)
    return planet_traits(config, ids, grouped, fits, notes.__setitem__), notes


def repeats(config: Config):
    notes: dict[str, str] = {}
    return repeat_visits(config, notes.__setitem__), notes


def flux(features: FeaturesFolder, name: str, values: list[float]) -> None:
    write_npz(features.fgs1_white(name), flux=np.array(values, dtype=np.float32))


def test_traits_are_those_of_the_visits_that_are_trusted(
    config: Config, features: FeaturesFolder
) -> None:
    save_depths(features.depths("101"), visit(0.01, 0.9, "grazing"), "")
    save_depths(features.depths("101_1"), visit(0.01, -0.3), "")
    flux(features, "101", [1.0, 1.0, 1.0])
    flux(features, "101_1", [3.0, np.nan, 5.0, 4.0])
    found, notes = traits(config)
    assert (found.flux[0], found.star_k[0], found.impact[0]) == (4.0, 5100.0, 0.3)
    assert found.doubt == ("",)
    assert notes == {}


def test_a_planet_is_doubted_where_every_visit_is(config: Config, features: FeaturesFolder) -> None:
    save_depths(features.depths("101"), visit(0.01, 0.8, "grazing"), "")
    save_depths(features.depths("101_1"), unmeasured("no transit"), "")
    found, _ = traits(config)
    assert found.doubt == ("grazing; no transit",)
    assert found.impact[0] == 0.8
    assert np.isnan(found.flux[0])


def test_without_features_nothing_is_known(config: Config) -> None:
    assert traits(config) == (None, {})


def test_planets_of_another_tree_and_a_broken_star_table_are_not_known(
    config: Config, features: FeaturesFolder
) -> None:
    save_depths(features.depths("101"), visit(0.01, 0.1), "")
    found, _ = traits(config, ("101", "999"))
    assert found.doubt[0].endswith("run `spectramind features` first")  # the second visit's
    assert found.doubt[1] == "not in data.raw"
    assert np.isnan(found.star_k[1])
    (config.data.raw / "test_star_info.csv").write_text("planet_id\n101\n")
    found, notes = traits(config)
    assert np.isnan(found.star_k).all()
    assert "test_star_info.csv" in notes["traits"]


def test_a_star_that_cannot_be_is_not_known(config: Config, features: FeaturesFolder) -> None:
    save_depths(features.depths("101"), visit(0.01, 0.1), "")
    save_depths(features.depths("101_1"), visit(0.01, 0.1), "")
    (config.data.raw / "test_star_info.csv").write_text(STARS.replace("5100", "-1"))
    assert np.isnan(traits(config)[0].star_k).all()


def test_two_visits_are_set_side_by_side(config: Config, features: FeaturesFolder) -> None:
    save_depths(features.depths("101"), visit(0.0100, 0.1), "")
    save_depths(features.depths("101_1"), visit(0.0103, 0.1, "odd"), "")
    (pair,), notes = repeats(config)
    assert (pair.planet_id, pair.visits, pair.split, pair.doubt) == (
        "101",
        ("101", "101_1"),
        "test",
        "odd",
    )
    assert pair.found.fgs1_ppm == pytest.approx(300)
    assert pair.found.fgs1_z == pytest.approx(3e-4 / np.sqrt(2e-8))
    assert notes == {}


def test_why_there_are_no_pairs_is_said(config: Config, features: FeaturesFolder) -> None:
    found, notes = repeats(config)
    assert found == []
    assert notes["repeats"].startswith("pairs of visits that are not in it: 1, such as ")
    save_depths(features.depths("101"), visit(0.01, 0.1), "")
    save_depths(features.depths("101_1"), unmeasured("no transit"), "")
    found, notes = repeats(config)
    assert found == []
    assert notes["repeats"].endswith(": 1, such as visit 101_1: no transit")
    for path in (config.data.raw / "test/101").glob("*_signal_1.parquet"):
        path.unlink()
    assert repeats(config) == ([], {"repeats": "no planet of data.raw was visited twice"})


def test_estimates_of_other_planets_are_named(config: Config) -> None:
    depth = np.full((1, N_BINS), 0.01)
    folder = WorkFolder(config.paths)
    for name, planet in (("spectramind", "101"), ("physics", "999")):
        found = Predictive(Spectra((planet,), depth, 0.01 * depth))
        found.save(folder.prediction(name))
    notes: dict[str, str] = {}
    assert list(all_estimates(config, ("101",), notes.__setitem__)) == ["spectramind"]
    assert "101" in notes["estimates"]


def test_the_numbers_lie_beside_the_page(config: Config, features: FeaturesFolder) -> None:
    depth = np.full((1, N_BINS), 0.01)
    predicted = Predictive(Spectra(("101",), depth + 2e-5, np.full_like(depth, 1e-5)))
    predicted.save(WorkFolder(config.paths).prediction("spectramind"))
    save_depths(features.depths("101"), visit(0.0100, 0.1), "")
    save_depths(features.depths("101_1"), visit(0.0103, 0.1), "")
    truth = pd.DataFrame(depth, columns=list(SPECTRUM_COLUMNS))
    truth.insert(0, "planet_id", ["101"])
    config.paths.truth.parent.mkdir(parents=True, exist_ok=True)
    truth.to_csv(config.paths.truth, index=False)
    record = RunRecord("diagnose dashboard", {}, config.paths.work, config.hash, 0, config.data.raw)
    report = dashboard(config, record)
    assert {"Two visits", "Sharpness", "PIT", "σ by kind of planet"} <= set(report.shown)
    assert {path.parent for path in report.tables} == {report.path.parent}
    panels = ("pit", "groups", "regions", "repeats", "sharpness", "light_curves")
    assert {f"v1_{name}.csv" for name in panels} <= {path.name for path in report.tables}
    told = f"its numbers beside it: {len(report.tables)} tables, v1_*.csv"
    assert told in report.report()
    assert len(list(report.path.parent.glob("v1_*.csv"))) == len(report.tables)
    tables = {path.stem: pd.read_csv(path) for path in report.tables}
    assert tables["v1_repeats"]["fgs1_ppm"].tolist() == [300]
    assert tables["v1_sharpness"]["sigma_airs_median"].tolist() == [10]
    assert tables["v1_sharpness"]["inside_sigma"].tolist() == [0]
    assert set(tables["v1_groups"]["reading"]) == {"too few planets"}
