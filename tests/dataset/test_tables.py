"""The tree's tables, whole and damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spectramind.dataset.tables import (
    AdcInfo,
    check_axes,
    read_adc_info,
    read_column_wavelengths,
    read_orbits,
    read_star_info,
    read_timing,
    read_truth,
    read_wavelengths,
)
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1
from spectramind.instrument.grid import bin_wavelengths, columns_to_bins

STAR = "planet_id,Rs,Ms,Ts,Mp,e,P,sma,i\n"
NUMBERS = "1.1,1.0,5500,0.7,0,3.3,8.5,89\n"


def change_axis(tree: KaggleTree, column: str, change: Any) -> None:
    path = tree.root / "axis_info.parquet"
    table = pq.read_table(path)
    axes = {name: table.column(name).to_numpy().copy() for name in table.schema.names}
    change(axes[column])
    pq.write_table(pa.table(axes), path)


def test_one_adc_row_for_all(tree: KaggleTree) -> None:
    assert read_adc_info(tree, AIRS, "anything") == AdcInfo(0.4369, -1000.0)


def test_one_adc_row_a_planet(tree: KaggleTree) -> None:
    (tree.root / "adc_info.csv").write_text(
        "planet_id,FGS1_adc_offset,FGS1_adc_gain\n7.0,-1,0.5\n8,-2,0.25\n"
    )
    assert read_adc_info(tree, FGS1, "7") == AdcInfo(0.5, -1.0)
    assert read_adc_info(tree, FGS1, "8") == AdcInfo(0.25, -2.0)
    with pytest.raises(SchemaError, match="no row for planet 9"):
        read_adc_info(tree, FGS1, "9")
    with pytest.raises(SchemaError, match="AIRS-CH0_adc_gain"):
        read_adc_info(tree, AIRS, "7")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FGS1_adc_offset,FGS1_adc_gain\n-1000,0\n", "must be positive"),
        ("FGS1_adc_offset,FGS1_adc_gain\n-1000,\n", "not a finite number"),
        ("FGS1_adc_offset,FGS1_adc_gain\n-1000,inf\n", "not a finite number"),
        ("FGS1_adc_offset,FGS1_adc_gain\n-1,1\n-1,1\n", "2 rows and no planet_id"),
        ("FGS1_adc_offset\n-1000\n", "lacks column"),
        ("", "cannot be read as CSV"),
    ],
)
def test_broken_adc(tree: KaggleTree, text: str, message: str) -> None:
    (tree.root / "adc_info.csv").write_text(text)
    with pytest.raises(SchemaError, match=message):
        read_adc_info(tree, FGS1, "1")


def test_airs_timing(tree: KaggleTree) -> None:
    timing = read_timing(tree, AIRS, 12)
    np.testing.assert_allclose(timing.read_time_s, [0.1, 4.6])
    assert timing.integration_s == pytest.approx(4.5)
    np.testing.assert_allclose(timing.mid_time_h * 3600, 2.35 + 4.8 * np.arange(6))


def test_fgs1_timing(tree: KaggleTree) -> None:
    timing = read_timing(tree, FGS1, 12)
    np.testing.assert_allclose(timing.read_time_s, [0.1, 0.2])
    assert timing.integration_s == pytest.approx(0.1)
    np.testing.assert_allclose(timing.mid_time_h * 3600, 0.15 + 0.4 * np.arange(6))


def test_coadded_labels_give_coadded_times(tree: KaggleTree) -> None:
    def stretch(axis: Any) -> None:
        axis *= 40

    change_axis(tree, "FGS1-axis0-h", stretch)
    timing = read_timing(tree, FGS1, 12)
    np.testing.assert_allclose(timing.read_time_s, [4.0, 8.0])
    np.testing.assert_allclose(timing.mid_time_h[0] * 3600, 6.0)


def test_a_read_without_partner_is_left_out(tree: KaggleTree) -> None:
    assert len(read_timing(tree, AIRS, 11).mid_time_h) == 5
    with pytest.raises(SchemaError, match="needs two"):
        read_timing(tree, AIRS, 1)


def test_axis_shorter_than_the_signal(tree: KaggleTree) -> None:
    with pytest.raises(SchemaError, match=r"holds 12 values.*where 14"):
        read_timing(tree, FGS1, 14)
    with pytest.raises(SchemaError, match="where 1000"):
        read_timing(tree, FGS1, 1000)


def test_nan_inside_the_axis(tree: KaggleTree) -> None:
    def spoil(axis: Any) -> None:
        axis[3] = np.nan

    change_axis(tree, "AIRS-CH0-axis0-h", spoil)
    with pytest.raises(SchemaError, match="holds 3 values, then NaN"):
        read_timing(tree, AIRS, 12)


def test_labels_that_do_not_ascend(tree: KaggleTree) -> None:
    def spoil(axis: Any) -> None:
        axis[3] = axis[2]

    change_axis(tree, "AIRS-CH0-axis0-h", spoil)
    with pytest.raises(SchemaError, match="does not ascend"):
        read_timing(tree, AIRS, 12)


def test_integration_times_that_change(tree: KaggleTree) -> None:
    def spoil(axis: Any) -> None:
        axis[5] = 9.0

    change_axis(tree, "AIRS-CH0-integration_time", spoil)
    with pytest.raises(SchemaError, match="does not repeat"):
        read_timing(tree, AIRS, 12)


def test_axis_column_missing_or_of_text(tree: KaggleTree) -> None:
    path = tree.root / "axis_info.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["FGS1-axis0-h"]), path)
    with pytest.raises(SchemaError, match="lacks column 'FGS1-axis0-h'"):
        read_timing(tree, FGS1, 12)
    pq.write_table(pa.table({"FGS1-axis0-h": ["a", "b"]}), path)
    with pytest.raises(SchemaError, match="expected numbers"):
        read_timing(tree, FGS1, 2)
    path.write_bytes(b"PAR1 no")
    with pytest.raises(SchemaError, match="cannot be read as parquet"):
        read_timing(tree, FGS1, 2)


def test_wavelengths(tree: KaggleTree) -> None:
    np.testing.assert_allclose(read_wavelengths(tree), bin_wavelengths())
    columns = read_column_wavelengths(tree)
    np.testing.assert_allclose(columns_to_bins(columns), bin_wavelengths()[1:])
    path = tree.root / "wavelengths.csv"
    pd.read_csv(path).iloc[:, ::-1].set_axis(pd.read_csv(path).columns, axis=1).to_csv(
        path, index=False
    )
    with pytest.raises(SchemaError, match="ascending"):
        read_wavelengths(tree)


@pytest.mark.parametrize("planet", ["1103775", "1103775.0", " 1103775"])
def test_planet_ids_are_normalised(tree: KaggleTree, planet: str) -> None:
    (tree.root / "test_star_info.csv").write_text(f"{STAR}{planet},{NUMBERS}")
    stars = read_star_info(tree, "test")
    assert list(stars.index) == ["1103775"]
    assert stars.loc["1103775", "sma"] == 8.5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (STAR + "1," + NUMBERS + "1.0," + NUMBERS, "repeated planet_id"),
        (STAR + "," + NUMBERS, "empty or repeated"),
        (STAR + "1," + NUMBERS.replace("0.7", ""), r"row 1 column 'Mp'"),
        (STAR.replace("sma,", "") + "1,1,1,1,1,1,1,1\n", r"lacks column\(s\) \['sma'\]"),
        (NUMBERS, "lacks column 'planet_id'"),
    ],
)
def test_broken_star_info(tree: KaggleTree, text: str, message: str) -> None:
    (tree.root / "train_star_info.csv").write_text(text)
    with pytest.raises(SchemaError, match=message):
        read_star_info(tree, "train")


def test_truth(tmp_path: Path) -> None:
    names = ["planet_id", *(f"wl_{i}" for i in range(1, 284))]
    rows = [[5, *np.linspace(0.01, 0.02, 283)]]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "train.csv", index=False)
    truth = read_truth(tmp_path / "train.csv")
    assert truth.shape == (1, 283)
    assert truth.loc["5", "wl_283"] == pytest.approx(0.02)
    pd.DataFrame([[5, *rows[0][1:283]]], columns=names[:283]).to_csv(
        tmp_path / "short.csv", index=False
    )
    with pytest.raises(SchemaError, match="wl_283"):
        read_truth(tmp_path / "short.csv")
    with pytest.raises(SchemaError, match="is missing"):
        read_truth(tmp_path / "none.csv")


def test_real_tables(real_tree: KaggleTree) -> None:
    assert read_star_info(real_tree, "train").shape == (1100, 8)
    assert list(read_star_info(real_tree, "test").index) == ["1103775"]
    np.testing.assert_allclose(read_wavelengths(real_tree), bin_wavelengths(), atol=1e-12)
    for detector in DETECTORS:
        assert read_adc_info(real_tree, detector, "342072318") == AdcInfo(0.4369, -1000.0)
    truth = read_truth(real_tree.root / "train_truth_5_planets.csv")
    assert truth.shape == (5, 283)


def test_real_axis_covers_a_full_visit(real_axis: Path, tree: KaggleTree) -> None:
    (tree.root / "axis_info.parquet").write_bytes(real_axis.read_bytes())
    airs, fgs1 = read_timing(tree, AIRS, 11_250), read_timing(tree, FGS1, 135_000)
    assert len(airs.mid_time_h) == 5_625
    assert len(fgs1.mid_time_h) == 67_500
    np.testing.assert_allclose(airs.read_time_s, [0.1, 4.6])
    np.testing.assert_allclose(fgs1.read_time_s, [0.1, 0.2], rtol=1e-6)
    np.testing.assert_allclose(np.diff(airs.mid_time_h) * 3600, 4.8, atol=1e-6)
    np.testing.assert_allclose(np.diff(fgs1.mid_time_h) * 3600, 0.4, atol=1e-6)


def spectra_table(value: float) -> pd.DataFrame:
    names = [f"wl_{i}" for i in range(1, 284)]
    return pd.DataFrame([[value] * 283], pd.Index(["5"], name="planet_id"), names)


@pytest.mark.parametrize("value", [14437.0, 1.44, 1.0, 0.0, -0.01])
def test_truth_in_other_units_is_refused(tmp_path: Path, value: float) -> None:
    table = spectra_table(0.0144)
    table.loc["5", "wl_7"] = value
    table.to_csv(tmp_path / "train.csv")
    with pytest.raises(SchemaError, match=r"wl_7 = .* for planet 5 \(1 such cells\)"):
        read_truth(tmp_path / "train.csv")


def test_underscores_are_no_numbers(tmp_path: Path) -> None:
    spectra_table(0.01).astype(str).replace("0.01", "0.0_1").to_csv(tmp_path / "train.csv")
    with pytest.raises(SchemaError, match="not a finite number"):
        read_truth(tmp_path / "train.csv")


def test_a_byte_order_mark_and_odd_separators(tmp_path: Path) -> None:
    spectra_table(0.01).to_csv(tmp_path / "a.csv", encoding="utf-8-sig")
    assert list(read_truth(tmp_path / "a.csv").index) == ["5"]
    for odd, said in ((";", "';'"), ("\t", r"'\\t'")):
        spectra_table(0.01).to_csv(tmp_path / "b.csv", sep=odd)
        with pytest.raises(SchemaError, match=f"columns by {said}: write it with commas"):
            read_truth(tmp_path / "b.csv")


def test_the_fit_reads_four_columns_and_two_more_where_they_are(tree: KaggleTree) -> None:
    path = tree.root / "test_star_info.csv"
    path.write_text("i,planet_id,sma,P,Ts,note\n89,7.0,8.5,3.3,5500,x\n88,8,,hot,5400,y\n")
    orbits = read_orbits(tree, "test")
    assert orbits.loc["7", ["Ts", "P", "sma", "i", "e"]].tolist() == [5500, 3.3, 8.5, 89, 0]
    assert np.isnan(orbits.loc["7", "omega"])
    assert orbits.loc["8"].isna().tolist() == [False, True, True, False, False, True]
    path.write_text("planet_id,sma,P,Ts,i,e,w\n7,8.5,3.3,5500,89,0.2,40\n")
    assert read_orbits(tree, "test").loc["7", ["e", "omega"]].tolist() == [0.2, 40]
    path.write_text("planet_id,P,Ts,i\n7,3.3,5500,89\n")
    with pytest.raises(SchemaError, match=r"lacks column\(s\) \['sma'\]"):
        read_orbits(tree, "test")


def test_the_instruments_own_axes_pass(tree: KaggleTree) -> None:
    check_axes(tree)
    path = tree.root / "wavelengths.csv"
    pd.read_csv(path).round(3).to_csv(path, index=False)
    check_axes(tree)
    pd.read_csv(path).assign(wl_1=0.705).to_csv(path, index=False)  # FGS1's band has many names
    check_axes(tree)
    pd.read_csv(path).assign(wl_1=0.9).to_csv(path, index=False)
    with pytest.raises(SchemaError, match=r"wavelength 1 of 283 at 0\.9"):
        check_axes(tree)
    path.unlink()
    (tree.root / "axis_info.parquet").unlink()
    check_axes(tree)


@pytest.mark.parametrize("change", ["one bin on", "nanometres"])
def test_another_wavelength_table_is_refused(tree: KaggleTree, change: str) -> None:
    path = tree.root / "wavelengths.csv"
    table = pd.read_csv(path)
    values = table.to_numpy()[0]
    table.iloc[0] = 1000 * values if change == "nanometres" else np.append(values[1:], 3.95)
    table.to_csv(path, index=False)
    with pytest.raises(SchemaError, match=r"wavelengths\.csv puts wavelength .* mislabelled"):
        check_axes(tree)


def test_another_column_axis_is_refused(tree: KaggleTree) -> None:
    def turn(axis: Any) -> None:
        axis[:] = axis[::-1].copy()

    change_axis(tree, "AIRS-CH0-axis2-um", turn)
    with pytest.raises(SchemaError, match=r"axis_info\.parquet puts wavelength"):
        check_axes(tree)


def test_real_axes_are_the_instruments(real_tree: KaggleTree) -> None:
    check_axes(real_tree)
