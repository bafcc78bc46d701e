"""Time axes that are not what they should be: told from what else the tree says."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from spectramind.dataset.tables import check_axes, check_clocks, read_timing
from spectramind.dataset.time_axes import require_ascending, require_cycle, require_one_visit
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1

Array = NDArray[np.float64]
AIRS_H = (4.8 * np.arange(100)[:, None] + [0.1, 0.2]).ravel() / 3600
FGS1_H = (0.4 * np.arange(1200)[:, None] + [0.1, 0.2]).ravel() / 3600
NAMES = ("AIRS-CH0-axis0-h", "FGS1-axis0-h")
INTEGRATION = "AIRS-CH0-integration_time"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "train").mkdir()
    return tmp_path


def write(root: Path, airs_h: Array = AIRS_H, fgs1_h: Array = FGS1_H) -> KaggleTree:
    pd.DataFrame(
        {
            NAMES[0]: pd.Series(airs_h),
            NAMES[1]: pd.Series(fgs1_h),
            INTEGRATION: pd.Series(np.tile([0.1, 4.5], len(airs_h) // 2)),
        }
    ).to_parquet(root / "axis_info.parquet")
    return KaggleTree(root)


def test_sound_axes_pass(root: Path) -> None:
    check_clocks(write(root))
    write(root, AIRS_H[::2].repeat(2) + np.tile([0.1, 4.6], 100) / 3600)  # labels at the reads
    check_clocks(KaggleTree(root))


@pytest.mark.parametrize("unit", [3600, 60, 1 / 24])
def test_other_units_are_refused_where_the_axis_is_read(root: Path, unit: float) -> None:
    tree = write(root, AIRS_H * unit, FGS1_H * unit)
    for check in (check_clocks, check_axes):
        with pytest.raises(SchemaError, match=r"AIRS-CH0-axis0-h.*in hours, not in seconds"):
            check(tree)
    with pytest.raises(SchemaError, match="in hours, not in seconds"):
        read_timing(tree, AIRS, 200)


@pytest.mark.parametrize("unit", [3600, 60, 1 / 24])
def test_one_axis_in_another_unit(root: Path, unit: float) -> None:
    with pytest.raises(SchemaError, match=r"FGS1-axis0-h.*write both in hours"):
        check_clocks(write(root, fgs1_h=FGS1_H * unit))


def test_axes_apart(root: Path) -> None:
    with pytest.raises(SchemaError, match="do not overlap"):
        check_clocks(write(root, AIRS_H + 9))


@pytest.mark.parametrize("which", [0, 1])
def test_backwards_and_doubled(root: Path, which: int) -> None:
    axes = [AIRS_H.copy(), FGS1_H.copy()]
    axes[which] = axes[which][::-1]
    with pytest.raises(SchemaError, match=f"{NAMES[which]}' runs backwards: row 2"):
        check_clocks(write(root, *axes))
    axes[which] = axes[which][::-1].copy()
    axes[which][50] = axes[which][49]
    with pytest.raises(SchemaError, match=r"does not ascend \(1 times\): row 51"):
        check_clocks(write(root, *axes))
    with pytest.raises(SchemaError, match="does not ascend"):
        read_timing(write(root, *axes), (AIRS, FGS1)[which], 200)


def test_nan_within(root: Path) -> None:
    spoiled = FGS1_H.copy()
    spoiled[500] = np.nan
    with pytest.raises(SchemaError, match="holds 500 values, then NaN"):
        check_clocks(write(root, fgs1_h=spoiled))


def test_gaps_are_no_fault(root: Path) -> None:
    """Between exposures and within a pair: mid-times follow the labels, the integration stays."""
    airs, fgs1 = AIRS_H.copy(), FGS1_H.copy()
    airs[80:] += 2.0
    fgs1[1:] += 2.0  # within the first pair
    tree = write(root, airs, fgs1)
    check_clocks(tree)
    seen = read_timing(tree, AIRS, 200).mid_time_h
    assert np.diff(seen)[39] * 3600 == pytest.approx(7204.8)
    timing = read_timing(tree, FGS1, 2400)
    assert timing.integration_s == pytest.approx(0.1)
    assert np.diff(timing.mid_time_h)[1:] * 3600 == pytest.approx(0.4)


def test_the_checks_alone() -> None:
    path = Path("axis")
    require_ascending(path, "x", np.array([1.0]))
    with pytest.raises(SchemaError, match="row 3"):
        require_ascending(path, "x", np.array([0.0, 1.0, np.nan]))
    require_cycle(path, "x", AIRS_H[:2] * 3600, 4.6)  # a single pair says nothing
    with pytest.raises(SchemaError, match=r"every 4\.8 s"):
        require_cycle(path, "x", AIRS_H, 4600.0)
    require_one_visit(path, ("a", "b"), (AIRS_H, FGS1_H))
    require_one_visit(path, ("a", "b"), (AIRS_H[:2], FGS1_H + 99))
