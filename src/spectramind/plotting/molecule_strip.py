"""The gases' templates, bands and lines as traces for a strip below a spectrum, 0 to 1."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import AIRS_BINS, bin_edges, bin_wavelengths
from spectramind.physics.line_list import Lines, strongest_of_bins
from spectramind.physics.molecule_overlay import BandMark, MoleculeOverlay, molecule_overlays
from spectramind.plotting.plot import FORMULA, MOLECULE_RGB, Trace, line, listed

_DECADES = 4.0  # of strength below a gas's strongest line that sticks show
_MARK_AT = 1.06
_BANDS_SHOWN = 6


def strip_traces(
    yaxis: str, xaxis: str = "x2", lines: Mapping[str, Lines] | None = None
) -> list[Trace]:
    """Templates as lines, band heads and centres as triangles above; one legend entry a gas.

    Args:
        yaxis, xaxis: Plotly's names of the strip's axes.
        lines: a line list; its gases get a stick in every bin, as high as the logarithm of the
            bin's strongest line, four decades deep.
    """
    traces: list[Trace] = []
    for overlay in molecule_overlays():
        where = {"xaxis": xaxis, "yaxis": yaxis, "legendgroup": overlay.gas}
        traces += [_template(overlay) | where, _marks(overlay) | where]
        if lines and overlay.gas in lines:
            traces.append(_sticks(overlay.gas, lines[overlay.gas]) | where)
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


def _sticks(gas: str, lines: Lines) -> Trace:
    height = stick_heights(lines)
    x = bin_wavelengths()[AIRS_BINS]
    shown = height > 0
    points = np.repeat(x[shown], 3)
    ends = np.stack([0 * height, height, np.full_like(height, np.nan)], axis=1)[shown].ravel()
    sticks = line(points, np.round(ends, 3), f"{FORMULA[gas]} lines", _color(gas, 0.55))
    return sticks | {"line": {"color": _color(gas, 0.55), "width": 1}, "hoverinfo": "skip"}


def stick_heights(lines: Lines) -> NDArray[np.float64]:
    """(282,) of AIRS's bins: 1 where the gas's strongest line is, 0 four decades below it."""
    strength = strongest_of_bins(lines, bin_edges()[AIRS_BINS])
    if not strength.any():
        return strength
    below = np.log10(np.maximum(strength, strength.max() * 10**-_DECADES) / strength.max())
    return np.asarray(1 + below / _DECADES)
