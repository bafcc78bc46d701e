"""Line lists that users have: HITRAN's ``.par``, positions and strengths.

160 columns a line: 0-2 molecule, 3-15 wavenumber in vacuum [1/cm], 15-25 strength at 296 K [cm per
molecule, weighted by the isotopologue's abundance].
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.physics.bands import HITRAN_NUMBER

Array = NDArray[np.float64]

_COLUMNS = 160
_MOLECULE, _WAVENUMBER, _STRENGTH = slice(0, 2), slice(3, 15), slice(15, 25)
_HIGHEST_CM, _LARGEST_STRENGTH = 1e5, 1e-10


@dataclass(frozen=True)
class Lines:
    """Lines of one gas, ascending in wavenumber.

    Attributes:
        wavenumber_cm: (K,) [1/cm]. strength: (K,) at 296 K [cm per molecule].
    """

    wavenumber_cm: Array
    strength: Array

    @property
    def wavelength_um(self) -> Array:
        """(K,) in vacuum, descending."""
        return 1e4 / self.wavenumber_cm


def read_par(path: Path) -> dict[str, Lines]:
    """Lines of the gases that the model knows, by name; other molecules are passed over.

    Raises:
        SchemaError: no file of HITRAN's layout, a number that cannot be, or none of the five gases.
    """
    try:
        raw = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}") from error
    records = _records(path, raw)
    molecule = _numbers(path, records, _MOLECULE, "molecule").astype(np.int64)
    wavenumber = _numbers(path, records, _WAVENUMBER, "wavenumber")
    strength = _numbers(path, records, _STRENGTH, "strength")
    _check(path, "wavenumber [1/cm]", wavenumber, _HIGHEST_CM)
    _check(path, "strength [cm per molecule]", strength, _LARGEST_STRENGTH)
    found = {}
    for gas, number in HITRAN_NUMBER.items():
        mine = np.flatnonzero(molecule == number)
        if mine.size:
            order = mine[np.argsort(wavenumber[mine], kind="stable")]
            found[gas] = Lines(wavenumber[order], strength[order])
    if not found:
        numbers = ", ".join(map(str, np.unique(molecule)[:10]))
        known = ", ".join(f"{n} {gas.upper()}" for gas, n in HITRAN_NUMBER.items())
        raise SchemaError(f"{path} holds HITRAN's molecules {numbers}; the model knows {known}")
    return found


def strongest_of_bins(lines: Lines, edges_um: Array) -> Array:
    """Strength of each bin's strongest line, 0 where there is none.

    Args:
        lines: of a gas.
        edges_um: (N, 2) bins [um].

    Returns:
        (N,) [cm per molecule].
    """
    out = np.zeros(len(edges_um))
    first = np.searchsorted(lines.wavenumber_cm, 1e4 / edges_um[:, 1])
    last = np.searchsorted(lines.wavenumber_cm, 1e4 / edges_um[:, 0])
    for n, (low, high) in enumerate(zip(first, last, strict=True)):
        if high > low:
            out[n] = lines.strength[low:high].max()
    return out


def _records(path: Path, raw: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(K, 160) characters; every line must be as long as the first."""
    ends = np.flatnonzero(raw == ord("\n"))
    length = int(ends[0]) + 1 if ends.size else raw.size + 1
    windows = bool(ends.size) and ends[0] > 0 and raw[ends[0] - 1] == ord("\r")
    told = length - 1 - windows
    if told != _COLUMNS:
        raise SchemaError(
            f"{path}: its first line has {told} columns: a line of HITRAN's .par has {_COLUMNS}"
        )
    if (ends.size and raw[-1] != ord("\n")) or not ends.size:
        raw = np.concatenate([raw, np.frombuffer(b"\r\n" if windows else b"\n", dtype=np.uint8)])
    table = raw[: raw.size // length * length].reshape(-1, length)
    breaks = table[:, -1] != ord("\n")
    if breaks.any() or raw.size % length:
        line = int(np.argmax(breaks)) + 1 if breaks.any() else len(table) + 1
        raise SchemaError(f"{path}, line {line}: not {_COLUMNS} columns as the lines before it")
    return table[:, :_COLUMNS]


def _numbers(path: Path, records: NDArray[np.uint8], columns: slice, name: str) -> Array:
    text = np.ascontiguousarray(records[:, columns])
    words = text.view(f"S{text.shape[1]}").ravel()
    try:
        return words.astype(np.float64)
    except ValueError:
        for number, word in enumerate(words, 1):
            try:
                float(word)
            except ValueError:
                raise SchemaError(
                    f"{path}, line {number}: the {name} {word.decode(errors='replace')!r} in "
                    f"columns {columns.start}-{columns.stop} is no number"
                ) from None
        raise


def _check(path: Path, name: str, values: Array, highest: float) -> None:
    bad = ~((values > 0) & (values < highest))
    if bad.any():
        line = int(np.argmax(bad))
        raise SchemaError(
            f"{path}, line {line + 1}: {name} is {values[line]:g}, outside 0..{highest:g}"
        )
