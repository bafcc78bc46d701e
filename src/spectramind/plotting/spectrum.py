"""One spectrum as a figure."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, bin_wavelengths
from spectramind.physics.line_list import Lines
from spectramind.plotting.molecule_strip import sticks_of, strip_traces
from spectramind.plotting.plot import MODEL, MODEL_DARK_BAND, Figure, line, listed

_PPM = 1e6


_STRIP = 0.2  # height of the molecules' strip, of the figure


def spectrum_figure(
    title: str,
    mu: NDArray[np.float64],
    sigma: NDArray[np.float64],
    lines: Mapping[str, Lines] | None = None,
) -> Figure:
    """Depth with a band of one sigma for AIRS, a marker with an error bar for FGS1.

    Below it the gases' templates and band heads.

    Args:
        title: of the figure.
        mu, sigma: (283,) depth (Rp/Rs)^2 and its standard deviation.
        lines: a line list by gas (``physics.line_list.read_par``), drawn as sticks in the strip.
    """
    wavelength = bin_wavelengths()
    x, y, width = wavelength[AIRS_BINS], _PPM * mu[AIRS_BINS], _PPM * sigma[AIRS_BINS]
    band = line(
        np.concatenate([x, x[::-1]]), np.concatenate([y + width, (y - width)[::-1]]), "±1σ", MODEL
    )
    band |= {"fill": "toself", "fillcolor": MODEL_DARK_BAND, "line": {"width": 0}}
    fgs1 = {
        "type": "scatter",
        "mode": "markers",
        "name": "FGS1",
        "x": [float(wavelength[FGS1_BIN])],
        "y": listed(_PPM * mu[[FGS1_BIN]], 3),
        "error_y": {"type": "data", "array": listed(_PPM * sigma[[FGS1_BIN]], 3)},
        "marker": {"color": MODEL, "size": 8},
    }
    axes = {
        "xaxis": {"title": {"text": "wavelength [µm]"}, "anchor": "y2"},
        "yaxis": {"title": {"text": "transit depth [ppm]"}, "domain": [_STRIP + 0.03, 1]},
        "yaxis2": {"domain": [0, _STRIP], "range": [0, 1.12], "showticklabels": False},
    }
    traces = [
        band,
        line(x, y, "AIRS-CH0", MODEL),
        fgs1,
        *strip_traces("y2", "x", sticks_of(lines or {})),
    ]
    return {"data": traces, "layout": axes | {"title": title}}
