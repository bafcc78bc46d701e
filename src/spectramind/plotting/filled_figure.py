"""A planet's figure filled with its series, as ``page.js`` fills it in the report page."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.plotting.plot import Figure, Trace, listed

Numbers = Sequence[float | None]
# Plotly draws an axis at NaN when all its traces are empty: one gap keeps them alive.
_GAP: dict[str, Any] = {"x": [None], "y": [None]}


def shared_arrays(wavelength_um: NDArray[np.floating]) -> dict[str, list[float | None]]:
    """Arrays that series name in place of numbers: all bins' wavelengths [um], and AIRS's."""
    wavelength = listed(wavelength_um, 5)
    return {"wavelength": wavelength, "airs": wavelength[1:]}


def fill(
    figure: Figure,
    series: Mapping[str, Mapping[str, Any]] | None,
    shared: Mapping[str, Sequence[Any]],
) -> Figure:
    """The figure with what each trace's ``meta`` names; the template stays as it is.

    Args:
        figure: whose traces name series. series: by name, ``PlanetBody.series`` of this figure;
            None: the planet has none, every named trace is emptied.
        shared: ``shared_arrays``.
    """
    return {**figure, "data": [_filled(trace, series or {}, shared) for trace in figure["data"]]}


def _filled(
    trace: Trace, series: Mapping[str, Mapping[str, Any]], shared: Mapping[str, Sequence[Any]]
) -> Trace:
    meta = trace.get("meta")
    own = series.get(meta) if isinstance(meta, str) else None
    if own is None:
        return trace if meta is None else {**trace, **_GAP}
    found = {key: value for key, value in own.items() if key != "half"}
    if isinstance(found.get("x"), str):
        found["x"] = shared[found["x"]]
    if own.get("half"):
        found |= ring(found["x"], found["y"], own["half"])
    if "y" in found and not found["y"]:
        found |= _GAP
    if "error_y" in found:
        found["error_y"] = {**trace.get("error_y", {}), **found["error_y"]}
    return {**trace, **found}


def ring(at: Numbers, centre: Numbers, half: Numbers) -> dict[str, list[float | None]]:
    """A closed ring centre +- half around each unbroken run of points: gaps stay gaps."""
    x: list[float | None] = []
    y: list[float | None] = []
    run: list[tuple[float | None, float, float]] = []
    for i in range(len(at) + 1):
        middle = centre[i] if i < min(len(at), len(centre)) else None
        reach = half[i] if i < min(len(at), len(half)) else None
        if middle is not None and reach is not None:
            run.append((at[i], middle, reach))
        elif run:
            back = run[::-1]
            x += [*(place for place, _, _ in run + back), None]
            y += [*(m + r for _, m, r in run), *(m - r for _, m, r in back), None]
            run = []
    return {"x": x, "y": y}
