"""Bands part the spectrum: every bin in one, FGS1 alone, molecules where their windows are."""

import numpy as np

from spectramind.evaluation.spectral_bands import spectral_bands
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.instrument.molecules import window_bins


def test_every_bin_is_in_one_band() -> None:
    bands = spectral_bands()
    assert np.concatenate(list(bands.values())).tolist() == list(range(N_BINS))
    assert bands["FGS1"].tolist() == [0]
    assert min(map(len, bands.values())) == 1
    assert min(len(bins) for name, bins in bands.items() if name != "FGS1") >= 20


def test_bands_are_named_by_what_fills_them() -> None:
    bands, um = spectral_bands(), bin_wavelengths()
    methane = bands["3.10–3.60 CH₄"]
    assert um[methane].min() >= 3.10
    assert um[methane].max() < 3.60
    assert set(methane) <= set(window_bins("ch4").tolist())
    assert "2.66–2.82 H₂O CO₂" in bands
    assert "3.60–3.90" in bands
    assert "1.95–2.15" in bands
