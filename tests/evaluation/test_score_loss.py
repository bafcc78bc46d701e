"""What the score loses adds up to one minus the score, whatever the prediction."""

import numpy as np
import pytest

from spectramind.errors import SchemaError
from spectramind.evaluation.official import (
    bin_weights,
    element_scores,
    ideal_sigma,
    planet_scores,
)
from spectramind.evaluation.score_loss import score_loss
from spectramind.instrument.grid import N_BINS

NAIVE = (0.011, 0.006)


def predicted(n: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    truth = rng.uniform(0.004, 0.02, (n, N_BINS))
    sigma = rng.uniform(2e-5, 2e-4, (n, N_BINS))
    return truth, truth + 1.3 * sigma * rng.normal(size=truth.shape), sigma


def test_losses_add_up_to_the_official_score() -> None:
    arrays = predicted()
    found = score_loss(*arrays, *NAIVE)
    planets = planet_scores(element_scores(*arrays, *NAIVE))
    assert found.score == pytest.approx(planets.mean(), abs=1e-12)
    np.testing.assert_allclose(1 - found.by_planet, planets, atol=1e-12)
    per_bin = 1 - element_scores(*arrays, *NAIVE).mean(axis=0)
    np.testing.assert_allclose(found.by_bin, per_bin, atol=1e-12)
    weights = bin_weights() / bin_weights().sum()
    assert (found.by_bin * weights).sum() == pytest.approx(1 - found.score)


def test_the_ideal_prediction_loses_nothing() -> None:
    truth, _, _ = predicted()
    found = score_loss(truth, truth, np.broadcast_to(ideal_sigma(), truth.shape), *NAIVE)
    np.testing.assert_allclose(found.width, 0, atol=1e-15)
    np.testing.assert_allclose(found.error, 0, atol=1e-15)
    assert found.gain_of_factor == 0


def test_one_element_by_hand() -> None:
    """Three sigma off at twice the ideal sigma: ln 2 and 4.5 nats of what there is to gain."""
    truth = np.full((1, N_BINS), 0.01)
    sigma = np.broadcast_to(2 * ideal_sigma(), truth.shape)
    mu = truth.copy()
    mu[0, 5] += 3 * sigma[0, 5]
    found = score_loss(truth, mu, sigma, *NAIVE)
    z0 = (0.01 - NAIVE[0]) / NAIVE[1]
    gain = np.log(NAIVE[1] / 1e-5) + z0 * z0 / 2  # ideal less naive, in nats
    weight = 1 / bin_weights().sum()
    assert found.width[0, 5] == pytest.approx(weight * np.log(2) / gain)
    assert found.error[0, 5] == pytest.approx(weight * 4.5 / gain)
    assert found.error[0, 6] == 0


@pytest.mark.parametrize("wrong", [0.5, 1.0, 3.0])
def test_the_best_factor_is_the_best(wrong: float) -> None:
    truth, mu, sigma = predicted(40)
    found = score_loss(truth, mu, wrong * sigma, *NAIVE)
    assert found.best_factor == pytest.approx(1.3 / wrong, rel=0.02)
    better = score_loss(truth, mu, found.best_factor * wrong * sigma, *NAIVE)
    assert better.score - found.score == pytest.approx(found.gain_of_factor)
    for factor in (0.97, 1.03):
        other = score_loss(truth, mu, factor * found.best_factor * wrong * sigma, *NAIVE)
        assert other.score < better.score


def test_nonsense_is_refused() -> None:
    truth, mu, sigma = predicted()
    with pytest.raises(SchemaError, match="refuses negative values"):
        score_loss(truth, -mu, sigma, *NAIVE)
