"""Measurements: low-rank algebra against dense matrices."""

import numpy as np
import pytest

from spectramind.contracts.measurement import Measurement, combine, inverse
from spectramind.instrument.grid import N_BINS


def draw(rng: np.random.Generator, size: int, modes: int) -> Measurement:
    return Measurement(
        rng.standard_normal(size), rng.uniform(0.5, 2, size), rng.standard_normal((size, modes))
    )


def test_combining_by_hand() -> None:
    """1 +- 1 and 4 +- 2 (variances 1 and 4): weights 4/5 and 1/5, variance 4/5."""
    none = np.zeros((1, 0))
    one = combine(
        [
            Measurement(np.array([1.0]), np.array([1.0]), none),
            Measurement(np.array([4.0]), np.array([4.0]), none),
        ]
    )
    assert one.depth[0] == pytest.approx(1.6)
    assert one.total_variance[0] == pytest.approx(0.8)


def test_inverse_is_the_dense_one() -> None:
    m = draw(np.random.default_rng(0), 30, 4)
    q, log_determinant = inverse(m.variance, m.modes)
    np.testing.assert_allclose(
        np.diag(1 / m.variance) - q @ q.T, np.linalg.inv(m.covariance), atol=1e-12
    )
    assert log_determinant == pytest.approx(np.linalg.slogdet(m.covariance)[1])


def test_three_visits_combine_as_dense_matrices_do() -> None:
    rng = np.random.default_rng(1)
    visits = [draw(rng, 20, rank) for rank in (1, 3, 5)]
    precisions = [np.linalg.inv(v.covariance) for v in visits]
    covariance = np.linalg.inv(np.sum(precisions, axis=0))
    depth = covariance @ sum(p @ v.depth for p, v in zip(precisions, visits, strict=True))
    one = combine(visits)
    np.testing.assert_allclose(one.covariance, covariance, atol=1e-12)
    np.testing.assert_allclose(one.depth, depth, atol=1e-12)


def test_a_visit_of_which_nothing_is_known_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    known = Measurement(
        0.01 + 1e-4 * rng.standard_normal(283), np.full(283, 1e-8), 1e-5 * np.ones((283, 1))
    )
    blank = Measurement(np.full(283, 0.0147), np.full(283, 1.0), np.full((283, 1), 3.0))
    one = combine([known, blank])
    np.testing.assert_allclose(one.depth, known.depth, atol=1e-9)
    np.testing.assert_allclose(one.total_variance, known.total_variance, rtol=1e-4)


def test_few_modes_tell_what_many_do() -> None:
    rng = np.random.default_rng(8)
    variance = np.geomspace(1e-10, 1e-8, N_BINS)
    strong = 1e-4 * rng.standard_normal((N_BINS, 3)) @ rng.standard_normal((3, 200))
    many = Measurement(np.zeros(N_BINS), variance, np.column_stack([strong, np.zeros(N_BINS)]))
    few = many.in_few_modes()
    assert few.modes.shape == (N_BINS, 3)
    np.testing.assert_allclose(few.covariance, many.covariance, rtol=1e-6, atol=1e-12)
    scale = np.sqrt(variance)
    weak = Measurement(many.depth, variance, 0.005 * np.diag(scale)).in_few_modes()
    assert weak.modes.shape == (N_BINS, 0)
