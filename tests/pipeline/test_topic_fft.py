"""Topic fft from a work folder: a planet's light curves and fit in, its class out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, save_depths, unmeasured
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.series import Series, write_series
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.features.transit_model import PARAMETERS, TransitModel
from spectramind.instrument.detectors import FGS1
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline import topic_fft
from spectramind.run.atomic import write_npz
from spectramind.run.record import RunRecord

STAR = StarRow(4.0, 10.0, 88.3, 5800.0)
VALUES = np.array([3.7, np.log(10.0), 0.3, 0.12, 0.12, 0.3, 0.2, 0.3, 0.2])
TIME = np.arange(0.05, 7.45, 32 / 3600)


@pytest.fixture
def config(tree: KaggleTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Planet 101 of the test split, predicted, its star told; the truth is not known."""
    (tree.root / "train").rename(tree.root / "test")
    config = compose([f"data.raw={tree.root}", f"paths.work={tmp_path / 'work'}"])
    depth = np.full((1, N_BINS), 0.0144)
    found = Predictive(Spectra(("101",), depth, np.full_like(depth, 1e-4)))
    found.save(WorkFolder(config.paths).prediction("spectramind"))
    monkeypatch.setattr(topic_fft, "star_rows", lambda tree, split: [("101", STAR)])
    return config


def fitted(config: Config, reason: str = "", hum_ppm: float = 0.0, red: float = 0.0) -> None:
    """Light curves of 150 ppm a sample with a hum at 6 mHz, and their fit."""
    rng, folder = np.random.default_rng(3), WorkFolder(config.paths)
    model = TransitModel(TIME, STAR, config.fit.substep_h)
    transit = model.flux(model.separation(*VALUES[:3]), VALUES[3:4], VALUES[None, 5:7])[0]
    noise = rng.normal(size=(2, len(TIME)))
    for i in range(1, len(TIME)):
        noise[:, i] += red * noise[:, i - 1]
    hum = hum_ppm * np.sin(2 * np.pi * 6e-3 * 3600 * TIME)
    light = 1e6 * transit * (1 + 1e-6 * (150 * noise + hum) + 2e-4 * (TIME - 4))
    pointing = rng.normal(size=(len(TIME), 5)).astype(np.float32)
    flux = light[0, :, None].repeat(2, axis=1).astype(np.float32)
    series = Series(TIME, flux, np.ones_like(flux), pointing[:, :3])
    write_series(folder.calibrated.series(FGS1, "101"), series)
    bins = (light[1, :, None] * np.full(N_BINS, 1 / 282)).astype(np.float32)
    write_npz(folder.features.airs_bins("101"), time=TIME, flux=bins, pointing=pointing)
    info = {"reason": reason, "parameters": dict(zip(PARAMETERS, VALUES.tolist(), strict=True))}
    white = np.ones((len(TIME), 2))
    depths = Depths(unmeasured("").fit, TIME, white, white, info, white)
    save_depths(folder.features.depths("101"), depths, "s")


def made(config: Config) -> dict:
    record = RunRecord("diagnose fft", {}, config.paths.work, config.hash, 0, config.data.raw)
    values = topic_fft.make(config, record)
    return json.loads(json.dumps(values, allow_nan=False))


def test_white_noise_a_hum_and_red_noise_are_told_apart(config: Config) -> None:
    fitted(config)
    values = made(config)
    planet = values["planets"]["101"]
    assert (planet["class"], planet["visit"]) == ("white", "101")
    assert planet["fgs1"]["noise_ppm"] == pytest.approx(150, rel=0.1)
    # 2 s^2 step: 150 ppm every 32 s
    assert values["light"]["airs"]["white_ppm2_mhz"] == pytest.approx(1440, rel=0.2)
    ingress_min = planet["fgs1"]["bin_min"]
    assert 20 < ingress_min < 60
    fitted(config, hum_ppm=120)
    assert made(config)["planets"]["101"]["class"] == "peak at 6 mHz"
    fitted(config, red=0.9)
    assert made(config)["planets"]["101"]["class"] == "red"


def test_a_fit_that_is_doubted_or_old_is_left_out_and_said(config: Config) -> None:
    fitted(config, reason="grazing")
    with pytest.raises(SchemaError, match=r"no planet has a fit that is trusted \(101: grazing\)"):
        made(config)
    WorkFolder(config.paths).features.depths("101").unlink()
    with pytest.raises(SchemaError, match="run `spectramind features` first"):
        made(config)


def test_only_known_truth_is_compared(config: Config) -> None:
    fitted(config)
    assert set(made(config)["spectra"]["periods"]) == {"mu less its smooth"}
    names = [f"wl_{i}" for i in range(1, N_BINS + 1)]
    rng = np.random.default_rng(1)
    table = pd.DataFrame(0.0144 + 1e-4 * rng.normal(size=(1, N_BINS)), columns=names)
    table.insert(0, "planet_id", ["101"])
    config.paths.truth.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(config.paths.truth, index=False)
    periods = made(config)["spectra"]["periods"]["mu less truth"]
    assert periods["planets"] == 1
    assert abs(periods["correlation"][0]) < 0.25
