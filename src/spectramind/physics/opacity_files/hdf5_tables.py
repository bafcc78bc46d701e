"""HDF5 of ExoMolOP, petitRADTRANS (``.ktable.petitRADTRANS.h5``) and TauREx (``.h5``), by h5py.

k-table: ``kcoeff`` (P, T, N, G) [cm2 per molecule], ``bin_edges`` (N + 1) [1/cm], ``weights``.
Cross-sections: ``xsecarr`` (P, T, N), and ``bin_edges`` holds the N wavenumbers themselves.
Both: ``t`` [K], ``p`` with its unit as attribute ``units``, ``mol_name``.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError, SchemaError
from spectramind.physics.opacity_files.gas_table import (
    Array,
    GasTable,
    gas_table,
    pascal,
)

# What h5py and NumPy raise at damaged files, and at groups or texts in place of numbers.
_UNREADABLE = (OSError, RuntimeError, LookupError, ValueError, TypeError, AttributeError)
_MOST = 400_000_000  # bytes: no axis has more
_KEPT_CM = (1800.0, 20000.0)
_UNITS_CM2 = {"cm^2/molecule": 1.0, "cm2/molecule": 1.0, "cm^2": 1.0, "cm2": 1.0}
_UNITS_CM2 |= {name.replace("c", "", 1): 1e4 for name in _UNITS_CM2}


def read_hdf5(path: Path) -> GasTable:
    """A k-table or cross-sections, told apart by their keys.

    Raises:
        ConfigError: h5py is not installed.
        SchemaError: neither, or values that cannot be.
    """
    try:
        import h5py
    except ImportError as error:
        raise ConfigError(
            f"{path} needs h5py ({error}): pip install 'spectramind[science]'"
        ) from error
    try:
        with h5py.File(path, "r") as file:
            return _read(path, file)
    except _UNREADABLE as error:
        raise SchemaError(
            f"{path} cannot be read as HDF5: {' '.join(str(error).split())}"
        ) from error


def _read(path: Path, file: Any) -> GasTable:
    key = next((name for name in ("kcoeff", "xsecarr") if name in file), None)
    wanted = ["bin_edges", "t", "p", "mol_name"] + ["weights"] * (key == "kcoeff")
    missing = [name for name in wanted if name not in file]
    if key is None or missing:
        lacks = "neither kcoeff nor xsecarr" if key is None else f"no {', '.join(missing)}"
        raise SchemaError(
            f"{path} holds {lacks}: neither a k-table of ExoMolOP or petitRADTRANS nor "
            "cross-sections of TauREx"
        )
    wavenumber, temperature, pressure = (_axis(file[name]) for name in ("bin_edges", "t", "p"))
    weight = _axis(file["weights"]) if key == "kcoeff" else np.ones(1)
    data, axes = file[key], (pressure.size, temperature.size, weight.size)
    fits = (*data.shape[:2], *(data.shape[3:] or (1,))) == axes
    if fits and wavenumber.size - data.shape[2] in (0, 1):
        edges, sections = _near(wavenumber, data)
    else:  # told by their shape: a damaged one may be of any size
        edges, sections = wavenumber, np.broadcast_to(np.float32(0), data.shape)
    factor = _factor(path, data)
    return gas_table(
        path,
        _text(_small(file["mol_name"])[()]),
        pascal(path, pressure, _unit(file["p"])),
        temperature,
        edges,
        sections if factor == 1 else sections * factor,
        weight,
    )


def _axis(data: Any) -> Array:
    return np.asarray(_small(data)[()], dtype=np.float64)


def _small(data: Any) -> Any:
    """A damaged head may claim more than any memory holds."""
    if data.size * data.dtype.itemsize > _MOST:
        raise ValueError(f"{data.name} claims {data.size} values of {data.dtype.itemsize} bytes")
    return data


def _near(wavenumber: Array, data: Any) -> tuple[Array, NDArray[np.floating]]:
    """Wavenumbers and sections around the instrument's bands: whole files weigh a GB in memory."""
    inside = np.flatnonzero((wavenumber >= _KEPT_CM[0]) & (wavenumber <= _KEPT_CM[1]))
    beside = wavenumber.size - data.shape[2]  # edges have one more
    if inside.size < 2:
        return wavenumber, np.asarray(data[()])
    first, last = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 2, wavenumber.size)
    return wavenumber[first:last], np.asarray(data[:, :, first : last - beside])


def _unit(data: Any) -> str | None:
    unit = data.attrs.get("units")
    return None if unit is None else _text(unit)


def _factor(path: Path, data: Any) -> float:
    """What brings the sections to cm2; a file that names no unit follows its format's."""
    unit = (_unit(data) or "cm2").lower().replace(" ", "").replace("**", "^")
    if unit not in _UNITS_CM2:
        raise SchemaError(
            f"{path}: cross-sections are in {unit!r}: cm^2/molecule or m^2/molecule can be read"
        )
    return _UNITS_CM2[unit]


def _text(value: Any) -> str:
    """A string out of h5py's bytes, strings and arrays of one."""
    first = np.asarray(value).ravel()[0]
    return first.decode() if isinstance(first, bytes) else str(first)
