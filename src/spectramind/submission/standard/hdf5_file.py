"""HDF5: a data set a quantity, (planets, bins), units and provenance as attributes; by h5py."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import atomic_path
from spectramind.submission.standard.published import (
    COVARIANCE,
    ID,
    IN_UM,
    PublishedSpectra,
    bin_columns,
)
from spectramind.submission.standard.raw_table import RawTable


def require_h5py(path: Path) -> None:
    """Refuse what needs h5py where it is not installed.

    Raises:
        ConfigError: it is not.
    """
    try:
        import h5py  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"{path} needs h5py ({error}): pip install 'spectramind[science]', or say format csv"
        ) from error


def write_hdf5(path: Path, published: PublishedSpectra) -> list[Path]:
    """Write it: ``planet_id`` (n), wavelengths (283) [um], all else (n, 283)."""
    import h5py

    arrays: dict[str, NDArray[np.generic]] = {**bin_columns(), **published.per_bin()}
    if published.covariance is not None:
        arrays[COVARIANCE] = published.covariance
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        names = np.array(published.found.planet_ids, dtype=h5py.string_dtype())
        file.create_dataset(ID, data=names)
        for name, values in arrays.items():
            held = file.create_dataset(name, data=values)
            held.attrs["unit"] = "um" if name in IN_UM else ""
        for name, value in published.about.items():
            file.attrs[name] = value
    return [path]


def read_hdf5(path: Path) -> RawTable:
    """Read data sets of n planets and m bins as a table of n m rows.

    Raises:
        SchemaError: it is no such file.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            # Links to other files are not followed.
            own = [name for name in file if isinstance(file.get(name, getlink=True), h5py.HardLink)]
            held = {name: file[name] for name in own if isinstance(file[name], h5py.Dataset)}
            arrays = {name: _values(value) for name, value in held.items()}
            units = {name: str(value.attrs.get("unit", "")) for name, value in held.items()}
            about = {name: str(value) for name, value in file.attrs.items()}
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise SchemaError(f"{path} cannot be read as HDF5 ({error}): write it again") from error
    if ID not in arrays or arrays[ID].ndim != 1:
        raise SchemaError(f"{path} lacks the data set {ID} (planets): it has {sorted(arrays)[:5]}")
    count = len(arrays[ID])
    wide = [a.shape[1] for a in arrays.values() if a.ndim == 2 and len(a) == count]
    covariance = arrays.pop(COVARIANCE, None)
    if not wide:
        raise SchemaError(f"{path} holds no data set of {count} planets and their bins")
    columns = {
        name: np.repeat(values, wide[0]) if name == ID else _long(values, count)
        for name, values in arrays.items()
    }
    told = None if covariance is None or covariance.ndim != 3 else covariance.astype(np.float64)
    return RawTable(columns, {n: u for n, u in units.items() if u}, about, told)


def _values(held: Any) -> NDArray[np.generic]:
    values: NDArray[np.generic] = held.asstr()[()] if held.dtype.kind == "O" else held[()]
    values = np.asarray(values)
    return np.char.decode(values.astype(np.bytes_), "utf-8") if values.dtype.kind == "S" else values


def _long(values: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    """Rows one after the other; what is told once holds for all planets."""
    return values.ravel() if values.ndim == 2 else np.tile(values, count)
