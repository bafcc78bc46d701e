"""Which visits and planets the models get when some could not be measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths, save_depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.features.fits import save_unmeasured
from spectramind.pipeline.planets import load_labelled, load_planets
from spectramind.run.atomic import write_npz

VISITS = {"1": ("1", "1_1"), "2": ("2",), "3": ("3",)}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Planet 1: first visit lost, second measured. Planet 2: measured. Planet 3: lost."""
    raw, features = tmp_path / "raw", tmp_path / "features"
    for planet, visits in VISITS.items():
        (raw / "train" / planet).mkdir(parents=True)
        for number in range(len(visits)):
            (raw / "train" / planet / f"FGS1_signal_{number}.parquet").touch()
    spectra = pd.DataFrame(0.01, pd.Index(VISITS, name="planet_id"), list(SPECTRUM_COLUMNS))
    spectra.loc["2"] = 0.02
    spectra.to_csv(raw / "train.csv")
    save_unmeasured(FeaturesFolder(features), {"1": "torn", "3": "torn"})
    time_h, flat = np.arange(5.0), np.ones((5, 2))
    fit = Measurement(np.full(283, 0.01), np.full(283, 1e-8), np.zeros((283, 1)))
    for name in ("1_1", "2"):
        depths = Depths(fit, time_h, flat, flat, {"reason": ""})
        save_depths(FeaturesFolder(features).depths(name), depths, "settings")
        white = features / "fgs1_white" / f"fgs1_white_{name}.npz"
        write_npz(white, time=time_h, jitter=np.full((5, 2), 0.5))
    return compose([f"data.raw={raw}", f"paths.features={features}"])


def test_a_lost_first_visit_leaves_the_planet_to_the_second(config: Config) -> None:
    (planet,) = load_planets(config, KaggleTree(config.data.raw), "train", ["1"])
    (measurement,) = planet.measurements
    assert measurement.modes.max() == 0.0  # not the ignorance of the lost visit
    assert planet.white.shape == planet.jitter.shape == (5, 2)
    assert planet.jitter.max() == 0.5


def test_a_doubtful_visit_counts_before_a_lost_one(config: Config) -> None:
    path = FeaturesFolder(config.paths.features).depths("1_1")
    doubtful = replace(
        load_depths(FeaturesFolder(config.paths.features).depths("1_1")), info={"reason": "odd"}
    )
    save_depths(path, doubtful, "settings")
    (planet,) = load_planets(config, KaggleTree(config.data.raw), "train", ["1"])
    assert len(planet.measurements) == 1
    assert len(planet.white) == 5


def test_training_does_without_what_was_not_measured(config: Config) -> None:
    tree = KaggleTree(config.data.raw)
    labelled = load_labelled(config, tree, ["3", "1", "2"])
    assert [planet.planet_id for planet in labelled.planets] == ["1", "2"]
    np.testing.assert_array_equal(labelled.truth[:, 0], [0.01, 0.02])
    (alone,) = load_planets(config, tree, "train", ["3"])  # predict does not do without it
    assert (alone.measurements[0].covariance.diagonal() > 0.02**2).all()
    with pytest.raises(SchemaError, match="none of the 1 planets"):
        load_labelled(config, tree, ["3"])


def test_the_word_of_a_lost_visit_is_kept_until_it_changes(config: Config) -> None:
    path = FeaturesFolder(config.paths.features).depths("3")
    before = path.stat().st_mtime_ns
    save_unmeasured(FeaturesFolder(config.paths.features), {"3": "torn"})
    assert path.stat().st_mtime_ns == before
    save_unmeasured(FeaturesFolder(config.paths.features), {"3": "missing"})
    assert (
        load_depths(FeaturesFolder(config.paths.features).depths("3")).info["reason"] == "missing"
    )
