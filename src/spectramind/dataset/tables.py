"""The tree's tables: ADC settings, time axes, wavelengths, stars, true spectra."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.parquet import open_parquet, read_floats
from spectramind.dataset.time_axes import require_ascending, require_cycle, require_one_visit
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.instrument.grid import (
    FGS1_BANDPASS_UM,
    FGS1_BIN,
    N_BINS,
    airs_column_wavelengths,
    bin_wavelengths,
)

STAR_COLUMNS = ("Rs", "Ms", "Ts", "Mp", "e", "P", "sma", "i")
ORBIT_COLUMNS = ("Ts", "P", "sma", "i", "e", "omega")
HOST_COLUMNS = ("Rs", "Ts", "Mp")
_OPTIONAL = {"e": 0.0, "omega": np.nan}
AXIS_TOLERANCE_UM = 6e-4
_SECONDS_AN_HOUR = 3600.0
_INTEGRATION = f"{AIRS.kaggle}-integration_time"


@dataclass(frozen=True)
class AdcInfo:
    """Electrons = raw / gain + offset."""

    gain: float
    offset: float


@dataclass(frozen=True)
class Timing:
    """Times of one detector's reads.

    Attributes:
        read_time_s: charge time since the reset of the start and of the end read [s], (2,).
        mid_time_h: middle of each exposure on the visit's clock [h], (n_pairs,).
        integration_s: what one exposure (end minus start) integrates [s].
    """

    read_time_s: NDArray[np.float64]
    mid_time_h: NDArray[np.float64]
    integration_s: float


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise SchemaError(f"{path} is missing: check data.raw and fetch the file")
    try:
        table = pd.read_csv(path, dtype=str, encoding="utf-8-sig")  # with or without BOM
    except (ValueError, OSError) as error:  # pandas' own parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path} cannot be read as CSV ({reason}): fetch it again") from error
    if len(table.columns) == 1 and (odd := re.search(r"[;\t|]", str(table.columns[0]))):
        raise SchemaError(f"{path} separates its columns by {odd[0]!r}: write it with commas")
    return table.rename(columns=lambda name: str(name).strip())


def _values(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns as float64; NaN where a cell is no number."""
    lacking = [name for name in columns if name not in table.columns]
    if lacking:
        raise SchemaError(f"{path} lacks column(s) {lacking[:5]}: it has {len(table.columns)}")
    return table[list(columns)].apply(pd.to_numeric, errors="coerce").astype(np.float64)


def _numbers(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns as float64, all finite."""
    values = _values(path, table, columns)
    bad = ~np.isfinite(values.to_numpy())
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise SchemaError(f"{path} row {row + 1} column {columns[column]!r} is not a finite number")
    return values


def _ids(path: Path, table: pd.DataFrame) -> pd.Index:
    """The table's planet_id; ids written as floats lose their ``.0``."""
    if "planet_id" not in table.columns:
        raise SchemaError(f"{path} lacks column 'planet_id': it has {list(table.columns)[:5]}")
    planets = table["planet_id"].str.strip().str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    if planets.isna().any() or planets.duplicated().any():
        raise SchemaError(f"{path} has an empty or repeated planet_id: one row a planet belongs")
    return pd.Index(planets, name="planet_id")


def _with_planets(path: Path, table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The named columns, all finite, indexed by planet_id."""
    planets = _ids(path, table)
    return _numbers(path, table, columns).set_index(planets)


def read_adc_info(tree: KaggleTree, detector: Detector, planet_id: str) -> AdcInfo:
    """ADC settings from adc_info.csv: one row for all, or one row a planet.

    Raises:
        SchemaError: missing, no row for the planet, not finite, or a gain that is not positive.
    """
    path = tree.root / "adc_info.csv"
    columns = (f"{detector.kaggle}_adc_gain", f"{detector.kaggle}_adc_offset")
    table = _read_csv(path)
    if "planet_id" in table.columns:
        values = _with_planets(path, table, columns)
        if planet_id not in values.index:
            raise SchemaError(f"{path} has no row for planet {planet_id}")
        row = values.loc[[planet_id]]
    else:
        values = _numbers(path, table, columns)
        if len(values) != 1:
            raise SchemaError(f"{path} has {len(values)} rows and no planet_id: expected 1 row")
        row = values
    gain, offset = (float(value) for value in row.to_numpy()[0])
    if gain <= 0:
        raise SchemaError(f"{path} has {columns[0]} = {gain:g}: it must be positive")
    return AdcInfo(gain, offset)


def _labels(detector: Detector) -> str:
    return f"{detector.kaggle}-axis0-h"


def _read_axis(tree: KaggleTree, column: str, length: int) -> NDArray[np.float64]:
    """The first ``length`` values of a NaN-padded axis."""
    path = tree.root / "axis_info.parquet"
    values = read_floats(path, column)[:length]
    if len(values) < length or not np.isfinite(values).all():
        usable = len(values) if np.isfinite(values).all() else int(np.argmin(np.isfinite(values)))
        raise SchemaError(
            f"{path} column {column!r} holds {usable} values, then NaN or nothing, "
            f"where {length} are needed: the axis must cover the signal"
        )
    return values


def _read_integrations(tree: KaggleTree, n_pairs: int) -> tuple[float, float]:
    path = tree.root / "axis_info.parquet"
    pairs = _read_axis(tree, _INTEGRATION, 2 * n_pairs).reshape(-1, 2)
    if not np.allclose(pairs, pairs[0]):
        raise SchemaError(f"{path} column {_INTEGRATION!r} does not repeat pair after pair")
    return float(pairs[0, 0]), float(pairs[0, 1])


def read_timing(tree: KaggleTree, detector: Detector, n_reads: int) -> Timing:
    """Times of ``n_reads`` reads from axis_info.parquet; a last read without partner is left out.

    AIRS integrates for the end read's integration time, after the start read's; FGS1, which has no
    integration times, between its labels. A start read's charge time is what precedes it.

    Raises:
        SchemaError: fewer than two reads, an axis shorter than the signal, NaN inside it, labels
            that do not ascend or are no hours, or integration times that change or are not
            positive.
    """
    path = tree.root / "axis_info.parquet"
    n_pairs = n_reads // 2
    if n_pairs < 1:
        raise SchemaError(f"{detector.kaggle} has {n_reads} read: an exposure needs two")
    labels_h = _read_axis(tree, _labels(detector), 2 * n_pairs)
    require_ascending(path, _labels(detector), labels_h)
    if detector == FGS1:
        start = float(labels_h[0]) * _SECONDS_AN_HOUR
        # The median: a gap of the axis may lie within a pair.
        integration = float(np.median(labels_h[1::2] - labels_h[::2])) * _SECONDS_AN_HOUR
    else:
        start, integration = _read_integrations(tree, n_pairs)
        require_cycle(path, _labels(detector), labels_h, start + integration)
    if start < 0 or integration <= 0:
        raise SchemaError(
            f"{path} gives {detector.kaggle} {start:g} s + {integration:g} s: not > 0"
        )
    return Timing(
        read_time_s=np.array([start, start + integration]),
        mid_time_h=labels_h[::2] + integration / 2 / _SECONDS_AN_HOUR,
        integration_s=integration,
    )


def read_column_wavelengths(tree: KaggleTree) -> NDArray[np.float64]:
    """Wavelength of each AIRS-CH0 column [um], (356,), in the detector's (descending) order.

    Raises:
        SchemaError: missing, too short, or NaN.
    """
    return _read_axis(tree, f"{AIRS.kaggle}-axis2-um", AIRS.width)


def read_wavelengths(tree: KaggleTree) -> NDArray[np.float64]:
    """Wavelength of each bin [um], (283,), from wavelengths.csv.

    Raises:
        SchemaError: missing, wrong columns, not one row, NaN, or not ascending.
    """
    path = tree.root / "wavelengths.csv"
    values = _numbers(path, _read_csv(path), SPECTRUM_COLUMNS).to_numpy()
    if len(values) != 1 or (np.diff(values[0]) <= 0).any():
        raise SchemaError(f"{path} must hold one row of ascending wavelengths")
    return values[0]


def read_star_info(tree: KaggleTree, split: str) -> pd.DataFrame:
    """Stars and orbits of a split, float64, indexed by planet_id (str): every cell a number.

    Columns: Rs [R_sun], Ms [M_sun], Ts [K], Mp [M_Jup], e, P [days], sma [a/Rs], i [deg].

    Raises:
        SchemaError: missing, a column missing, NaN, or a repeated planet.
    """
    path = tree.root / f"{split}_star_info.csv"
    return _with_planets(path, _read_csv(path), STAR_COLUMNS)


def read_orbits(tree: KaggleTree, split: str) -> pd.DataFrame:
    """What the transit fit reads of the star table, float64, indexed by planet_id (str).

    Columns: Ts [K], P [days], sma [a/Rs], i [deg], e (0 where there is no such column), omega [deg]
    (NaN where there is none; also read from a column ``w``). A cell that is no number is NaN: it
    concerns its own planet alone.

    Raises:
        SchemaError: missing, one of the first four columns missing, or a repeated planet.
    """
    path = tree.root / f"{split}_star_info.csv"
    table = _read_csv(path).rename(columns={"w": "omega"})
    table = table.loc[:, ~table.columns.duplicated()]
    for column, otherwise in _OPTIONAL.items():
        if column not in table.columns:
            table[column] = otherwise
    planets = _ids(path, table)
    return _values(path, table, ORBIT_COLUMNS).set_index(planets)


def read_hosts(tree: KaggleTree, split: str) -> pd.DataFrame:
    """What retrieval reads of the star table, float64, indexed by planet_id (str).

    Columns: Rs [R_sun], Ts [K], Mp [M_Jup]; NaN in a column that is not there, or a cell that is no
    number.

    Raises:
        SchemaError: missing, or a repeated planet.
    """
    path = tree.root / f"{split}_star_info.csv"
    table = _read_csv(path)
    for column in HOST_COLUMNS:
        if column not in table.columns:
            table[column] = np.nan
    planets = _ids(path, table)
    return _values(path, table, HOST_COLUMNS).set_index(planets)


def read_truth(path: Path) -> pd.DataFrame:
    """True spectra, depth (Rp/Rs)^2 in columns wl_1..wl_283, indexed by planet_id (str).

    Raises:
        SchemaError: missing, wrong columns, NaN, a repeated planet, or depths outside (0, 1): other
            units.
    """
    truth = _with_planets(path, _read_csv(path), SPECTRUM_COLUMNS)
    values = truth.to_numpy()
    bad = (values <= 0) | (values >= 1)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise SchemaError(
            f"{path} has {SPECTRUM_COLUMNS[column]} = {values[row, column]:g} for planet "
            f"{truth.index[row]} ({int(bad.sum())} such cells): depths (Rp/Rs)^2 are between 0 and "
            "1, not in percent or ppm"
        )
    return truth


def check_clocks(tree: KaggleTree) -> None:
    """Check that both detectors' time labels ascend, are hours, and cover the same visit.

    A column that is not there is missed by the visit that needs it.

    Raises:
        SchemaError: they are not, or NaN stands between labels.
    """
    path = tree.root / "axis_info.parquet"
    names = (_labels(AIRS), _labels(FGS1))
    if not path.is_file():
        return
    present = open_parquet(path).schema_arrow.names
    if not {*names, _INTEGRATION} <= set(present):
        return
    airs_h, fgs1_h, integrations = (_whole_axis(tree, column) for column in (*names, _INTEGRATION))
    for name, labels_h in zip(names, (airs_h, fgs1_h), strict=True):
        require_ascending(path, name, labels_h)
    if len(integrations) >= 2:
        require_cycle(path, names[0], airs_h, float(integrations[0] + integrations[1]))
    require_one_visit(path, names, (airs_h, fgs1_h))


def _whole_axis(tree: KaggleTree, column: str) -> NDArray[np.float64]:
    """An axis without the NaN that pads it."""
    known = np.flatnonzero(np.isfinite(read_floats(tree.root / "axis_info.parquet", column)))
    return _read_axis(tree, column, int(known[-1]) + 1 if len(known) else 0)


def check_axes(tree: KaggleTree) -> None:
    """Check the time axes, and that the wavelengths are those that every bin is labelled with.

    ``wavelengths.csv`` and the AIRS columns of ``axis_info.parquet`` must agree with the
    instrument's grid within ``AXIS_TOLERANCE_UM``; a file that is not there says nothing else. The
    bins are 5 to 9 nm wide: an eighth of the narrowest allows for tables rounded to three decimals
    and is far below a shift by one bin.

    Raises:
        SchemaError: another axis, or a broken file.
    """
    grid = bin_wavelengths()
    check_clocks(tree)
    axes = [
        ("wavelengths.csv", read_wavelengths, grid),
        ("axis_info.parquet", read_column_wavelengths, airs_column_wavelengths()),
    ]
    for name, read, expected in axes:
        if not (tree.root / name).is_file():
            continue
        found = read(tree)
        off = np.abs(found - expected)
        low, high = FGS1_BANDPASS_UM
        if len(found) == N_BINS and low <= found[FGS1_BIN] <= high:
            off[FGS1_BIN] = 0.0  # one wide band may be called by any wavelength of it
        if off.max() > AXIS_TOLERANCE_UM:
            worst = int(off.argmax())
            raise SchemaError(
                f"{tree.root / name} puts wavelength {worst + 1} of {len(found)} at "
                f"{found[worst]:.4f} um, this instrument's is {expected[worst]:.4f} um: another "
                "axis would be mislabelled; bins must be AIRS-CH0's and FGS1's [um]"
            )
