"""Parquet files opened and decoded with one clear line when they are broken."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from spectramind.errors import SchemaError


@contextmanager
def broken_means_schema_error(path: Path) -> Iterator[None]:
    """Turn what pyarrow raises on a truncated or damaged file into a SchemaError."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, UnicodeDecodeError) as error:  # names' bytes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SchemaError(
            f"{path} cannot be read as parquet ({reason}): fetch the file again"
        ) from error


def open_parquet(path: Path) -> pq.ParquetFile:
    """Open a parquet file.

    Raises:
        SchemaError: the file is missing, truncated or not parquet.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: check data.raw and fetch the file")
    with broken_means_schema_error(path):
        return pq.ParquetFile(path)


def check_rows(path: Path, table: pa.Table, expected: int) -> None:
    """Check that as many rows were decoded as the file's own metadata promise.

    Raises:
        SchemaError: another number of rows.
    """
    if table.num_rows != expected:
        raise SchemaError(
            f"{path} decodes to {table.num_rows} rows and says it has {expected}: fetch it again"
        )


def check_pixel_columns(path: Path, names: Sequence[str], count: int) -> None:
    """Check that the columns are column_0, column_1, ... column_{count-1}.

    Raises:
        SchemaError: another number of columns, other names or another order.
    """
    if len(names) != count:
        raise SchemaError(f"{path} has {len(names)} columns instead of {count}: fetch it again")
    for index, name in enumerate(names):
        if name != f"column_{index}":
            raise SchemaError(
                f"{path} has column {name!r} where column_{index} belongs: fetch it again"
            )


def read_floats(path: Path, column: str) -> NDArray[np.float64]:
    """Read one column of numbers, NaN where it is null.

    Raises:
        SchemaError: the file is broken, the column is missing or not numeric.
    """
    file = open_parquet(path)
    if column not in file.schema_arrow.names:
        raise SchemaError(f"{path} lacks column {column!r}: it holds {file.schema_arrow.names}")
    with broken_means_schema_error(path):
        values = file.read(columns=[column]).column(0)
    if not (pa.types.is_floating(values.type) or pa.types.is_integer(values.type)):
        raise SchemaError(f"{path} column {column!r} has type {values.type}, expected numbers")
    return values.to_numpy().astype(np.float64)
