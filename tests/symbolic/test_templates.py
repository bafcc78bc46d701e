"""Templates: one a molecule, non-negative, of unit norm."""

import numpy as np
import pytest

from spectramind.instrument.molecules import MOLECULES, WINDOWS_UM, window_bins
from spectramind.symbolic.templates import BANDS_UM, template


@pytest.mark.parametrize("molecule", MOLECULES)
def test_shape(molecule: str) -> None:
    shape = template(molecule)
    assert shape.shape == window_bins(molecule).shape
    assert (shape >= 0).all()
    assert np.linalg.norm(shape) == pytest.approx(1.0)


@pytest.mark.parametrize("molecule", MOLECULES)
def test_every_window_holds_a_band(molecule: str) -> None:
    for low, high in WINDOWS_UM[molecule]:
        assert any(low <= centre <= high for centre, _, _ in BANDS_UM[molecule])
