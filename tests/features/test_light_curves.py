"""The contract's light curves."""

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.curves import FeaturesConfig
from spectramind.contracts.series import Series
from spectramind.features.contract_curves import build_curves, jitter, resample_mean

AIRS_H = (2.35 + 4.8 * np.arange(5)) / 3600
FGS1_H = (0.15 + 0.4 * np.arange(60)) / 3600


def test_twelve_fgs1_exposures_fall_into_each_airs_cycle() -> None:
    values = np.repeat(np.arange(5.0), 12).astype(np.float32)
    mean, variance = resample_mean(values, np.full(60, 6.0, np.float32), FGS1_H, AIRS_H)
    np.testing.assert_allclose(mean, np.arange(5.0))
    np.testing.assert_allclose(variance, 0.5)  # 6 / 12


def test_a_cycle_without_exposures_is_nan_with_infinite_variance() -> None:
    ones = np.ones(24, np.float32)
    mean, variance = resample_mean(ones, ones, FGS1_H[:24], AIRS_H)
    np.testing.assert_array_equal(np.isnan(mean), [False, False, True, True, True])
    np.testing.assert_array_equal(np.isinf(variance), [False, False, True, True, True])


def test_a_single_cycle_holds_everything() -> None:
    values = np.arange(4.0, dtype=np.float32)
    mean, _ = resample_mean(values, np.ones(4, np.float32), FGS1_H[:4], AIRS_H[:1])
    assert mean.tolist() == [1.5]


def series(time_h: NDArray[np.float64], curves: int, seed: int) -> Series:
    rng = np.random.default_rng(seed)
    count = len(time_h)
    return Series(
        time_h=time_h,
        flux=rng.normal(1e5, 300, (count, curves)).astype(np.float32),
        variance=np.full((count, curves), 9e4, np.float32),
        pointing=rng.normal(15, 0.1, (count, 3)).astype(np.float32),
    )


@pytest.mark.parametrize("pairs", [(60, 5), (1, 1)])
def test_shapes_and_dtypes(config: FeaturesConfig, pairs: tuple[int, int]) -> None:
    n_fgs1, n_airs = pairs
    fgs1, airs = series(FGS1_H[:n_fgs1], 2, 0), series(AIRS_H[:n_airs], 282, 1)
    curves = build_curves(fgs1, airs, config)
    assert curves.bins.shape == curves.bins_variance.shape == (n_airs, 283)
    assert curves.bins.dtype == np.float32
    assert curves.fgs1_jitter.shape == curves.centroid.shape == (n_fgs1, 2)
    assert curves.fgs1_jitter.dtype == np.float32
    np.testing.assert_array_equal(curves.bins[:, 1:], airs.flux)
    np.testing.assert_array_equal(curves.pointing[:, 3:], airs.pointing[:, [0, 2]])
    np.testing.assert_allclose(curves.pointing[0, :3], fgs1.pointing[:12].mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(curves.bins[:, 0], curves.fgs1.mean(), rtol=0.02)


@pytest.mark.parametrize(("photometry", "which"), [("psf", 0), ("aperture", 1)])
def test_photometry_is_a_choice(config: FeaturesConfig, photometry: str, which: int) -> None:
    fgs1, airs = series(FGS1_H, 2, 0), series(AIRS_H, 282, 1)
    curves = build_curves(fgs1, airs, config.model_copy(update={"photometry": photometry}))
    np.testing.assert_array_equal(curves.fgs1, fgs1.flux[:, which])


def test_jitter_is_what_is_faster_than_the_window() -> None:
    slow = np.linspace(15, 16, 400)
    fast = np.random.default_rng(3).normal(0, 0.1, 400)
    centroid = np.stack([slow + fast, slow], axis=1).astype(np.float32)
    found = jitter(centroid, 51)[30:-30]
    assert np.corrcoef(found[:, 0], fast[30:-30])[0, 1] > 0.95
    np.testing.assert_allclose(found[:, 1], 0, atol=1e-5)
