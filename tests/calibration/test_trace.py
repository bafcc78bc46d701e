"""Slit and dispersion."""

import json

import numpy as np
import pytest

from spectramind.calibration.trace import describe_trace, slit_centres
from spectramind.instrument.detectors import AIRS
from spectramind.instrument.grid import airs_column_wavelengths


def trace_image(centre: np.ndarray) -> np.ndarray:
    rows = np.arange(AIRS.height)[:, None]
    return 1e4 * np.exp(-0.5 * ((rows - centre) / 0.8) ** 2)


def test_the_polynomials_give_back_what_was_put_in() -> None:
    columns = np.arange(AIRS.width)
    centre = 15.2 + 1e-3 * columns
    meta = describe_trace(trace_image(centre), airs_column_wavelengths(), (120,))
    assert json.loads(json.dumps(meta)) == meta
    fitted = np.polynomial.Polynomial(meta["slit"]["row_of_column"])(columns)
    np.testing.assert_allclose(fitted[39:321], centre[39:321], atol=0.01)
    dispersion = np.polynomial.Polynomial(meta["dispersion"]["um_of_column"])(columns)
    np.testing.assert_allclose(dispersion, airs_column_wavelengths(), atol=1e-12)
    assert meta["seam"] == [120]


def test_a_column_without_light_stands_at_the_brightest_row() -> None:
    image = trace_image(np.full(AIRS.width, 15.0))
    image[:, 50] = -3.0
    centres = slit_centres(image)
    assert centres[50] == 15.0
    assert centres[51] == pytest.approx(15.0)
