"""What an opacity file holds, in one unit and one order whatever the file's own, and its checks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.errors import SchemaError
from spectramind.physics.bands import GASES

Array = NDArray[np.float64]

PASCAL = {"pa": 1.0, "mbar": 100.0, "hpa": 100.0, "bar": 1e5, "atm": 101325.0}
_TEMPERATURES_K = (1.0, 1e4)
_PRESSURES_PA = (1e-7, 1e10)
_WAVENUMBERS_CM = (1.0, 1e6)
_LARGEST_CM2 = 1e-12  # no molecule absorbs more; an electronic line core has some 1e-13
_SMALLEST_CM2 = 1e-30  # a table that nowhere reaches this is in another unit
_WEIGHT_ERROR = 1e-3
_AXES = ("pressure", "temperature", "wavenumber", "g")


class OtherGasError(SchemaError):
    """A file of a gas that the model does not know."""


@dataclass(frozen=True)
class GasTable:
    """Absorption of one gas on a grid of pressure and temperature.

    Attributes:
        gas: one of ``GASES``.
        pressure_pa: (P,) ascending. temperature_K: (T,) ascending.
        edges_cm: (N + 1,) ascending edges of the cells in wavenumber [cm-1]. A cross-section is
            given at points: their cells reach halfway to the neighbours.
        section_cm2: (P, T, N, G) cross-section [cm2 per molecule]; in a cell the G values stand for
            the shares ``weight`` of it, and ascend. G = 1: a cross-section at points.
        weight: (G,) sums to 1.
        path: the file it came from, None where it did not.
    """

    gas: str
    pressure_pa: Array
    temperature_K: Array  # noqa: N815 - kelvin is K
    edges_cm: Array
    section_cm2: NDArray[np.floating]
    weight: Array
    path: Path | None = None

    @property
    def centre_cm(self) -> Array:
        """(N,) middles of the cells [cm-1]."""
        return (self.edges_cm[1:] + self.edges_cm[:-1]) / 2


def known_gas(path: Path, name: str) -> str:
    """Our name of a file's gas; isotopologues are told by what stands before ``_``, ``-`` or ``.``.

    Raises:
        OtherGasError: none of the five gases.
    """
    plain = name.strip().lower()
    for separator in ("_", ".", " ", "-"):
        plain = plain.split(separator)[0]
    if plain not in GASES:
        known = ", ".join(gas.upper() for gas in GASES)
        raise OtherGasError(f"{path}: the gas is {name!r}, the model knows {known}")
    return plain


def pascal(path: Path, values: ArrayLike, unit: str | None) -> Array:
    """Pressures [Pa] of a file that says its unit.

    Raises:
        SchemaError: no unit, or an unknown one.
    """
    factor = PASCAL.get((unit or "").strip().lower())
    if factor is None:
        raise SchemaError(
            f"{path}: the unit of pressure is {unit!r}: one of {', '.join(PASCAL)} must stand in "
            "the attribute 'units' of 'p'"
        )
    return np.asarray(values, dtype=np.float64) * factor


def edges_around(centre: Array) -> Array:
    """Edges halfway between points, (N,) -> (N + 1,); the outer cells are symmetric."""
    middle = (centre[1:] + centre[:-1]) / 2
    return np.concatenate([[2 * centre[0] - middle[0]], middle, [2 * centre[-1] - middle[-1]]])


def gas_table(
    path: Path,
    gas: str,
    pressure_pa: Array,
    temperature_K: Array,
    wavenumber_cm: Array,
    section_cm2: NDArray[np.floating],
    weight: Array,
) -> GasTable:
    """Check what was read and bring it into ascending order.

    Args:
        path: of the file, for complaints.
        gas: its name in the file.
        pressure_pa, temperature_K: (P,) and (T,), in either order.
        wavenumber_cm: (N,) points or (N + 1,) edges of cells, in either order.
        section_cm2: (P, T, N, G) or, without g, (P, T, N).
        weight: (G,) of the k-distribution.

    Raises:
        SchemaError: axes that do not fit, values that cannot be in these units.
    """
    _check_axes(path, (pressure_pa, temperature_K, wavenumber_cm, weight), section_cm2)
    section = np.asarray(section_cm2)
    section = section[..., None] if section.ndim == 3 else section
    cells = section.shape[2] if section.ndim == 4 else 0
    as_edges = wavenumber_cm.size == cells + 1
    sizes = (pressure_pa.size, temperature_K.size, wavenumber_cm.size - as_edges, weight.size)
    if section.shape != sizes:
        raise SchemaError(_wrong_shape(path, section.shape, sizes))
    turned = [
        _ascending(path, name, values, limits)
        for name, values, limits in (
            ("pressures [Pa]", pressure_pa, _PRESSURES_PA),
            ("temperatures [K]", temperature_K, _TEMPERATURES_K),
            ("wavenumbers [1/cm]", wavenumber_cm, _WAVENUMBERS_CM),
        )
    ]
    section = section[tuple(slice(None, None, -1 if t else 1) for t in turned)]
    p, t, n = (
        values[::-1] if turn else values
        for values, turn in zip((pressure_pa, temperature_K, wavenumber_cm), turned, strict=True)
    )
    gas = known_gas(path, gas)
    _check_sections(path, section)
    _check_weights(path, section, weight)
    edges = n if as_edges else edges_around(n)
    return GasTable(gas, p, t, edges, section, weight / weight.sum(), path)


def _check_axes(path: Path, axes: tuple[Array, ...], section: NDArray[np.floating]) -> None:
    for name, values in zip(_AXES, axes, strict=True):
        if np.ndim(values) != 1 or not np.size(values):
            raise SchemaError(
                f"{path}: the axis of {name} has the shape {np.shape(values)}: a list of numbers "
                "belongs there"
            )
    if np.asarray(section).dtype.kind not in "fiu":
        raise SchemaError(f"{path}: the sections are no numbers: {np.asarray(section).dtype}")
    if not np.size(section):
        raise SchemaError(f"{path} is empty: its sections have the shape {np.shape(section)}")
    if np.size(axes[2]) < 2:
        raise SchemaError(f"{path} has one wavenumber alone: not a table over the bins")


def _wrong_shape(path: Path, found: tuple[int, ...], sizes: tuple[int, ...]) -> str:
    wanted = dict(zip(_AXES, sizes, strict=True))
    told = ", ".join(f"{name} {size}" for name, size in wanted.items())
    if sorted(found) == sorted(sizes):
        return (
            f"{path}: the sections' axes {found} stand in another order than ({told}): transpose "
            "them to pressure, temperature, wavenumber, g"
        )
    return f"{path}: the sections have the shape {found}, their axes ({told})"


def _ascending(path: Path, name: str, values: Array, limits: tuple[float, float]) -> bool:
    """Whether an axis descends; neither way, or out of its range, is refused."""
    low, high = limits
    if values.size < 1 or not np.all((values >= low) & (values <= high)):
        span = "none" if values.size < 1 else f"{values.min():g}..{values.max():g}"
        raise SchemaError(
            f"{path}: {name} are {span}, outside {low:g}..{high:g}: another unit, a logarithm, or "
            "another layout"
        )
    steps = np.diff(values)
    if not (np.all(steps > 0) or np.all(steps < 0)):
        raise SchemaError(f"{path}: {name} neither ascend nor descend: sort the table by them")
    return bool(values.size > 1 and steps[0] < 0)


def _check_sections(path: Path, section: NDArray[np.floating]) -> None:
    if not np.isfinite(section).all():
        raise SchemaError(f"{path}: some cross-sections are not finite: make the file anew")
    low, high = float(section.min()), float(section.max())
    if low < 0:
        guess = "they look like logarithms: store the values" if high < 0 else "make the file anew"
        raise SchemaError(f"{path}: cross-sections go down to {low:g} cm2 per molecule: {guess}")
    if not _SMALLEST_CM2 < high < _LARGEST_CM2:
        raise SchemaError(
            f"{path}: the largest cross-section is {high:g} cm2 per molecule, outside "
            f"{_SMALLEST_CM2:g}..{_LARGEST_CM2:g}: another unit (m2, cm2 per gram) or no molecule's"
        )


def _check_weights(path: Path, section: NDArray[np.floating], weight: Array) -> None:
    total = float(weight.sum())
    if not (np.all(weight > 0) and abs(total - 1) < _WEIGHT_ERROR):
        raise SchemaError(
            f"{path}: the weights of g sum to {total:g} (least {weight.min():g}): they must be "
            "positive and sum to 1"
        )
    if np.any(np.diff(section, axis=-1) < -1e-3 * section[..., 1:]):
        raise SchemaError(
            f"{path}: cross-sections do not ascend along the last axis: it must be g, the share of "
            "a cell that absorbs less"
        )
