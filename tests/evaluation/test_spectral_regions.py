"""Regions of the spectrum hold every bin, and score.json tells them as the gate does."""

import numpy as np
import pandas as pd
import pytest

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.evaluation.bounds import worst_region
from spectramind.evaluation.coverage import sharpness
from spectramind.evaluation.spectral_regions import (
    BETWEEN,
    FGS1_REGION,
    molecule_coverage,
    molecule_regions,
    spectral_regions,
)
from spectramind.evaluation.summary import summarise
from spectramind.instrument.grid import N_BINS
from spectramind.instrument.molecules import MOLECULES, window_bins


def test_every_bin_is_in_a_region_and_fgs1_in_its_own() -> None:
    regions = spectral_regions()
    assert list(regions) == [FGS1_REGION, *MOLECULES, BETWEEN]
    assert np.any(list(regions.values()), axis=0).all()
    assert np.flatnonzero(regions[FGS1_REGION]).tolist() == [0]
    assert not (regions[BETWEEN] & np.any(list(molecule_regions().values()), axis=0)).any()


def test_a_region_is_the_mean_of_its_bins() -> None:
    bins = np.full(N_BINS, 0.9)
    bins[window_bins("co")] = 0.5
    found = molecule_coverage(bins)
    assert found["co"] == pytest.approx(0.5)
    assert found["co2"] == pytest.approx(0.9)
    assert worst_region(found) == ("co", found["co"])


def test_sharpness_of_three_planets() -> None:
    sigma = np.tile(np.array([[10e-6], [20e-6], [600e-6]]), (1, N_BINS))
    sigma[:, 0] *= 2
    found = sharpness(sigma)
    assert (found.fgs1_mean, found.fgs1_median) == (pytest.approx(420), pytest.approx(40))
    assert (found.airs_mean, found.airs_median) == (pytest.approx(210), pytest.approx(20))


def test_score_json_tells_regions_and_medians() -> None:
    ids = ("a", "b")
    truth = np.full((2, N_BINS), 0.01)
    mu = truth + np.array([[0.0], [1e-4]])
    half = np.array([[5e-5], [15e-5]]) * np.ones(N_BINS)
    half[1, window_bins("nh3")] = 5e-5
    found = Predictive(Spectra(ids, mu, np.full_like(mu, 5e-5)), Intervals(0.9, half))
    table = pd.DataFrame(truth, index=list(ids), columns=list(SPECTRUM_COLUMNS))
    row = summarise("x", found, table, (0.01, 0.005), np.random.default_rng(0)).to_json()
    assert row["region_coverage"]["nh3"] == pytest.approx(0.5)
    assert row["region_coverage"]["co2"] == 1.0
    assert row["interval_width_median_ppm"] == pytest.approx(row["interval_width_ppm"])
    assert row["sigma_ppm"] == {
        "fgs1_mean": pytest.approx(50),
        "fgs1_median": pytest.approx(50),
        "airs_mean": pytest.approx(50),
        "airs_median": pytest.approx(50),
    }
    bare = summarise("x", Predictive(found.spectra), table, (0.01, 0.005), np.random.default_rng(0))
    assert bare.region_coverage is None
    assert bare.interval_width_median_ppm is None
