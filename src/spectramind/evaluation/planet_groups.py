"""Planets in groups by one trait, none of them so small that chance alone would speak."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
LEAST = 5  # planets of a group; fewer are merged with a neighbour or said to be too few
_ALL, _UNKNOWN = "all", "not known"


@dataclass(frozen=True, eq=False)
class PlanetGroup:
    """Some planets: what they have in common, and their rows."""

    label: str
    rows: Rows


def group_by_edges(
    values: Array, edges: Sequence[float], spec: str, least: int = LEAST
) -> list[PlanetGroup]:
    """Classes between edges; one of fewer than ``least`` planets is merged with a neighbour.

    Where all planets fall into one class they are cut into thirds, if these are large enough.
    Planets whose value is not known are a group of their own, however few.

    Args:
        values: (n,); NaN: not known.
        edges: ascending; a value on an edge belongs to the class above it.
        spec: format of an edge in a label.
        least: planets of a group.
    """
    known = np.flatnonzero(np.isfinite(values))
    unknown = np.flatnonzero(~np.isfinite(values))
    groups = _merged(known, values[known], edges, spec, least)
    if len(groups) == 1 and len(known) >= 3 * least:
        thirds = np.quantile(values[known], (1 / 3, 2 / 3))
        groups = _merged(known, values[known], [float(edge) for edge in thirds], spec, least)
    return groups + ([PlanetGroup(_UNKNOWN, unknown)] if len(unknown) else [])


def _merged(
    rows: Rows, values: Array, edges: Sequence[float], spec: str, least: int
) -> list[PlanetGroup]:
    """The smallest class joins its smaller neighbour until all are large enough."""
    classes = np.searchsorted(edges, values, side="right")
    spans = [(n, n + 1) for n in range(len(edges) + 1)]
    sizes = [int((classes == n).sum()) for n in range(len(edges) + 1)]
    while len(spans) > 1 and min(sizes) < least:
        small = sizes.index(min(sizes))
        beside = [n for n in (small - 1, small + 1) if 0 <= n < len(sizes)]
        first, second = sorted((small, min(beside, key=lambda n: sizes[n])))
        spans[first : second + 1] = [(spans[first][0], spans[second][1])]
        sizes[first : second + 1] = [sizes[first] + sizes[second]]
    return [
        PlanetGroup(_label(edges, *span, spec), rows[(classes >= span[0]) & (classes < span[1])])
        for span in spans
        if len(rows)
    ]


def _label(edges: Sequence[float], first: int, end: int, spec: str) -> str:
    """Of the classes first..end - 1; class n begins at edge n - 1."""
    low = None if first == 0 else format(edges[first - 1], spec)
    high = None if end > len(edges) else format(edges[end - 1], spec)
    if low is None:
        return _ALL if high is None else f"below {high}"
    return f"from {low}" if high is None else f"{low} to {high}"


def group_by_doubt(reasons: Sequence[str]) -> list[PlanetGroup]:
    """Planets whose fit is trusted (no reason), and those whose fit is doubted; none is merged."""
    doubted = np.array([bool(reason) for reason in reasons], dtype=bool)
    halves = (
        ("trusted", np.flatnonzero(~doubted)),
        ("doubted", np.flatnonzero(doubted)),
    )
    return [PlanetGroup(label, rows) for label, rows in halves if len(rows)]
