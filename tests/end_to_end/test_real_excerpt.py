"""Real files through the command line: fifty frames of one visit, so no transit to be found."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spectramind.contracts.depths import IGNORANCE, load_depths
from spectramind.contracts.work_folder import FeaturesFolder
from spectramind.dataset.tree import KaggleTree

Cli = Callable[..., int]
PLANET = "342072318"


@pytest.fixture(scope="module")
def work(spectramind: Cli, real_tree: KaggleTree, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder in which the excerpt went through calibrate and features."""
    folder = tmp_path_factory.mktemp("real")
    settings = [f"data.raw={real_tree.root}", f"paths.work={folder}", "env.workers=1"]
    settings += ["calib.keep_cubes=all", "calib.cadence_min=0"]
    for command in ("calibrate", "features"):
        assert spectramind(command, *settings) == 0
    return folder


def test_airs_sum_is_the_real_one(work: Path) -> None:
    frames = np.load(work / "data/calibrated/airs" / f"airs_{PLANET}.npz")["frames"]
    assert frames.shape == (25, 32, 356)
    # The whole frame holds 1.75e7 e; the 282 science columns 1.63e7.
    assert frames.sum(axis=(1, 2)).mean() == pytest.approx(1.75e7, rel=0.02)
    assert frames[:, :, 39:321].sum(axis=(1, 2)).mean() == pytest.approx(1.63e7, rel=0.02)


def test_bins_are_as_bright_as_their_columns(work: Path) -> None:
    """Bin 1 is column 320 and bin 282 is column 39: ascending in wavelength."""
    with np.load(work / "data/calibrated/airs" / f"airs_{PLANET}.npz") as cube:
        frames = np.where(cube["mask"].all(axis=0), 0.0, cube["frames"])  # no weight, no light
    bins = np.load(work / "data/features/airs_bins" / f"airs_bins_{PLANET}.npz")["flux"]
    assert bins.shape == (25, 283)
    columns = frames.sum(axis=1).mean(axis=0)[39:321][::-1]
    np.testing.assert_allclose(bins[:, 1:].mean(axis=0), columns, rtol=1e-3)
    assert np.corrcoef(bins[:, 1:].mean(axis=0), columns)[0, 1] > 0.999


def test_ten_seconds_of_data_say_nothing_about_the_depth(work: Path) -> None:
    depths = load_depths(FeaturesFolder(work / "data/features").depths(PLANET))
    assert "exposures" in depths.info["reason"]
    assert np.sqrt(depths.fit.covariance[50, 50]) >= IGNORANCE


def test_the_doubt_is_in_the_record(work: Path) -> None:
    events = [json.loads(line) for line in (work / "events.jsonl").read_text().splitlines()]
    assert [(event["cmd"], event["status"]) for event in events] == [
        ("calibrate", "ok"),
        ("features", "warn"),
    ]
    assert PLANET in events[1]["message"]
