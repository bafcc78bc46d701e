"""Anyone's spectra from a file, to be scored and audited like our own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.planet_id import id_fault
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.submission.dialects import Dialect
from spectramind.submission.standard.astropy_files import read_ecsv, read_fits, require_astropy
from spectramind.submission.standard.column_names import WIDTH, canonical
from spectramind.submission.standard.csv_file import read_csv_table
from spectramind.submission.standard.hdf5_file import read_hdf5, require_h5py
from spectramind.submission.standard.onto_bins import OntoBins, edges_of, onto_bins, stacked
from spectramind.submission.standard.published import (
    DEPTH,
    FACTOR,
    HIGH,
    ID,
    LOW,
    SIGMA,
    WAVELENGTH,
    PublishedSpectra,
    intervals_of,
)
from spectramind.submission.standard.raw_table import RawTable
from spectramind.submission.validate import validate_submission

Array = NDArray[np.float64]
_Plans = Mapping[str, tuple[NDArray[np.intp], OntoBins]]
_KINDS: dict[str, tuple[Callable[[Path], RawTable], Callable[[Path], None] | None]] = {
    ".ecsv": (read_ecsv, require_astropy),
    ".fits": (read_fits, require_astropy),
    ".h5": (read_hdf5, require_h5py),
    ".hdf5": (read_hdf5, require_h5py),
    ".csv": (read_csv_table, None),
}
_DIAGONAL = 1e-3  # how far a covariance's diagonal may be from sigma^2, relative


@dataclass(frozen=True, eq=False)
class ReadSpectra:
    """Spectra from a file.

    Attributes:
        published: on the 283 bins.
        remarks: what became of the file's own bins, for people.
    """

    published: PublishedSpectra
    remarks: tuple[str, ...] = ()


def read_spectra(path: Path) -> ReadSpectra:
    """Read ECSV, FITS, HDF5 or CSV: planet_id, wavelength, depth and sigma, a row a planet and bin;
    or a submission table in either dialect.

    Raises:
        SchemaError: it is no such file, holds no valid spectra, or other bins than ours.
        ConfigError: a package that reads it is not installed.
    """
    if path.suffix.lower() not in _KINDS:
        raise SchemaError(f"{path}: spectra are read from files called {', '.join(_KINDS)}")
    if not path.is_file():
        raise SchemaError(f"{path} is missing: name a file with spectra")
    kind = path.suffix.lower()
    if kind == ".csv":
        with path.open(encoding="utf-8-sig", errors="replace") as stream:
            head = stream.readline()
        if any(
            {d.mu_columns()[0], d.sigma_columns()[0]} <= set(head.strip().split(","))
            for d in Dialect
        ):
            return ReadSpectra(PublishedSpectra(Predictive(validate_submission(path).spectra)))
        kind = ".ecsv" if head.startswith("# %ECSV") else kind
    read, require = _KINDS[kind]
    if require is not None:
        require(path)
    return _checked(path, read(path))


def _checked(path: Path, raw: RawTable) -> ReadSpectra:
    columns = canonical(path, raw)
    lacking = [name for name in (ID, DEPTH, SIGMA) if name not in columns]
    if WAVELENGTH not in columns and not {LOW, HIGH} <= set(columns):
        lacking.append(WAVELENGTH)
    if lacking:
        raise SchemaError(
            f"{path} lacks column(s) {', '.join(lacking)}: it has {', '.join(list(columns)[:8])}"
        )
    numbers = {name: np.asarray(v) for name, v in columns.items() if v.dtype == np.float64}
    for name in (WAVELENGTH, LOW, HIGH, WIDTH, DEPTH, SIGMA):
        if name in numbers and not np.isfinite(numbers[name]).all():
            row = int(np.argmin(np.isfinite(numbers[name])))
            raise SchemaError(f"{path} row {row + 1} column {name!r} is not a finite number")
    _refuse_units(path, numbers)
    plans = _plans(path, columns[ID], numbers)
    mu, sigma = stacked(plans, numbers[DEPTH]), stacked(plans, numbers[SIGMA], sigma=True)
    rebinned = [planet for planet, (_, plan) in plans.items() if plan.rebinned]
    more = (
        {}
        if rebinned
        else {
            name: stacked(plans, values)
            for name, values in numbers.items()
            if name.startswith("interval") or name == FACTOR
        }
    )
    try:
        spectra = Spectra(tuple(plans), mu, sigma)
    except SchemaError as error:
        raise SchemaError(f"{path}: {error}") from error
    covariance = None if rebinned else _covariance(path, raw, plans, sigma)
    about = {str(name): str(value) for name, value in raw.about.items()}
    found = Predictive(spectra, intervals_of(more))
    published = PublishedSpectra(found, covariance, more.get(FACTOR), about)
    return ReadSpectra(published, _remarks(path, plans, rebinned))


def _refuse_units(path: Path, numbers: Mapping[str, Array]) -> None:
    """Refuse depths that are percent or ppm without saying so."""
    for name in (DEPTH, SIGMA):
        bad = np.abs(numbers[name]) >= 1
        if bad.any():
            raise SchemaError(
                f"{path} row {int(np.argmax(bad)) + 1} column {name!r} is "
                f"{numbers[name][bad][0]:g} ({int(bad.sum())} such values): depths (Rp/Rs)^2 are "
                f"below 1; percent or ppm must say so (a unit, or a column {name}_ppm)"
            )


def _plans(path: Path, ids: NDArray[np.generic], numbers: Mapping[str, Array]) -> _Plans:
    """By planet, in the file's order: its rows, and how they become the 283 bins."""
    if not len(ids):
        raise SchemaError(f"{path} holds no row")
    names, first, which = np.unique(ids, return_index=True, return_inverse=True)
    by_planet = np.split(np.argsort(which, kind="stable"), np.cumsum(np.bincount(which))[:-1])
    plans = {}
    for number in np.argsort(first):
        planet, rows = str(names[number]), by_planet[number]
        if fault := id_fault(planet):
            raise SchemaError(f"{path}: no planet can be called {planet!r}: {fault}")
        who = f"{path}: planet {planet}"
        plans[planet] = (rows, onto_bins(who, _edges(who, numbers, rows)))
    return plans


def _edges(who: str, numbers: Mapping[str, Array], rows: NDArray[np.intp]) -> Array:
    if LOW in numbers and HIGH in numbers:
        return np.stack([numbers[LOW][rows], numbers[HIGH][rows]], axis=1)
    wavelength = numbers[WAVELENGTH][rows]
    if WIDTH in numbers:
        half = numbers[WIDTH][rows] / 2
        return np.stack([wavelength - half, wavelength + half], axis=1)
    return edges_of(who, wavelength)


def _covariance(path: Path, raw: RawTable, plans: _Plans, sigma: Array) -> Array | None:
    """The file's covariance, where its rows are the 283 bins of each planet in order."""
    if raw.covariance is None:
        return None
    count = len(plans)
    order = np.concatenate([rows[plan.rows] for rows, plan in plans.values()])
    if raw.covariance.shape != (count, N_BINS, N_BINS) or (np.diff(order) != 1).any():
        raise SchemaError(
            f"{path}: its covariance {raw.covariance.shape} is not of its {count} planets' 283 "
            "bins in their order"
        )
    diagonal = np.diagonal(raw.covariance, axis1=1, axis2=2)
    if not np.allclose(diagonal, sigma**2, rtol=_DIAGONAL, atol=0):
        raise SchemaError(f"{path}: the diagonal of its covariance is not its sigma squared")
    return raw.covariance


def _remarks(path: Path, plans: _Plans, rebinned: list[str]) -> tuple[str, ...]:
    outside = sum(len(rows) - len(plan.rows) for rows, plan in plans.values())
    told = []
    if rebinned:
        told.append(
            f"{path}: finer bins of {len(rebinned)} planet(s) were averaged by width, their errors "
            "taken as independent; intervals and covariance were left out"
        )
    if outside:
        told.append(f"{path}: {outside} rows lie outside the instrument's bins and do not count")
    return tuple(told)
