"""Attributions to samples of light curves, by the transit's phases and along its course."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.physics.transit_phases import PHASES

Array = NDArray[np.float64]
_REACH, _CELLS = 3.0, 72  # half transits on either side of mid-transit; cells over them


@dataclass(frozen=True, eq=False)
class PlanetCourse:
    """One planet's samples.

    Attributes:
        clock: (L,) -1 at first contact, 1 at the last (``contacts.transit_clock``).
        phase: (L,) of ``contacts.PHASES``.
        given: (K, L) attributions of K kinds.
    """

    clock: Array
    phase: NDArray[np.int64]
    given: Array


def by_phase(planets: Sequence[PlanetCourse]) -> tuple[Array, Array]:
    """Sums over each phase: their mean size over planets and its standard error, (phases, K)."""
    sums = np.stack(
        [
            [one.given[:, one.phase == number].sum(axis=1) for number in range(len(PHASES))]
            for one in planets
        ]
    )
    sizes = np.abs(sums)
    count = len(sizes)
    spread = sizes.std(axis=0, ddof=1) if count > 1 else np.full(sizes.shape[1:], np.nan)
    return sizes.mean(axis=0), spread / np.sqrt(count)


def along_transit(planets: Sequence[PlanetCourse]) -> tuple[Array, Array]:
    """The middles of cells over the transit's clock, (72,), and in each the sum of the
    attributions' sizes, averaged over the planets that have samples there, (K, 72); NaN: none has.
    """
    edges = np.linspace(-_REACH, _REACH, _CELLS + 1)
    total = np.zeros((planets[0].given.shape[0], _CELLS))
    there = np.zeros(_CELLS)
    for one in planets:
        cell = np.digitize(one.clock, edges) - 1
        inside = np.isfinite(one.clock) & (cell >= 0) & (cell < _CELLS)
        for row, given in zip(total, np.abs(one.given), strict=True):
            row += np.bincount(cell[inside], given[inside], minlength=_CELLS)
        there += np.bincount(cell[inside], minlength=_CELLS) > 0
    with np.errstate(invalid="ignore"):
        return (edges[1:] + edges[:-1]) / 2, np.where(there > 0, total / there, np.nan)
