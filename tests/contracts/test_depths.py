"""The file of a visit's depths keeps the drift; files without one are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from spectramind.contracts.depths import Depths, load_depths, save_depths, unmeasured


def test_the_drift_is_kept_and_old_files_have_none(tmp_path: Path) -> None:
    time = np.linspace(0, 5, 7)
    white = np.ones((7, 2))
    drift = 1 + 1e-3 * np.column_stack([time, -time])
    depths = Depths(unmeasured("").fit, time, white, white, {"reason": ""}, drift)
    path = tmp_path / "depths_1.npz"
    save_depths(path, depths, "s")
    found = load_depths(path)
    assert found.drift is not None
    np.testing.assert_allclose(found.drift, drift, atol=1e-7)
    save_depths(path, replace(depths, drift=None), "s")
    with np.load(path) as archive:
        assert "drift" not in archive.files  # what an earlier version wrote
    old = load_depths(path)
    assert old.drift is None
    np.testing.assert_array_equal(old.white, found.white)
