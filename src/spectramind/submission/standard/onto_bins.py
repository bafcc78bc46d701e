"""Spectra on someone's bins -> the instrument's 283, where the edges of theirs meet ours."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_edges, bin_wavelengths

Array = NDArray[np.float64]
# An eighth of the narrowest bin, as for the axes of a tree; FGS1 is one wide band.
TOLERANCE_UM = 6e-4
_FGS1_TOLERANCE_UM = 0.02
_TAKEN = "spectra are taken on the instrument's 283 bins, or on finer ones whose edges meet theirs"


@dataclass(frozen=True, eq=False)
class OntoBins:
    """How one planet's rows become the 283 bins.

    Attributes:
        rows: (m,) the rows that count, ascending in wavelength.
        first: (283,) where each bin begins among these.
        weight: (m,) share of each row's width in its bin's.
    """

    rows: NDArray[np.intp]
    first: NDArray[np.intp]
    weight: Array

    @property
    def rebinned(self) -> bool:
        """Whether a bin is made of several rows."""
        return len(self.rows) != N_BINS

    def mean(self, values: Array) -> Array:
        """Mean weighted by width, (283,)."""
        total: Array = np.add.reduceat(self.weight * values[self.rows], self.first)
        return total

    def sigma(self, values: Array) -> Array:
        """Standard deviation of that mean of rows that err independently, (283,)."""
        variance: Array = np.add.reduceat((self.weight * values[self.rows]) ** 2, self.first)
        return np.sqrt(variance)


def edges_of(who: str, wavelength: Array) -> Array:
    """The edges (283, 2) [um] of rows that tell no more than their wavelength [um], in their order.

    Raises:
        SchemaError: they are not the instrument's; FGS1's band may be called by any of its own.
    """
    order, edges = np.argsort(wavelength, kind="stable"), bin_edges()
    if len(wavelength) != N_BINS:
        raise SchemaError(
            f"{who} has {len(wavelength)} rows without edges of bins: {_TAKEN}, and those need "
            "wavelength_low and wavelength_high"
        )
    off = np.abs(wavelength[order] - bin_wavelengths())
    low, high = edges[FGS1_BIN]
    if low <= wavelength[order[FGS1_BIN]] <= high:
        off[FGS1_BIN] = 0.0
    worst = int(off.argmax())
    if off[worst] > TOLERANCE_UM:
        raise SchemaError(
            f"{who}: bin {worst} is at {wavelength[order[worst]]:.4f} um, the instrument's at "
            f"{bin_wavelengths()[worst]:.4f} um: {_TAKEN}"
        )
    found = np.empty((N_BINS, 2))
    found[order] = edges
    return found


def onto_bins(who: str, edges: Array) -> OntoBins:
    """Find the rows of every bin.

    Args:
        who: what an error calls the planet.
        edges: (rows, 2) lower and upper edge [um]. Rows outside every bin do not count.

    Raises:
        SchemaError: a bin is not filled, or its rows overlap or reach beyond its edges.
    """
    ours = bin_edges()
    middle = edges.mean(axis=1)
    bins = np.searchsorted(ours[:, 0], middle, side="right") - 1
    rows = np.flatnonzero((bins >= 0) & (middle < ours[bins, 1]) & (edges[:, 0] < edges[:, 1]))
    rows = rows[np.argsort(middle[rows], kind="stable")]
    taken = bins[rows]
    first = np.searchsorted(taken, np.arange(N_BINS))
    last = np.searchsorted(taken, np.arange(N_BINS), side="right") - 1
    empty = np.flatnonzero(last < first)
    if len(empty):
        raise SchemaError(f"{who} has nothing in {_named(int(empty[0]))}: {_TAKEN}")
    low, high = edges[rows, 0], edges[rows, 1]
    allowed = np.full(N_BINS, TOLERANCE_UM)
    allowed[FGS1_BIN] = _FGS1_TOLERANCE_UM
    off = np.maximum(np.abs(low[first] - ours[:, 0]), np.abs(high[last] - ours[:, 1]))
    gap = np.abs(low[1:] - high[:-1])
    np.maximum.at(off, taken[1:], np.where(taken[1:] == taken[:-1], gap, 0.0))
    wrong = np.flatnonzero(off > allowed)
    if len(wrong):
        k = int(wrong[0])
        raise SchemaError(
            f"{who}: its {last[k] - first[k] + 1} row(s) in {_named(k)} span "
            f"{low[first[k]]:.4f}..{high[last[k]]:.4f} um, off by up to {off[k]:.4f} um: {_TAKEN}"
        )
    width = high - low
    weight = width / np.add.reduceat(width, first)[taken]
    return OntoBins(rows, first, weight)


def _named(number: int) -> str:
    low, high = bin_edges()[number]
    return f"bin {number} ({low:.4f}..{high:.4f} um)"


def stacked(
    plans: Mapping[str, tuple[NDArray[np.intp], OntoBins]], values: Array, sigma: bool = False
) -> Array:
    """A column (all rows of all planets) in 283 bins, (n, 283).

    Args:
        plans: by planet, its rows in the column and how they become bins.
        values: the column. sigma: whether these are standard deviations.
    """
    each = [(plan.sigma if sigma else plan.mean)(values[rows]) for rows, plan in plans.values()]
    return np.stack(each)
