import json

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.work_folder import CalibratorFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.run.atomic import write_npz
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.corel_store import load_corel, save_corel
from spectramind.uncertainty.fit_record import refuse_seen
from spectramind.uncertainty.scaling_choice import Choice, Gain
from spectramind.uncertainty.temperature import Temperature
from spectramind.uncertainty.temperature_store import load_temperature, save_temperature

MINE, OTHER = "a" * 64, "b" * 64
PLANETS = [str(number) for number in range(30)]


def folder(root):
    return CalibratorFolder(root / "temperature.json", root / "corel.npz")


@pytest.fixture
def corel():
    rng = np.random.default_rng(0)
    return Corel(0.1, 30, rng.uniform(0.8, 1.2, 283), rng.uniform(1.5, 2, 283))


@pytest.fixture
def temperature_file(tmp_path):
    path = tmp_path / "temperature.json"
    save_temperature(
        path, Temperature(1.25, 30), fold="early_stop", planets=PLANETS, checkpoint=MINE
    )
    return path


@pytest.fixture
def corel_file(tmp_path, corel):
    save_corel(
        folder(tmp_path), corel, tau=1.25, fold="conformal", planets=PLANETS, checkpoint=MINE
    )
    return tmp_path / "corel.npz"


def test_temperature_comes_back(temperature_file):
    assert load_temperature(temperature_file, checkpoint=MINE) == (
        Temperature(1.25, 30),
        frozenset(PLANETS),
    )
    content = json.loads(temperature_file.read_text())
    assert content == {
        "tau": 1.25,
        "planets": PLANETS,
        "fold": "early_stop",
        "checkpoint": MINE,
    }


def test_a_file_from_before_there_were_kinds_still_loads(tmp_path):
    path = tmp_path / "temperature.json"
    old = {"tau": 1.25, "planets": PLANETS, "fold": "val", "checkpoint": MINE}
    path.write_text(json.dumps(old))
    found, _ = load_temperature(path, checkpoint=MINE)
    sigma = np.random.default_rng(0).uniform(1, 2, (3, 283))
    np.testing.assert_array_equal(found.apply(sigma), 1.25 * sigma)
    assert found.describe() == "tau 1.250"


KINDS_OF_FACTORS = [
    Temperature.of("none", (1.0, 1.0, 1.0), 30),
    Temperature.of("global", (1.3, 1.3, 1.3), 30),
    Temperature.of("detectors", (1.3, 0.7, 0.7), 30),
    Temperature.of("channels", (1.3, 0.7, 1.9), 30),
]


@pytest.mark.parametrize("fitted", KINDS_OF_FACTORS, ids=lambda one: one.kind)
def test_every_kind_comes_back_with_why_it_was_chosen(tmp_path, fitted):
    path, sigma = tmp_path / "temperature.json", np.random.default_rng(0).uniform(1, 2, (3, 283))
    why = Choice("score", {"global": Gain(0.01, 0.002)}, Gain(0.008, 0.002), "because")
    save_temperature(path, fitted, fold="val", planets=PLANETS, checkpoint=MINE, choice=why)
    found, _ = load_temperature(path, checkpoint=MINE)
    assert found == fitted
    np.testing.assert_array_equal(found.apply(sigma), fitted.apply(sigma))
    held = json.loads(path.read_text())["choice"]
    assert held["gains"] == {"global": {"mean": 0.01, "error": 0.002}}
    assert held["reason"] == "because"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "none"},  # yet tau is not 1
        {"kind": "detectors"},
        {"channels": [1.25, 1.25, 1.25]},
        {"kind": "channels", "channels": [1.25, 1.25, 1.3]},
        {"kind": "detectors", "channels": [1.25, 1.2, 1.3]},
        {"kind": "channels", "channels": [1.25, 1.25, -1.25]},
        {"kind": "bins"},
    ],
)
def test_factors_that_do_not_go_together_are_refused(temperature_file, change):
    content = json.loads(temperature_file.read_text())
    temperature_file.write_text(json.dumps(content | change))
    with pytest.raises(SchemaError, match=r"kind.*run `spectramind calibrate-temp` again"):
        load_temperature(temperature_file, checkpoint=MINE)


def test_corel_comes_back(corel_file, corel):
    again = load_corel(corel_file, tau=1.25, checkpoint=MINE)
    assert (again.alpha, again.n_planets) == (0.1, 30)
    np.testing.assert_array_equal(again.factors, corel.factors)
    np.testing.assert_array_equal(again.quantiles, corel.quantiles)


def test_infinite_quantiles_survive(tmp_path, corel):
    endless = Corel(0.1, 3, corel.factors, np.full(283, np.inf))
    where = folder(tmp_path)
    save_corel(where, endless, tau=1.0, fold="conformal", planets=["1", "2", "3"], checkpoint=MINE)
    assert np.isinf(load_corel(where.corel, tau=1.0, checkpoint=MINE).quantiles).all()
    assert np.isinf(pd.read_csv(where.corel_table)["q"]).all()


def test_table_of_bins(corel_file, corel):
    table = pd.read_csv(corel_file.with_name("corel_q_bin.csv"))
    assert list(table.columns) == ["bin", "wavelength_um", "q", "factor"]
    np.testing.assert_array_equal(table["bin"], np.arange(283))
    np.testing.assert_allclose(table["wavelength_um"], bin_wavelengths(), rtol=1e-8)
    np.testing.assert_allclose(table["q"], corel.quantiles, rtol=1e-8)
    np.testing.assert_allclose(table["factor"], corel.factors, rtol=1e-8)


def test_another_checkpoint_is_refused(temperature_file, corel_file):
    with pytest.raises(ConfigError, match="run `spectramind calibrate-temp` again"):
        load_temperature(temperature_file, checkpoint=OTHER)
    with pytest.raises(ConfigError, match="run `spectramind calibrate-corel` again"):
        load_corel(corel_file, tau=1.25, checkpoint=OTHER)


def test_another_temperature_is_refused(corel_file):
    with pytest.raises(ConfigError, match=r"1\.25, but 1 is in use"):
        load_corel(corel_file, tau=1.0, checkpoint=MINE)


def test_missing_files_say_what_makes_them(tmp_path):
    with pytest.raises(SchemaError, match="calibrate-temp"):
        load_temperature(tmp_path / "temperature.json", checkpoint=MINE)
    with pytest.raises(SchemaError, match="calibrate-corel"):
        load_corel(tmp_path / "corel.npz", tau=1.0, checkpoint=MINE)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tau": 0.0}, "tau"),
        ({"tau": "NaN"}, "tau"),
        ({"planets": []}, "planets"),
        ({"extra": 1}, "extra"),
        ({"checkpoint": None}, "checkpoint"),
    ],
)
def test_altered_temperature_is_refused(temperature_file, change, words):
    content = json.loads(temperature_file.read_text())
    temperature_file.write_text(json.dumps(content | change))
    with pytest.raises(SchemaError, match=words):
        load_temperature(temperature_file, checkpoint=MINE)


def test_truncated_temperature_is_refused(temperature_file):
    temperature_file.write_text(temperature_file.read_text()[:-20])
    with pytest.raises(SchemaError, match="calibrate-temp"):
        load_temperature(temperature_file, checkpoint=MINE)


@pytest.mark.parametrize(
    "factors", [np.ones(282), np.full(283, np.nan), np.full(283, -1.0), np.full(283, "x")]
)
def test_altered_corel_is_refused(corel_file, factors):
    with np.load(corel_file) as archive:
        arrays = {key: archive[key] for key in archive.files}
    write_npz(corel_file, **(arrays | {"factors": factors}))
    with pytest.raises(SchemaError, match="factors must be 283 numbers"):
        load_corel(corel_file, tau=1.25, checkpoint=MINE)


def test_planets_that_were_seen_before_are_refused():
    refuse_seen("calibrate-temp", ["1", "2"], {"trained on": {"3"}})
    with pytest.raises(SchemaError, match=r"2 planets that were trained on \(1, 2\)"):
        refuse_seen(
            "calibrate-temp", ["1", "2", "4"], {"stopped by": set(), "trained on": {"1", "2"}}
        )
