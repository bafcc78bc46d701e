"""The gases' templates, bands and lines as traces for a strip below a spectrum, 0 to 1."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import AIRS_BINS, bin_edges, bin_wavelengths
from spectramind.physics.line_list import Lines, strongest_of_bins
from spectramind.physics.molecule_overlay import BandMark, MoleculeOverlay, molecule_overlays
from spectramind.plotting.plot import (
    FORMULA,
    MOLECULE_RGB,
    Figure,
    Row,
    Trace,
    axis_key,
    line,
    listed,
    spectral_layout,
    y_name,
)

# Heights of a line list's sticks in AIRS's bins, by gas.
Sticks = Mapping[str, Sequence[float]]

_DECADES = 4.0  # of strength below a gas's strongest line that sticks show
_MARK_AT = 1.06
_BANDS_SHOWN = 6


_BELOW = "Lowest: each gas alone in a warm Jupiter, scaled to 1; triangles: its bands"


def with_strip(
    traces: Sequence[Trace],
    rows: Sequence[Row],
    height: int,
    sticks: Sticks | None = None,
    share: float = 0.7,
) -> Figure:
    """Panels over wavelength with the gases' strip as the lowest; the lanes say whose colour is
    whose.

    Args:
        traces, rows, height: as for ``plot.spectral_layout``. sticks: of ``sticks_of``.
        share: the strip's height beside the rows'.
    """
    strip = [t | {"showlegend": False} for t in strip_traces(y_name(len(rows)), sticks=sticks)]
    layout = spectral_layout([*rows, Row("each gas", share)], height)
    layout[axis_key("y", len(rows) + 1)] |= {"range": [0, 1.12], "showticklabels": False}
    return {"data": [*traces, *strip], "layout": layout}


def strip_words(sticks: Sticks | None) -> str:
    """What the strip shows, in a sentence."""
    lines = "; sticks: a bin's strongest line in diag.line_list, logarithmic over four decades"
    return f"{_BELOW}{lines if sticks else ''}."


def strip_traces(yaxis: str, xaxis: str = "x2", sticks: Sticks | None = None) -> list[Trace]:
    """Templates as lines, band heads and centres as triangles above; one legend entry a gas.

    Args:
        yaxis, xaxis: Plotly's names of the strip's axes.
        sticks: of ``sticks_of``, for the gases of a line list.
    """
    traces: list[Trace] = []
    for overlay in molecule_overlays():
        where = {"xaxis": xaxis, "yaxis": yaxis, "legendgroup": overlay.gas}
        traces += [_template(overlay) | where, _marks(overlay) | where]
        if sticks and overlay.gas in sticks:
            traces.append(_sticks(overlay.gas, sticks[overlay.gas]) | where)
    return traces


def _color(gas: str, opacity: float = 1.0) -> str:
    return f"rgba({MOLECULE_RGB[gas]},{opacity:g})"


def _template(overlay: MoleculeOverlay) -> Trace:
    x, y = bin_wavelengths()[AIRS_BINS], np.round(overlay.template[AIRS_BINS], 3)
    name = f"{FORMULA[overlay.gas]} alone"
    return line(x, y, name, _color(overlay.gas), hoverinfo="name+x")


def _marks(overlay: MoleculeOverlay) -> Trace:
    low, high = bin_edges()[AIRS_BINS][[0, -1], [0, 1]]
    bands = [b for b in overlay.bands if low <= b.wavelength_um <= high][:_BANDS_SHOWN]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": FORMULA[overlay.gas],
        "showlegend": False,
        "x": listed([band.wavelength_um for band in bands], 5),
        "y": [_MARK_AT] * len(bands),
        "text": [_words(overlay.gas, band) for band in bands],
        "hoverinfo": "text",
        "marker": {"color": _color(overlay.gas), "size": 7, "symbol": "triangle-down"},
    }


def _words(gas: str, band: BandMark) -> str:
    kind = "head" if band.head else "centre"
    return f"{FORMULA[gas]} band {kind} at {band.wavelength_um:.3f} µm"


def _sticks(gas: str, heights: Sequence[float]) -> Trace:
    height = np.asarray(heights, dtype=np.float64)
    x = bin_wavelengths()[AIRS_BINS]
    shown = height > 0
    points = np.repeat(x[shown], 3)
    ends = np.stack([0 * height, height, np.full_like(height, np.nan)], axis=1)[shown].ravel()
    sticks = line(points, np.round(ends, 3), f"{FORMULA[gas]} lines", _color(gas, 0.55))
    return sticks | {"line": {"color": _color(gas, 0.55), "width": 1}, "hoverinfo": "skip"}


def sticks_of(lines: Mapping[str, Lines]) -> dict[str, list[float]]:
    """A stick in each of AIRS's bins for every gas of a line list that has lines there."""
    found = {gas: np.round(stick_heights(own), 3).tolist() for gas, own in lines.items()}
    return {gas: heights for gas, heights in found.items() if any(heights)}


def stick_heights(lines: Lines) -> NDArray[np.float64]:
    """(282,) of AIRS's bins: 1 where the gas's strongest line is, 0 four decades below it."""
    strength = strongest_of_bins(lines, bin_edges()[AIRS_BINS])
    if not strength.any():
        return strength
    below = np.log10(np.maximum(strength, strength.max() * 10**-_DECADES) / strength.max())
    return np.asarray(1 + below / _DECADES)
