"""Templates and band marks of the five gases."""

import pytest

from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.instrument.molecules import WINDOWS_UM
from spectramind.physics.bands import GASES, MOLECULE_BANDS
from spectramind.physics.molecule_overlay import band_head, molecule_overlays


def test_templates_peak_in_their_gases_windows() -> None:
    overlays = molecule_overlays()
    assert [overlay.gas for overlay in overlays] == list(GASES)
    for overlay in overlays:
        assert overlay.template.shape == (N_BINS,)
        assert overlay.template.min() >= 0
        assert overlay.template.max() == 1
        peak = bin_wavelengths()[overlay.template.argmax()]
        assert any(low <= peak <= high for low, high in WINDOWS_UM[overlay.gas]), overlay.gas


def test_the_head_of_cos_overtone_by_hand() -> None:
    """(2): B' = 1.92 (1 - 0.0182) = 1.88506, J = 1.88506 / 0.03494 - 1/2 = 53: 4363.6 1/cm."""
    co = MOLECULE_BANDS["co"]
    expected = 4260.1 + 2 * 1.885056 * 54 - 0.034944 * 53 * 54
    assert band_head(co, co.bands[1], 2000.0) == pytest.approx(expected, abs=0.01)
    assert 1e4 / expected == pytest.approx(2.292, abs=0.001)


def test_a_head_that_no_molecule_reaches_is_none() -> None:
    co, water = MOLECULE_BANDS["co"], MOLECULE_BANDS["h2o"]
    assert band_head(co, co.bands[0], 1000.0) is None  # J = 109
    assert band_head(co, co.bands[1], 300.0) is None
    assert band_head(water, water.bands[0], 1000.0) is None  # no linear molecule


def test_bands_lie_in_the_instrument_the_strongest_first() -> None:
    for overlay in molecule_overlays():
        strengths = [band.strength for band in overlay.bands]
        assert strengths == sorted(strengths, reverse=True)
        assert strengths
        for band in overlay.bands:
            assert 0.6 <= band.wavelength_um <= 0.8 or 1.94 < band.wavelength_um < 3.92
    places = {round(b.wavelength_um, 3) for o in molecule_overlays() for b in o.bands}
    assert round(1e4 / 3755.9, 3) in places
