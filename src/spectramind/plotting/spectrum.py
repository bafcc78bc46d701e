"""One spectrum as a figure."""

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, bin_wavelengths
from spectramind.plotting.plot import MODEL, MODEL_DARK_BAND, Figure, line, listed

_PPM = 1e6


def spectrum_figure(title: str, mu: NDArray[np.float64], sigma: NDArray[np.float64]) -> Figure:
    """Depth with a band of one sigma for AIRS, a marker with an error bar for FGS1.

    Args:
        title: of the figure.
        mu, sigma: (283,) depth (Rp/Rs)^2 and its standard deviation.
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
        "xaxis": {"title": {"text": "wavelength [µm]"}},
        "yaxis": {"title": {"text": "transit depth [ppm]"}},
    }
    return {"data": [band, line(x, y, "AIRS-CH0", MODEL), fgs1], "layout": axes | {"title": title}}
