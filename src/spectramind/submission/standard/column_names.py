"""What others call the columns of a spectrum, and the units they may have."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.submission.standard.published import (
    DEPTH,
    FACTOR,
    HIGH,
    ID,
    IN_UM,
    LOW,
    SIGMA,
    WAVELENGTH,
)
from spectramind.submission.standard.raw_table import RawTable

WIDTH = "wavelength_width"
# By our name, in lower case.
_ALSO = {
    ID: ("planet", "planet_name", "target", "object", "id"),
    WAVELENGTH: ("wave", "wl", "lambda", "lam", "central_wavelength"),
    LOW: ("wavelength_min", "wl_low", "wl_min", "bin_low", "low"),
    HIGH: ("wavelength_max", "wl_high", "wl_max", "bin_high", "high"),
    WIDTH: ("bandwidth", "bin_width", "width", "dlambda"),
    DEPTH: ("mu", "transit_depth"),
    SIGMA: ("depth_sigma", "depth_err", "depth_error", "error", "err", "uncertainty", "std"),
}
_NAMES = {other: name for name, others in _ALSO.items() for other in (name, *others)}
_LENGTHS = {"um": 1.0, "micron": 1.0, "microns": 1.0, "nm": 1e-3, "angstrom": 1e-4, "m": 1e6}
_SHARES = {"": 1.0, "1": 1.0, "percent": 1e-2, "%": 1e-2, "ppm": 1e-6}
_UNIT = re.compile(r"(.+?)(?:_(um|micron|nm|angstrom|percent|ppm)|\s*[\[(]\s*([^\])]*?)\s*[\])])")


def canonical(path: Path, raw: RawTable) -> dict[str, NDArray[np.generic]]:
    """The columns under our names, wavelengths in um, depths as fractions; unknown ones are kept
    under their own.

    A unit stands in the file, at the end of a name (``depth_ppm``) or in brackets behind it;
    without one wavelengths are um and depths fractions.

    Raises:
        SchemaError: two columns mean the same, a unit is not known, a number is none.
    """
    found: dict[str, NDArray[np.generic]] = {}
    origin: dict[str, str] = {}
    for given, values in raw.columns.items():
        name, unit = _split(given)
        unit = raw.units.get(given, unit)
        if name in origin:
            raise SchemaError(f"{path}: columns {origin[name]!r} and {given!r} both mean {name}")
        origin[name] = given
        if name == ID:
            found[name] = np.array([str(value).strip() for value in values], dtype=np.str_)
        elif name in (*_ALSO, FACTOR) or name.startswith("interval"):
            found[name] = _factor(path, given, name, unit) * _numbers(path, given, values)
        else:
            found[name] = values
    return found


def _split(given: str) -> tuple[str, str]:
    """Our name of a column, and the unit that its name tells."""
    plain = given.strip().lower()
    told = None if plain in _NAMES else _UNIT.fullmatch(plain)
    base, unit = (told[1], told[2] or told[3]) if told else (plain, "")
    return (_NAMES[base], unit) if base in _NAMES else (plain, "")


def _factor(path: Path, given: str, name: str, unit: str) -> float:
    length = name in (*IN_UM, WIDTH)
    known = _LENGTHS if length else _SHARES
    plain = unit.strip().lower()
    if length and not plain:
        return 1.0
    if plain not in known:
        names = ", ".join(unit for unit in known if unit)
        raise SchemaError(f"{path}: column {given!r} is in {unit!r}: known are {names}")
    return known[plain]


def _numbers(path: Path, given: str, values: NDArray[np.generic]) -> NDArray[np.float64]:
    if values.dtype.kind in "fiu":
        return values.astype(np.float64)
    numbers = np.empty(len(values))
    for row, value in enumerate(values):
        try:
            numbers[row] = float(value)
        except (TypeError, ValueError):
            raise SchemaError(
                f"{path} row {row + 1} column {given!r} is {value!r}: not a number"
            ) from None
    return numbers
