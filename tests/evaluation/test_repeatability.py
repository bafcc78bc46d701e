"""Differences of two visits against the dense covariance and against simulated visits."""

import numpy as np
import pytest

from spectramind.contracts.measurement import Measurement
from spectramind.evaluation.repeatability import compare_visits
from spectramind.instrument.grid import N_BINS


def visit(rng: np.random.Generator, depth: np.ndarray, modes: int = 2) -> Measurement:
    """A visit whose errors are drawn from the covariance that it states."""
    variance = rng.uniform(20e-6, 60e-6, N_BINS) ** 2
    common = rng.normal(0, 30e-6, (N_BINS, modes)) + 40e-6
    error = rng.normal(0, np.sqrt(variance)) + common @ rng.normal(size=modes)
    return Measurement(depth + error, variance, common)


def test_the_numbers_are_those_of_the_dense_covariance() -> None:
    rng = np.random.default_rng(2)
    first, second = (visit(rng, np.full(N_BINS, 0.01)) for _ in range(2))
    found = compare_visits(first, second)
    difference = second.depth - first.depth
    total = first.covariance + second.covariance
    mean = np.r_[0, np.full(N_BINS - 1, 1 / (N_BINS - 1))]
    without = np.eye(N_BINS)[1:] - mean
    shape = np.sqrt(np.diag(without @ total @ without.T))
    assert found.fgs1_ppm == pytest.approx(difference[0] * 1e6)
    assert found.fgs1_z == pytest.approx(difference[0] / np.sqrt(total[0, 0]))
    assert found.level_ppm == pytest.approx(mean @ difference * 1e6)
    assert found.level_z == pytest.approx(mean @ difference / np.sqrt(mean @ total @ mean))
    np.testing.assert_allclose(found.bins_z, difference / np.sqrt(np.diag(total)))
    np.testing.assert_allclose(found.shape_z, without @ difference / shape)


def test_equal_visits_do_not_differ_and_the_order_is_the_sign() -> None:
    rng = np.random.default_rng(3)
    one, other = (visit(rng, np.full(N_BINS, 0.01)) for _ in range(2))
    assert not compare_visits(one, one).bins_z.any()
    np.testing.assert_allclose(
        compare_visits(one, other).bins_z, -compare_visits(other, one).bins_z
    )


def test_honest_errors_have_rms_1_and_halved_ones_2() -> None:
    rng = np.random.default_rng(4)
    pairs = [[visit(rng, np.full(N_BINS, 0.01)) for _ in range(2)] for _ in range(400)]
    found = [compare_visits(*pair) for pair in pairs]
    for values in ([f.fgs1_z for f in found], [f.level_z for f in found]):
        assert np.sqrt(np.mean(np.square(values))) == pytest.approx(1, abs=0.12)
    assert np.sqrt(np.mean([f.shape_z**2 for f in found])) == pytest.approx(1, abs=0.03)
    halved = [
        compare_visits(*(Measurement(v.depth, v.variance / 4, v.modes / 2) for v in pair))
        for pair in pairs
    ]
    ratio = [b.level_z / a.level_z for a, b in zip(found, halved, strict=True)]
    np.testing.assert_allclose(ratio, 2)
