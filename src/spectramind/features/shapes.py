"""Transit shapes of every bin and their slopes: what the bin fit is linear in."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.legendre import legvander
from numpy.typing import NDArray

from spectramind.contracts.star_row import StarRow
from spectramind.features.transit_model import BIN_PARAMETERS, TransitModel
from spectramind.instrument.grid import FGS1_BIN, N_BINS

Array = NDArray[np.float64]
# Geometry of all bins: mid-time, a/R*, impact parameter, limb darkening of FGS1 and of AIRS.
GEOMETRY = tuple(index for index, name in enumerate(BIN_PARAMETERS) if not name.startswith("k_"))
# Transit shapes vary slowly: they are computed in so many AIRS bins and interpolated between.
_NODES = 12
# Slope and bend over the nodes; FGS1 has no part in them.
_ACROSS = np.vstack([np.zeros(2), legvander(np.linspace(-1, 1, _NODES), 2)[:, 1:]])
_DEPTH_STEP = 1e-4
_STEP = 1e-4  # of a geometry parameter


@dataclass(frozen=True)
class Shapes:
    """Linearised transits.

    Attributes:
        transit: (T, 283) relative flux.
        depth: (T, 283) slope over the depth k^2.
        geometry: (T, 283, 11) slopes over the parameters of ``GEOMETRY``.
    """

    transit: Array
    depth: Array
    geometry: Array


class ShapeModel:
    """Shapes of one visit at any parameters of the bins."""

    def __init__(
        self, time_h: Array, star: StarRow, limb: Array, white: Array, substep_h: float
    ) -> None:
        """Prepare.

        Args:
            time_h: (T,) mid-exposure times [h]; star: the planet's row of the star table.
            limb: (283, 2) limb darkening expected of the bins.
            white: (2, 2) limb darkening expected of FGS1 and AIRS white light: a bin's is the
                expected one plus the offset that white light shows, a slope and a bend over AIRS.
            substep_h: longer exposures are integrated over sub-steps [h].
        """
        self._model = TransitModel(time_h, star, substep_h)
        nodes = np.linspace(FGS1_BIN + 1, N_BINS - 1, _NODES).round().astype(int)
        self._offset = np.vstack([limb[FGS1_BIN] - white[0], limb[nodes] - white[1]])
        position = np.interp(np.arange(FGS1_BIN + 1, N_BINS), nodes, np.arange(_NODES))
        self._low = np.minimum(position.astype(int), _NODES - 2)
        self._share = position - self._low

    def at(self, values: Array) -> Shapes:
        """Shapes at ``values``, in the order of ``BIN_PARAMETERS``."""
        here = self._rows(values)
        deeper = values.copy()
        deeper[3:5] = np.sqrt(values[3:5] ** 2 + _DEPTH_STEP)
        steps = np.eye(len(values))[list(GEOMETRY)] * _STEP
        slopes = [self._spread(self._rows(values + step) - here) / _STEP for step in steps]
        return Shapes(
            transit=self._spread(here),
            depth=self._spread(self._rows(deeper) - here) / _DEPTH_STEP,
            geometry=np.stack(slopes, axis=2),
        )

    def _rows(self, values: Array) -> Array:
        """Transits of FGS1 and of the AIRS nodes, (1 + nodes, T)."""
        separation = self._model.separation(*values[:3])
        own = np.minimum(np.arange(_NODES + 1), 1)
        limb = values[5:9].reshape(2, 2)[own] + self._offset + _ACROSS @ values[9:].reshape(2, 2)
        return self._model.flux(separation, values[3:5][own], limb)

    def _spread(self, rows: Array) -> Array:
        """From nodes to bins, (T, 283)."""
        airs = rows[1:]
        between = (1 - self._share)[:, None] * airs[self._low]
        between += self._share[:, None] * airs[self._low + 1]
        return np.concatenate([rows[:1], between]).T
