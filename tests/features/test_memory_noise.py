"""Noise with memory: its covariance, and what the evidence makes of it."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.features.memory_noise import choices, cosines, even_shares, variances, weigh

Array = NDArray[np.float64]
TIME_H = np.linspace(0.0, 7.5, 300)
DEVIATIONS, MEMORIES_H = (0.5, 1.0, 2.0), (0.3, 1.0, 3.0)


@pytest.mark.parametrize(
    ("smoothness", "correlation"),
    [(1, lambda elapsed: np.exp(-elapsed)), (2, lambda elapsed: (1 + elapsed) * np.exp(-elapsed))],
)
def test_cosines_have_the_covariance_of_the_process(
    smoothness: int, correlation: Callable[[Array], Array]
) -> None:
    """Away from the ends, and of differences: the constant is the level's."""
    waves = cosines(TIME_H, 60)
    covariance = waves @ np.diag(variances(7.5, 60, 2.0, 0.5, smoothness)) @ waves.T
    middle = slice(100, 200)
    elapsed = np.abs(TIME_H[:, None] - TIME_H)[middle, middle]
    found = covariance[middle, middle]
    found = found.diagonal()[:, None] + found.diagonal() - 2 * found
    expected = 2 * 4.0 * (1 - correlation(elapsed / 0.5))
    np.testing.assert_allclose(found, expected, atol=0.12 * expected.max())


def posterior(series: Array, noise: float) -> tuple[Array, Array]:
    """Choices and their posterior shares for a series of this white noise."""
    waves = cosines(TIME_H, 20)
    waves = waves - waves.mean(axis=0)
    tried = choices(7.5, 20, DEVIATIONS, MEMORIES_H)
    share = even_shares(DEVIATIONS, MEMORIES_H)
    return tried, weigh(waves.T @ waves / noise**2, waves.T @ series / noise**2, tried, share)


def test_white_noise_has_no_memory() -> None:
    shares = [posterior(np.random.default_rng(n).standard_normal(300), 1.0)[1] for n in range(20)]
    assert np.mean([share[0] for share in shares]) > 0.9
    assert sum(shares[0]) == pytest.approx(1)


def test_memory_is_found() -> None:
    memory = np.exp(-np.abs(TIME_H[:, None] - TIME_H)) + 1e-9 * np.eye(300)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        series = np.linalg.cholesky(memory) @ rng.standard_normal(300)
        tried, weight = posterior(series + 0.5 * rng.standard_normal(300), 0.5)
        assert weight[0] < 1e-3
        # Prior variances add up to the deviation's square.
        assert 0.3 < np.sqrt((weight @ tried).sum()) < 3
