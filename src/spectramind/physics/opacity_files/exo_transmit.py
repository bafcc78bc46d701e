"""Cross-sections of Exo-Transmit (``opacH2O.dat``): text in SI units.

A line of temperatures [K], one of pressures; then for each wavelength [m] a line of its own and
below it a line a pressure: the pressure and a cross-section [m2] a temperature. Tables made for
Exo-Transmit have pressures in Pa, others that TauREx reads in bar: the largest one tells.
"""

from pathlib import Path

import numpy as np

from spectramind.errors import SchemaError
from spectramind.physics.opacity_files.gas_table import PASCAL, GasTable, gas_table

_CM2_IN_M2 = 1e4
_PRESSURES_AGREE = 0.01
_PA_FROM, _BAR_TO = 1e5, 3e3  # where the largest pressure lies; Pa reach 1 bar, bar no more


def read_exo_transmit(path: Path) -> GasTable:
    """Read it.

    Raises:
        SchemaError: lines that do not fit, pressures that tell no unit.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaError(f"{path} is no text: not a table of Exo-Transmit ({error})") from error
    rows = [line.split() for line in text.splitlines() if line.strip()]
    try:
        numbers = [np.array(row, dtype=np.float64) for row in rows]
    except ValueError as error:
        raise SchemaError(f"{path}: not a table of numbers: {error}") from error
    if len(numbers) < 3:
        raise SchemaError(f"{path} has {len(numbers)} lines: not a table of Exo-Transmit")
    temperature, pressure, body = numbers[0], numbers[1], numbers[2:]
    block = 1 + pressure.size
    lengths = np.array([row.size for row in body])
    wanted = np.tile([1] + [1 + temperature.size] * pressure.size, -(-len(body) // block))
    if len(body) % block or np.any(lengths != wanted[: len(body)]):
        raise SchemaError(
            f"{path}: a wavelength's block must be one line of 1 number and {pressure.size} of "
            f"{1 + temperature.size}: the file is cut short, or of another layout"
        )
    wavelength = np.array([row[0] for row in body[::block]])
    if np.any(wavelength <= 0):
        raise SchemaError(f"{path}: wavelengths from {wavelength.min():g} m: they must be positive")
    _check_pressures(path, pressure, np.array([row[0] for row in body if row.size > 1]))
    section = np.array([row[1:] for row in body if row.size > 1])
    section = section.reshape(wavelength.size, pressure.size, temperature.size)
    return gas_table(
        path,
        path.stem.removeprefix("opac"),
        pressure * _unit_of(path, pressure),
        temperature,
        1e-2 / wavelength,
        np.moveaxis(section, 0, 2) * _CM2_IN_M2,
        np.ones(1),
    )


def _check_pressures(path: Path, pressure: np.ndarray, told: np.ndarray) -> None:
    """Every line begins with the pressure that the head lists in its place, if in another unit."""
    lines = told.reshape(-1, pressure.size)
    if not np.all(pressure > 0) or not np.all(lines > 0):
        raise SchemaError(f"{path}: pressures must be positive")
    ratio = lines / pressure
    if np.any(np.abs(ratio / ratio[0, 0] - 1) > _PRESSURES_AGREE):
        at = int(np.argmax(np.abs(ratio / ratio[0, 0] - 1))) % pressure.size
        raise SchemaError(
            f"{path}: lines begin with other pressures than the second line lists (its number "
            f"{at + 1} is {pressure[at]:g}): they are in another order"
        )


def _unit_of(path: Path, pressure: np.ndarray) -> float:
    largest = float(pressure.max())
    if largest >= _PA_FROM:
        return PASCAL["pa"]
    if largest <= _BAR_TO:
        return PASCAL["bar"]
    raise SchemaError(
        f"{path}: the largest pressure is {largest:g}: at least {_PA_FROM:g} is read as Pa, at "
        f"most {_BAR_TO:g} as bar; give the table one of both"
    )
