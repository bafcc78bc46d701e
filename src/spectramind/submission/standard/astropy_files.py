"""ECSV and FITS, by astropy."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError, SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import atomic_path
from spectramind.submission.standard.published import COVARIANCE, IN_UM, PublishedSpectra
from spectramind.submission.standard.raw_table import RawTable

# Cards of the primary header, for those who read no further; all of it is in the table PROVENANCE.
_CARDS = {"CREATOR": "creator", "RUNID": "run_id", "GITSHA": "git_sha", "REFERENC": "citation"}


def require_astropy(path: Path) -> None:
    """Refuse what needs astropy where it is not installed.

    Raises:
        ConfigError: it is not.
    """
    try:
        import astropy  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"{path} needs astropy ({error}): pip install 'spectramind[science]', or say format csv"
        ) from error


def _as_table(published: PublishedSpectra) -> Any:
    from astropy import units
    from astropy.table import Column, Table

    table = Table()
    for name, values in published.long_table().items():
        unit = units.um if name in IN_UM else units.dimensionless_unscaled
        table[name] = Column(values, unit=unit if values.dtype.kind == "f" else None)
    return table


def write_ecsv(path: Path, published: PublishedSpectra) -> list[Path]:
    """Write a table with units; the covariance as a column of 283 numbers, a row of it each."""
    table = _as_table(published)
    if published.covariance is not None:
        table[COVARIANCE] = published.covariance.reshape(-1, N_BINS)
    table.meta.update(published.about)
    with atomic_path(path) as temporary:
        table.write(temporary, format="ascii.ecsv", delimiter=",")
    return [path]


def write_fits(path: Path, published: PublishedSpectra) -> list[Path]:
    """Write the tables SPECTRA and PROVENANCE, and the image COVARIANCE (n, 283, 283)."""
    from astropy.io import fits
    from astropy.table import Table

    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"], primary.header["INSTRUME"] = "Ariel", "FGS1, AIRS-CH0"
    for card, name in _CARDS.items():
        if name in published.about:
            primary.header[card] = published.about[name]
    if len(published.found.planet_ids) == 1:
        primary.header["OBJECT"] = published.found.planet_ids[0]
    about = Table({"name": list(published.about), "value": list(published.about.values())})
    parts = [
        primary,
        fits.table_to_hdu(_as_table(published)),
        fits.table_to_hdu(about),
    ]
    parts[1].name, parts[2].name = "SPECTRA", "PROVENANCE"
    if published.covariance is not None:
        image = fits.ImageHDU(published.covariance, name=COVARIANCE.upper())
        image.header["BUNIT"] = ("", "of depths, dimensionless; planets in the order of SPECTRA")
        parts.append(image)
    with atomic_path(path) as temporary:
        fits.HDUList(parts).writeto(temporary)
    return [path]


def read_ecsv(path: Path) -> RawTable:
    """Read a table.

    Raises:
        SchemaError: it is none.
    """
    from astropy.table import Table

    try:
        table = Table.read(path, format="ascii.ecsv")
    except Exception as error:  # what a broken file raises depends on where it breaks
        raise _unreadable(path, "ECSV", error) from error
    return _told(table, dict(table.meta))


def read_fits(path: Path) -> RawTable:
    """Read the table SPECTRA, or else the first one.

    Raises:
        SchemaError: there is none.
    """
    from astropy.io import fits
    from astropy.io.fits.verify import VerifyWarning
    from astropy.table import Table

    try:
        with warnings.catch_warnings(), fits.open(path, memmap=False) as parts:
            warnings.simplefilter("error", VerifyWarning)  # a file that was cut off
            tables = {part.name: part for part in parts if isinstance(part, fits.BinTableHDU)}
            if not tables:
                raise SchemaError(f"{path} holds no table: spectra stand in a binary table")
            spectra = tables.get("SPECTRA", next(iter(tables.values())))
            about = {}
            if "PROVENANCE" in tables:
                rows = tables["PROVENANCE"].data
                about = {str(row["name"]): str(row["value"]) for row in rows}
            image = next((part.data for part in parts if part.name == COVARIANCE.upper()), None)
            raw = _told(Table.read(spectra), about)
    except SchemaError:
        raise
    except Exception as error:  # what a broken file raises depends on where it breaks
        raise _unreadable(path, "FITS", error) from error
    covariance = None if image is None else np.asarray(image, dtype=np.float64)
    return RawTable(raw.columns, raw.units, raw.about, covariance)


def _unreadable(path: Path, kind: str, error: Exception) -> SchemaError:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return SchemaError(f"{path} cannot be read as {kind} ({reason}): write it again")


def _told(table: Any, about: dict[str, Any]) -> RawTable:
    columns: dict[str, NDArray[np.generic]] = {}
    units, covariance = {}, None
    for name in table.colnames:
        column = table[name]
        values = _plain(column, name)
        if name == COVARIANCE and values.ndim == 2 and values.shape[1] == N_BINS:
            covariance = values.astype(np.float64).reshape(-1, N_BINS, N_BINS)
        elif values.ndim == 1:
            columns[name] = values
            if column.unit is not None and str(column.unit):
                units[name] = str(column.unit)
    return RawTable(columns, units, about, covariance)


def _plain(column: Any, name: str) -> NDArray[np.generic]:
    """Without masks and byte strings; what is masked is no number, or no name."""
    if hasattr(column, "filled"):
        column = column.filled(np.nan if column.dtype.kind == "f" else "")
    values: NDArray[np.generic] = np.asarray(column)
    return np.char.decode(values.astype(np.bytes_), "utf-8") if values.dtype.kind == "S" else values
