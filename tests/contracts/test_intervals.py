"""Intervals of predictions on disk: several levels and groups, and files from before these."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.run.atomic import write_npz

IDS = ("1", "2", "3")
SPECTRA = Spectra(IDS, np.full((3, 283), 0.01), np.full((3, 283), 1e-4))


def widths(scale: float) -> np.ndarray:
    return scale * np.arange(1.0, 4)[:, None] * np.ones((3, 283))


def test_levels_and_groups_come_back_in_the_order_asked_for(tmp_path: Path) -> None:
    groups = ("faint", "rest", "doubted")
    more = (Intervals(0.9, widths(2), groups=groups), Intervals(0.68, widths(1), groups=groups))
    Predictive(SPECTRA, Intervals(0.95, widths(3), more, groups)).save(tmp_path / "p.npz")
    found = Predictive.load(tmp_path / "p.npz").select(["3", "1"]).intervals
    assert found is not None
    assert [one.level for one in found.every_level] == [0.95, 0.9, 0.68]
    assert found.groups == found.more[0].groups == ("doubted", "faint")
    for one, scale in zip(found.every_level, (3, 2, 1), strict=True):
        np.testing.assert_array_equal(one.half_width, widths(scale)[[2, 0]])


def test_a_file_with_one_level_is_as_it_was(tmp_path: Path) -> None:
    Predictive(SPECTRA, Intervals(0.9, widths(2))).save(tmp_path / "p.npz")
    with np.load(tmp_path / "p.npz") as held:
        assert set(held.files) == {"planet_id", "mu", "sigma", "level", "half_width"}
    found = Predictive.load(tmp_path / "p.npz").intervals
    assert found is not None
    assert (found.more, found.groups) == ((), ())


@pytest.mark.parametrize(
    "spoilt",
    [
        {"more_levels": np.array([0.9, 0.8])},
        {"more_half_widths": np.ones((1, 2, 283))},
        {"interval_group": np.array(["rest"])},
    ],
)
def test_intervals_of_other_planets_are_refused(tmp_path: Path, spoilt: dict) -> None:
    intervals = Intervals(0.95, widths(3), (Intervals(0.9, widths(2)),), ("a", "b", "c"))
    arrays = SPECTRA.arrays() | intervals.arrays() | spoilt
    write_npz(tmp_path / "p.npz", **arrays)
    with pytest.raises(SchemaError, match="run `spectramind predict` again"):
        Predictive.load(tmp_path / "p.npz")
