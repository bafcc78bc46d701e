"""Writing a tree in the competition's layout: column names, dtypes, row order as in its files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import STAR_COLUMNS, AdcInfo
from spectramind.dataset.tree import Visit
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.instrument.grid import airs_column_wavelengths, bin_wavelengths
from spectramind.run.atomic import atomic_path

_SECONDS_AN_HOUR = 3600.0
# The competition's sample submission holds this number everywhere.
_SAMPLE_VALUE = 0.456


def _write_columns(path: Path, columns: NDArray[np.generic], encoding: str = "PLAIN") -> None:
    """Write a parquet file whose column i is ``columns[i]``, in one row group."""
    table = pa.Table.from_arrays(
        [pa.array(column) for column in columns],
        names=[f"column_{index}" for index in range(len(columns))],
    )
    with atomic_path(path) as temporary:
        # Noise has no repeated values, nobody filters on a pixel and parquet's own types suffice:
        # dictionaries, statistics and a second schema would only cost time.
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            use_dictionary=False,
            write_statistics=False,
            store_schema=False,
            column_encoding=encoding,
        )


def write_signal(visit: Visit, detector: Detector, counts: NDArray[np.uint16]) -> None:
    """Write the raw reads.

    Args:
        counts: (pixels, n_reads), each row one pixel's time series, start and end read in turn.
    """
    # High and low bytes apart: half the time to write, a fifth smaller, faster to read.
    _write_columns(visit.signal_path(detector), counts, encoding="BYTE_STREAM_SPLIT")


def write_references(visit: Visit, detector: Detector, frames: ReferenceFrames) -> None:
    """Write the five reference frames; the linearity cube is stacked to (6 H, W)."""
    rows = {
        "dark": frames.dark,
        "dead": frames.dead,
        "flat": frames.flat,
        "linear_corr": frames.linear_corr.reshape(-1, detector.width),
        "read": frames.read,
    }
    for name, frame in rows.items():
        _write_columns(visit.reference_path(detector, name), np.ascontiguousarray(frame.T))


def write_axis_info(
    root: Path,
    airs_labels_s: NDArray[np.float64],
    airs_integration_s: NDArray[np.float64],
    fgs1_labels_s: NDArray[np.float64],
) -> None:
    """Write axis_info.parquet, shorter columns padded with NaN.

    Args:
        airs_labels_s, airs_integration_s: label and integration time of each AIRS read [s].
        fgs1_labels_s: label of each FGS1 read [s].
    """
    axes = {
        f"{AIRS.kaggle}-axis0-h": airs_labels_s / _SECONDS_AN_HOUR,
        f"{AIRS.kaggle}-axis2-um": airs_column_wavelengths(),
        f"{AIRS.kaggle}-integration_time": airs_integration_s,
        f"{FGS1.kaggle}-axis0-h": fgs1_labels_s / _SECONDS_AN_HOUR,
    }
    table = pd.DataFrame({name: pd.Series(axis) for name, axis in axes.items()})
    with atomic_path(root / "axis_info.parquet") as temporary:
        table.to_parquet(temporary)


def write_adc_info(root: Path, adc: AdcInfo) -> None:
    """Write adc_info.csv: one row, the same ADC for both detectors."""
    columns = {}
    for detector in (FGS1, AIRS):
        columns[f"{detector.kaggle}_adc_offset"] = [adc.offset]
        columns[f"{detector.kaggle}_adc_gain"] = [adc.gain]
    _write_csv(root / "adc_info.csv", pd.DataFrame(columns))


def write_wavelengths(root: Path) -> None:
    """Write wavelengths.csv: one row, the 283 bins [um]."""
    table = pd.DataFrame([bin_wavelengths()], columns=list(SPECTRUM_COLUMNS))
    _write_csv(root / "wavelengths.csv", table)


def write_star_info(root: Path, split: str, stars: pd.DataFrame) -> None:
    """Write {split}_star_info.csv from a table indexed by planet_id (str), in its order.

    A column omega [deg] is written where the table has one.
    """
    told = [column for column in (*STAR_COLUMNS, "omega") if column in stars or column != "omega"]
    table = _with_ids(stars[told])
    if split == "test":  # the competition writes the test ids as floats
        table["planet_id"] = table["planet_id"].astype(np.float64)
    _write_csv(root / f"{split}_star_info.csv", table)


def write_spectra(path: Path, spectra: pd.DataFrame) -> None:
    """Write true spectra (columns wl_1..wl_283) from a table indexed by planet_id (str)."""
    _write_csv(path, _with_ids(spectra[list(SPECTRUM_COLUMNS)]))


def write_sample_submission(root: Path, planet_ids: list[str]) -> None:
    """Write sample_submission.csv: every cell the same number, as the competition does."""
    sigmas = [name.replace("wl_", "sigma_") for name in SPECTRUM_COLUMNS]
    table = pd.DataFrame(
        _SAMPLE_VALUE,
        index=pd.Index(planet_ids, name="planet_id"),
        columns=[*SPECTRUM_COLUMNS, *sigmas],
    )
    _write_csv(root / "sample_submission.csv", _with_ids(table))


def _with_ids(table: pd.DataFrame) -> pd.DataFrame:
    """The index as a first column planet_id of integers."""
    with_ids = table.reset_index(names="planet_id")
    with_ids["planet_id"] = with_ids["planet_id"].astype(np.int64)
    return with_ids


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False)
