"""k-tables of NEMESIS (``.kta``): little-endian words of four bytes.

irec0, N, wavelength 0, step, fwhm, P, T, G, HITRAN's number of the gas, isotope; G places and G
weights of g; two words unused; P pressures [bar], T temperatures [K]; N wavelengths [um] unless the
step is positive (then the grid is even); k (N, P, T, G) times 1e20 [cm2 per molecule] from record
irec0 (counted from 1) on.
"""

from pathlib import Path

import numpy as np

from spectramind.errors import SchemaError
from spectramind.physics.bands import HITRAN_NUMBER
from spectramind.physics.opacity_files.gas_table import PASCAL, GasTable, edges_around, gas_table

_GAS_OF = {number: gas for gas, number in HITRAN_NUMBER.items()}
_HEAD = 10
_UNUSED = 2
_SCALE_CM2 = np.float32(1e-20)
_MOST = 100_000  # no grid has more


def read_kta(path: Path) -> GasTable:
    """Read it.

    Raises:
        SchemaError: too short, a gas we do not know, or values that cannot be.
    """
    try:
        words = np.fromfile(path, dtype="<f4")
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}") from error
    if words.size < _HEAD:
        raise SchemaError(f"{path} has {words.size} words: not a k-table of NEMESIS")
    head = words[:_HEAD].view("<i4")
    first = int(head[0])
    cells, pressures, temperatures, nodes = (int(head[n]) for n in (1, 5, 6, 7))
    sizes = (cells, pressures, temperatures, nodes)
    if not all(0 < size < _MOST for size in sizes):
        raise SchemaError(
            f"{path}: wavelengths, pressures, temperatures, g are {sizes}: not a k-table of "
            "NEMESIS, or one with temperatures of their own at each pressure, which is not read"
        )
    even = float(words[3]) > 0
    ends = np.cumsum([_HEAD, nodes, nodes, _UNUSED, pressures, temperatures, 0 if even else cells])
    count = cells * pressures * temperatures * nodes
    start = words.size - count
    if start < ends[-1] or start not in (first - 1, first):
        raise SchemaError(
            f"{path}: {count} values should begin at record {first}, the file has {words.size} "
            "words: it is cut short, or of another layout"
        )
    numbers = words[:start].astype(np.float64)
    wavelength = numbers[2] + numbers[3] * np.arange(cells) if even else numbers[ends[5] : ends[6]]
    if not np.all(wavelength > 0) or cells < 2:
        raise SchemaError(f"{path}: {cells} wavelengths from {wavelength.min():g} um: not a table")
    with np.errstate(invalid="ignore"):  # what is not finite is told below
        sections = words[start:].reshape(cells, pressures, temperatures, nodes) * _SCALE_CM2
    number = int(head[8])
    return gas_table(
        path,
        _GAS_OF.get(number, f"number {number} of HITRAN"),
        numbers[ends[3] : ends[4]] * PASCAL["bar"],
        numbers[ends[4] : ends[5]],
        1e4 / edges_around(wavelength),
        np.moveaxis(sections, 0, 2),
        numbers[ends[1] : ends[2]],
    )
