"""What a table that was read well can still have wrong: units and axes that only physics tells.

Pressure broadens lines and leaves the mean section over many of them as it is; temperature changes
it, most between bands. Over all of AIRS the project's own table knows it to a factor of a few.
"""

from itertools import pairwise

import numpy as np

from spectramind.errors import SchemaError
from spectramind.instrument.grid import AIRS_BINS, bin_edges
from spectramind.physics.bands import GASES
from spectramind.physics.opacity import TEMPERATURE_RANGE_K, mean_cross_sections
from spectramind.physics.opacity_files.gas_table import Array, GasTable

_DEEP_PA = 1e3  # spectra are made at 10 to 1e4 Pa
_WARM_K = 100.0
_FACTOR = 1000.0  # m2 taken for cm2 are 1e4; synthetic tables may be far from any gas's
_PARTS = 30  # of AIRS's wavenumbers
_SWAPPED = (0.1, 5.0)  # spread of ln mean sections along pressure, and over that along temperature


def check_plausible(table: GasTable) -> None:
    """Look at the table as a whole.

    Raises:
        SchemaError: its pressures or temperatures end far below an atmosphere's, pressure and
            temperature look interchanged, or it absorbs a thousand times what its gas does.
    """
    where, gas = table.path or table.gas, table.gas.upper()
    deepest, warmest = float(table.pressure_pa[-1]), float(table.temperature_K[-1])
    if deepest < _DEEP_PA:
        raise SchemaError(
            f"{where}: the largest pressure is {deepest:g} Pa, spectra come from down to 1e4 Pa: a "
            f"table must reach {_DEEP_PA:g} Pa; is its unit of pressure another one?"
        )
    if warmest < _WARM_K:
        raise SchemaError(
            f"{where}: the highest temperature is {warmest:g} K, below {_WARM_K:g} K: a logarithm, "
            "or another unit"
        )
    parts = _over_airs(table)
    if not parts.size:
        return  # it does not reach AIRS, which is told where it is brought onto the bins
    _check_order(table, parts)
    nearest = int(np.argmin(np.abs(np.log(table.temperature_K / 1000.0))))
    expected = _expected(table.gas, float(table.temperature_K[nearest]))
    found = float(parts[len(parts) // 2, nearest].mean())
    if not expected / _FACTOR < found < expected * _FACTOR:
        raise SchemaError(
            f"{where}: over AIRS's band the mean cross-section at "
            f"{table.temperature_K[nearest]:g} K is {found:.2g} cm2 per molecule, {gas} has about "
            f"{expected:.2g}: another unit (m2, cm2 per gram) or another gas"
        )


def _over_airs(table: GasTable) -> Array:
    """Mean sections in parts of AIRS's wavenumbers that hold cells' middles, (P, T, K) [cm2]."""
    ends = 1e4 / bin_edges()[AIRS_BINS]
    edges = np.linspace(ends.min(), ends.max(), _PARTS + 1)
    first = np.searchsorted(table.centre_cm, edges)
    means = [
        (table.section_cm2[:, :, low:high] @ table.weight).mean(axis=-1)
        for low, high in pairwise(first)
        if high > low
    ]
    return np.moveaxis(np.array(means, dtype=np.float64), 0, -1) if means else np.empty((0,))


def _check_order(table: GasTable, parts: Array) -> None:
    """Refuse (T, P) where both axes are of one length, so that no shape tells."""
    if parts.shape[0] != parts.shape[1] or len(parts) < 3 or not np.all(parts > 0):
        return
    log = np.log(parts)
    by_pressure, by_temperature = float(log.std(axis=0).mean()), float(log.std(axis=1).mean())
    least, ratio = _SWAPPED
    if by_pressure > least and by_pressure > ratio * by_temperature:
        raise SchemaError(
            f"{table.path or table.gas}: the bands' strengths follow what should be pressure and "
            "not temperature: transpose the sections to pressure, temperature, wavenumber, g"
        )


def _expected(gas: str, temperature: float) -> float:
    """The project's own table's mean section over AIRS [cm2 per molecule]."""
    own = float(np.clip(temperature, *TEMPERATURE_RANGE_K))
    edges = 1e4 / bin_edges()[AIRS_BINS]
    sections = mean_cross_sections(own, 1e4 / np.linspace(edges.min(), edges.max(), 2000))
    return float(sections[GASES.index(gas)].mean())
