"""Detector frames of one visit: raw reads and the five reference frames."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spectramind.dataset.parquet import (
    broken_means_schema_error,
    check_pixel_columns,
    check_rows,
    open_parquet,
)
from spectramind.dataset.tree import Visit
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import Detector

LINEARITY_TERMS = 6
REFERENCES = ("dark", "dead", "flat", "linear_corr", "read")


class SignalFile:
    """An open signal file: one parquet column is one pixel's time series.

    Attributes:
        n_reads: reads in the file, start and end reads alternating.

    Raises:
        SchemaError: missing, truncated, wrong columns, a dtype other than uint16, or no read.
    """

    def __init__(self, visit: Visit, detector: Detector) -> None:
        self.path = visit.signal_path(detector)
        self.detector = detector
        self._file = open_parquet(self.path)
        schema = self._file.schema_arrow
        check_pixel_columns(self.path, schema.names, detector.pixels)
        wrong = {str(kind) for kind in schema.types if kind != pa.uint16()}
        if wrong:
            raise SchemaError(f"{self.path} holds {sorted(wrong)}, expected uint16: fetch it again")
        self.n_reads: int = self._file.metadata.num_rows
        if self.n_reads < 1:
            raise SchemaError(f"{self.path} holds no read: fetch it again")
        self._names = schema.names

    def reopened(self) -> "SignalFile":
        """The same file with a decoder of its own, for another thread; its footer is shared."""
        other = copy.copy(self)
        other._file = pq.ParquetFile(self.path, metadata=self._file.metadata)
        return other

    def pixels(self, pixels: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint16]:
        """Decode some pixels, shape (pixels, n_reads): each row is one time series.

        Raises:
            SchemaError: the data are damaged or hold nulls.
        """
        names = [self._names[pixel] for pixel in pixels]
        with broken_means_schema_error(self.path):
            table = self._file.read(columns=names, use_threads=False)
            check_rows(self.path, table, self.n_reads)
            batch = table.combine_chunks().to_batches()[0]
            frames: NDArray[np.uint16] = batch.to_tensor(row_major=False).to_numpy()
        return frames.T


def read_signal(visit: Visit, detector: Detector) -> NDArray[np.uint16]:
    """Raw reads of the whole detector, shape (n_reads, pixels); pixel = row * width + column.

    Raises:
        SchemaError: see SignalFile.
    """
    return SignalFile(visit, detector).pixels(range(detector.pixels)).T


@dataclass(frozen=True)
class ReferenceFrames:
    """Reference frames of one detector in one visit. They may hold NaN: such pixels get flagged.

    Attributes:
        dark: float64 (H, W) [e/s].
        dead: bool (H, W).
        flat: float64 (H, W), relative.
        linear_corr: float64 (6, H, W), coefficient of the k-th power of the measured electrons.
        read: float64 (H, W), noise of one read [e].
    """

    dark: NDArray[np.float64]
    dead: NDArray[np.bool_]
    flat: NDArray[np.float64]
    linear_corr: NDArray[np.float64]
    read: NDArray[np.float64]


def _read_frame(path: Path, rows: int, width: int) -> NDArray[np.generic]:
    file = open_parquet(path)
    schema = file.schema_arrow
    check_pixel_columns(path, schema.names, width)
    if file.metadata.num_rows != rows:
        raise SchemaError(f"{path} has {file.metadata.num_rows} rows instead of {rows}")
    if len(set(schema.types)) != 1:
        raise SchemaError(f"{path} mixes {sorted(map(str, set(schema.types)))}: fetch it again")
    with broken_means_schema_error(path):
        table = file.read()
    check_rows(path, table, rows)
    return np.stack([column.to_numpy() for column in table.columns], axis=1)


def _read_numbers(path: Path, rows: int, width: int) -> NDArray[np.float64]:
    frame = _read_frame(path, rows, width)
    if frame.dtype.kind not in "fiu":
        raise SchemaError(f"{path} has dtype {frame.dtype}, expected numbers: fetch it again")
    return frame.astype(np.float64)


def read_references(visit: Visit, detector: Detector) -> ReferenceFrames:
    """Read the five reference frames of one detector.

    Raises:
        SchemaError: a file is missing, truncated, or has another shape or dtype.
    """
    height, width = detector.height, detector.width

    def numbers(name: str, rows: int = height) -> NDArray[np.float64]:
        return _read_numbers(visit.reference_path(detector, name), rows, width)

    dead_path = visit.reference_path(detector, "dead")
    dead = _read_frame(dead_path, height, width)
    if dead.dtype != np.bool_:
        raise SchemaError(f"{dead_path} has dtype {dead.dtype}, expected bool: fetch it again")
    linear = numbers("linear_corr", LINEARITY_TERMS * height)
    return ReferenceFrames(
        dark=numbers("dark"),
        dead=dead.astype(np.bool_),
        flat=numbers("flat"),
        linear_corr=linear.reshape(LINEARITY_TERMS, height, width),
        read=numbers("read"),
    )
