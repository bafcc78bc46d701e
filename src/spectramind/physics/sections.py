"""Cross-sections of a batch of atmospheres, from the band table or files, in any array library.

Units of 1e-20 cm2 keep single precision away from its smallest numbers.
"""

from typing import Any

import numpy as np

from spectramind.physics.atmosphere import Z_NODES, Z_WEIGHT
from spectramind.physics.bands import GASES, MOLECULE_BANDS
from spectramind.physics.channels import Channels
from spectramind.physics.namespace import Namespace
from spectramind.physics.opacity import (
    SPREAD_RANGE,
    TEMPERATURE_K,
    TEMPERATURE_RANGE_K,
    log_sections_at,
)
from spectramind.physics.tabulated import WEIGHT_G, TabulatedOpacity

UNIT_CM2 = 1e-20
_LN_UNIT = float(np.log(UNIT_CM2))


class BandSections:
    """The project's own band table: a mean section times a lognormal factor of pressure.

    Attributes:
        gases: names, in the order of the batch's fractions.
        temperature_K: what the table covers.
        weight: (Z,) of the nodes.
    """

    separable = True

    def __init__(self, channels: Channels, space: Namespace) -> None:
        self.gases = GASES
        self.temperature_K = TEMPERATURE_RANGE_K
        self.weight = space.array(Z_WEIGHT)
        self._z = space.array(Z_NODES)
        self._xp = space.xp
        self._table = space.array(log_sections_at(channels.centre_um) - _LN_UNIT)
        low, high = TEMPERATURE_RANGE_K
        self._low, self._step = low, float(np.log(high / low)) / (TEMPERATURE_K.size - 1)

    def mean(self, gas: str, temperature: Any) -> Any:
        """(B, K) temperatures -> (B, K, N) mean cross-sections."""
        xp = self._xp
        place = xp.clip(xp.log(temperature / self._low) / self._step, 0.0, TEMPERATURE_K.size - 1.0)
        floor = xp.clip(xp.floor(place), 0.0, TEMPERATURE_K.size - 2.0)
        below, share = _whole(floor), (place - floor)[..., None]
        table = self._table[GASES.index(gas)]
        return xp.exp((1 - share) * table[below] + share * table[below + 1])

    def factor(self, gas: str, temperature: Any, log_pressure: Any) -> Any:
        """Section over its mean: (B, K) temperatures, (B, L) ln Pa -> (B, L, Z)."""
        xp = self._xp
        a, b, c = MOLECULE_BANDS[gas].line_spread
        ten = float(np.log(10))
        spread = a + b / ten * xp.log(temperature / 1000)
        spread = xp.clip(spread + c / ten * (log_pressure - float(np.log(100))), *SPREAD_RANGE)
        factor = xp.exp(spread[..., None] * self._z)
        return factor / (factor @ self.weight)[..., None]


class TableSections:
    """Opacity files: a whole section for each pressure, node and channel."""

    separable = False

    def __init__(self, opacity: TabulatedOpacity, space: Namespace) -> None:
        self.gases = tuple(opacity.gases)
        self.temperature_K = opacity.temperature_K
        self.weight = space.array(WEIGHT_G)
        self._xp = space.xp
        self._tables = {
            gas: tuple(
                space.array(part)
                for part in (
                    table.log_pressure,
                    table.log_temperature,
                    table.log_section - np.float32(_LN_UNIT),
                )
            )
            for gas, table in opacity.gases.items()
        }

    def full(self, gas: str, temperature: Any, log_pressure: Any) -> Any:
        """(B, K) temperatures, (B, L) ln Pa -> (B, L, Z, N); K is 1 or L."""
        xp = self._xp
        pressures, temperatures, table = self._tables[gas]
        p, p_share = _between(xp, pressures, log_pressure)
        t, t_share = _between(xp, temperatures, xp.log(temperature))
        p_share, t_share = p_share[..., None, None], t_share[..., None, None]
        above_p, above_t = 1 * (len(pressures) > 1), 1 * (len(temperatures) > 1)
        if temperature.shape[1] == 1:  # once for all layers
            only, share = t[:, 0], t_share[:, 0]
            one = table[:, only] * (1 - share) + table[:, only + above_t] * share
            rows = xp.cumsum(1 + 0 * p[:, :1], 0) - 1
            low, high = one[p, rows], one[p + above_p, rows]
        else:
            low = table[p, t] * (1 - t_share) + table[p, t + above_t] * t_share
            high = table[p + above_p, t] * (1 - t_share) + table[p + above_p, t + above_t] * t_share
        high -= low
        high *= p_share
        high += low
        return xp.exp(high, out=high)


def _between(xp: Any, grid: Any, values: Any) -> tuple[Any, Any]:
    """Index of the grid point below each value, and how far it is to the next; ends hold."""
    if len(grid) == 1:
        nothing = 0 * values
        return _whole(nothing), nothing
    below = xp.clip(xp.searchsorted(grid, values) - 1, 0, len(grid) - 2)
    share = (values - grid[below]) / (grid[below + 1] - grid[below])
    return below, xp.clip(share, 0.0, 1.0)


def _whole(values: Any) -> Any:
    """Indices; NumPy and torch agree on no name for the type."""
    return values.astype(np.int64) if isinstance(values, np.ndarray) else values.long()
