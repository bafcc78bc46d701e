"""What is known of planets beside their spectra, from features and star table."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.depths import Depths, save_depths, unmeasured
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.errors import SchemaError
from spectramind.pipeline import planet_circumstances
from spectramind.pipeline.planet_circumstances import load_circumstances

VISITS = {"1": ("1", "1_1"), "2": ("2",), "3": ("3",)}


def test_doubt_impact_star_and_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for planet, visits in VISITS.items():
        (tmp_path / "train" / planet).mkdir(parents=True)
        for number in range(len(visits)):
            (tmp_path / "train" / planet / f"FGS1_signal_{number}.parquet").touch()
    stars = {
        "1": StarRow(3.0, 9.0, 88.0, 5000.0),
        "1_1": StarRow(3.0, 9.0, 88.0, 5000.0),
        "2": StarRow(3.0, 9.0, 88.0, 4000.0, limb_fault="no temperature"),
        "3": StarRow(3.0, 9.0, 88.0, 6000.0),
    }
    monkeypatch.setattr(planet_circumstances, "star_rows", lambda tree, split: list(stars.items()))
    time_h, flat = np.arange(5.0), np.ones((5, 2))
    fit = Measurement(np.full(283, 0.01), np.full(283, 4e-8), np.zeros((283, 1)))
    for name, reason in (("1", ""), ("1_1", ""), ("2", "odd")):
        info = {"reason": reason, "parameters": {"b": 0.9 if name == "2" else 0.2}}
        path = FeaturesFolder(tmp_path / "f").depths(name)
        save_depths(path, Depths(fit, time_h, flat, flat, info), "settings")
    save_depths(FeaturesFolder(tmp_path / "f").depths("3"), unmeasured("torn"), "settings")
    config = compose([f"data.raw={tmp_path}", f"paths.features={tmp_path / 'f'}"])
    found = load_circumstances(config, "train", ["3", "1", "2"])
    assert found.planet_ids == ("3", "1", "2")
    assert found.doubted.tolist() == [True, False, True]
    np.testing.assert_array_equal(found.impact, [np.nan, 0.2, 0.9])
    np.testing.assert_array_equal(found.star_k, [6000.0, 5000.0, np.nan])
    # 200 ppm a visit, two visits of planet 1.
    np.testing.assert_allclose(found.noise_ppm[1:], [200 / np.sqrt(2), 200.0])
    with pytest.raises(SchemaError, match="planet 9"):
        load_circumstances(config, "train", ["9"])
