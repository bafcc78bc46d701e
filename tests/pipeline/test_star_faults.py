"""One planet's bad star row, another one's empty folder: the rest go on, and all are named."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.depths import IGNORANCE, load_depths
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.run.record import read_events

Cli = Callable[..., int]


def test_the_rest_go_on(
    spectramind: Cli, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [
        f"data.raw={tmp_path / 'raw'}",
        f"paths.work={tmp_path / 'work'}",
        "sim.planets=1",
        "sim.test_planets=2",
        "sim.cadence=40",
        "sim.two_visit_fraction=0",
        "level=lightcurves",
        "env.workers=1",
    ]
    assert spectramind("simulate", *settings) == 0
    path = tmp_path / "raw/test_star_info.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[0, "sma"] = "0.04"
    table.drop(columns=["e", "Mp"]).to_csv(path, index=False)  # neither is needed
    bad, good = (name.removesuffix(".0") for name in table["planet_id"])
    (tmp_path / "raw/test/99").mkdir()
    (tmp_path / "raw/test/__MACOSX").mkdir()
    assert spectramind("calibrate", *settings) == 2
    assert spectramind("features", *settings) == 2
    assert "Traceback" not in capsys.readouterr().err
    event = read_events(tmp_path / "work")[-1]
    assert f"{bad}: the star table's sma is 0.04: stellar radii, above 1" in event["message"]
    assert good not in event["message"]
    features = FeaturesFolder(tmp_path / "work/data/features")
    found = {name: load_depths(features.depths(name)) for name in (bad, good, "99")}
    assert "sma is 0.04" in found[bad].info["reason"]
    assert found[good].info["reason"] == ""
    assert "is missing" in found["99"].info["reason"]
    sigma = {name: float(np.sqrt(depths.fit.total_variance[0])) for name, depths in found.items()}
    assert sigma["99"] > 0.9 * IGNORANCE
    assert found[bad].measured
    assert sigma[bad] > 0.02 * found[bad].fit.depth[0]  # wide beside a trusted one
    assert sigma[good] < 0.02 * found[good].fit.depth[0]
    assert not features.depths("__MACOSX").exists()
