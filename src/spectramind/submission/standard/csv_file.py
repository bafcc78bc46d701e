"""Plain CSV: units stand in the columns' names, what is said of the whole in JSON beside it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import write_json, write_text
from spectramind.submission.standard.published import COVARIANCE, IN_UM, PublishedSpectra
from spectramind.submission.standard.raw_table import RawTable

_COVARIANCES = [f"{COVARIANCE}_{number}" for number in range(N_BINS)]


def about_file(path: Path) -> Path:
    """The JSON beside a CSV."""
    return path.with_name(f"{path.stem}_about.json")


def write_csv(path: Path, published: PublishedSpectra) -> list[Path]:
    """Write it, every number with all its digits; the covariance as 283 columns."""
    table = pd.DataFrame(published.long_table()).rename(columns={n: f"{n}_um" for n in IN_UM})
    if published.covariance is not None:
        rows = published.covariance.reshape(-1, N_BINS)
        table = pd.concat([table, pd.DataFrame(rows, columns=_COVARIANCES)], axis=1)
    write_text(path, table.to_csv(index=False))
    write_json(about_file(path), dict(published.about))
    return [path, about_file(path)]


def read_csv_table(path: Path) -> RawTable:
    """Read any table with commas and a header; lines that begin with # say nothing.

    Raises:
        SchemaError: it is no such table.
    """
    try:
        table = pd.read_csv(path, dtype=str, comment="#", encoding="utf-8-sig")
    except (ValueError, OSError) as error:  # pandas' own parser errors are ValueErrors
        reason = str(error).splitlines()[0]
        raise SchemaError(
            f"{path} cannot be read as CSV ({reason}): write it with commas"
        ) from None
    if len(table.columns) < 3:
        raise SchemaError(
            f"{path} has {len(table.columns)} columns: write a header, and values with commas"
        )
    names = [str(name).strip() for name in table.columns]
    columns = {name: table.iloc[:, i].to_numpy(dtype=object) for i, name in enumerate(names)}
    covariance = None
    if set(_COVARIANCES) <= set(columns):
        rows = np.stack([columns.pop(name).astype(np.float64) for name in _COVARIANCES], axis=1)
        if len(rows) % N_BINS == 0:
            covariance = rows.reshape(-1, N_BINS, N_BINS)
    return RawTable(columns, about=_read_about(about_file(path)), covariance=covariance)


def _read_about(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SchemaError(f"{path} is no JSON ({error}): remove it or write it again") from error
    if not isinstance(told, dict):
        raise SchemaError(f"{path} is no JSON object: remove it or write it again")
    return told
