"""The contract's light curves."""

import numpy as np
import pytest

from spectramind.config.features import PhotometryConfig
from spectramind.features.light_curves import build_curves, resample_mean

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


@pytest.mark.parametrize("pairs", [(60, 5), (1, 1)])
def test_shapes_and_dtypes(photometry: PhotometryConfig, pairs: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    n_fgs1, n_airs = pairs
    fgs1 = rng.normal(0, 13, (n_fgs1, 32, 32)).astype(np.float32)
    airs = rng.normal(0, 13, (n_airs, 32, 356)).astype(np.float32)
    fgs1[:, 15:17, 15:17] += 5e4
    curves = build_curves(
        (fgs1, np.full_like(fgs1, 300.0)),
        (airs, np.full_like(airs, 300.0)),
        FGS1_H[:n_fgs1],
        AIRS_H[:n_airs],
        photometry,
    )
    assert curves.bins.shape == curves.bins_variance.shape == (n_airs, 283)
    assert curves.bins.dtype == np.float32
    assert curves.fgs1_jitter.shape == curves.fgs1.centroid.shape == (n_fgs1, 2)
    assert curves.fgs1_jitter.dtype == np.float32
    np.testing.assert_allclose(curves.bins[:, 0], curves.fgs1.flux.mean(), rtol=0.02)
