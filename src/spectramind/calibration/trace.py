"""Where the AIRS spectrum lies on the detector: slit, dispersion, seams."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from spectramind.instrument.detectors import AIRS_SCIENCE

_SLIT_HALF_HEIGHT = 3  # rows on either side of the brightest that the centroid sees
_SLIT_DEGREE = 2
_DISPERSION_DEGREE = 2


def slit_centres(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Flux-weighted row of each column of an (H, W) image, (W,) [px], near the brightest row.

    Negative pixels weigh nothing here: a centroid needs weights, the image keeps its values.
    """
    peak = int(np.argmax(image[:, AIRS_SCIENCE].sum(axis=1)))
    rows = np.arange(max(peak - _SLIT_HALF_HEIGHT, 0), peak + _SLIT_HALF_HEIGHT + 1)
    rows = rows[rows < len(image)]
    weight = np.maximum(image[rows], 0.0).astype(np.float64)
    total = weight.sum(axis=0)
    return np.where(
        total > 0, np.einsum("r,rc->c", rows, weight) / np.where(total > 0, total, 1.0), float(peak)
    )


def describe_trace(
    image: NDArray[np.floating], wavelength_um: NDArray[np.float64], seams: Sequence[int]
) -> dict[str, Any]:
    """The contract's ``trace_meta``.

    Args:
        image: mean exposure (32, 356) [e].
        wavelength_um: of each column (356,).
        seams: columns at which a seam begins.

    Returns:
        slit: polynomial of the row against the column, fitted over the science columns;
        dispersion: polynomial of the wavelength [um] against the column; seam: columns.
        Coefficients ascend in power.
    """
    columns = np.arange(len(wavelength_um), dtype=np.float64)
    science = columns[AIRS_SCIENCE]
    centres = slit_centres(image)[AIRS_SCIENCE]
    slit = Polynomial.fit(science, centres, _SLIT_DEGREE)
    dispersion = Polynomial.fit(columns, wavelength_um, _DISPERSION_DEGREE)
    return {
        "slit": {
            "row_of_column": slit.convert().coef.tolist(),
            "rms_px": float(np.std(centres - slit(science))),
        },
        "dispersion": {
            "um_of_column": dispersion.convert().coef.tolist(),
            "rms_um": float(np.std(wavelength_um - dispersion(columns))),
        },
        "seam": list(seams),
    }
