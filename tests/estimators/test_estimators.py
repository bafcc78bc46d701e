"""Every estimator keeps the one protocol, and what makes each of them itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectramind.config.model import ModelConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import SUBMITTED
from spectramind.estimators.bin_by_bin import BinByBin
from spectramind.estimators.constant import Constant
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.estimators.protocol import fitted_depths
from spectramind.evaluation.official import element_scores, naive_moments
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network

NOISE = 5e-5


def planet(name: str, depths: list[NDArray[np.float64]], sigma: float = NOISE) -> Planet:
    visits = tuple(
        Measurement(depth, np.full(N_BINS, sigma**2), np.zeros((N_BINS, 1))) for depth in depths
    )
    return Planet(name, visits, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros((0, 2)))


@pytest.fixture
def fold() -> LabelledPlanets:
    rng = np.random.default_rng(3)
    level = rng.uniform(0.01, 0.02, (12, 1))
    truth = level + 1e-4 * np.sin(np.arange(N_BINS) / 40 + rng.uniform(0, 6, (12, 1)))
    seen = [planet(str(i), [y + NOISE * rng.standard_normal(N_BINS)]) for i, y in enumerate(truth)]
    return LabelledPlanets(tuple(seen), truth)


def test_constant_is_the_metrics_zero(fold: LabelledPlanets) -> None:
    naive = naive_moments(fold.truth)
    found = Constant(*naive).fit(fold, fold).predict(fold.planets)
    assert found.planet_ids == fold.ids
    scores = element_scores(fold.truth, found.spectra.mu, found.spectra.sigma, *naive)
    np.testing.assert_allclose(scores, 0.0, atol=1e-12)


def test_bins_alone_are_weighted_by_their_variance_and_never_negative() -> None:
    low, high = np.full(N_BINS, 0.01), np.full(N_BINS, 0.013)
    low[7] = high[7] = -0.002
    both = planet("1", [low, high])
    narrow = replace(both.measurements[1], variance=both.measurements[1].variance / 2)
    both = replace(both, measurements=(both.measurements[0], narrow))
    found = BinByBin("lsq", fitted_depths).predict([both]).spectra
    np.testing.assert_allclose(np.delete(found.mu[0], 7), 0.012)
    assert found.mu[0, 7] == 0.0
    np.testing.assert_allclose(found.sigma, NOISE / np.sqrt(3))


def test_physics_learns_and_improves_on_its_depths(
    small: ModelConfig, fold: LabelledPlanets
) -> None:
    untaught = PhysicsEstimate(None, small.prior)
    with pytest.raises(ValueError, match="learnt nothing"):
        untaught.predict(fold.planets)
    found = untaught.fit(fold, fold).predict(fold.planets).spectra
    raw = np.stack([p.measurements[0].depth for p in fold.planets])
    assert np.abs(found.mu - fold.truth).mean() < 0.7 * np.abs(raw - fold.truth).mean()


def test_depths_can_be_anyones(small: ModelConfig, fold: LabelledPlanets) -> None:
    """The oracle is the physics estimate with better depths."""
    truth = {p.planet_id: y for p, y in zip(fold.planets, fold.truth, strict=True)}

    def exact(one: Planet) -> list[Measurement]:
        sharp = np.full(N_BINS, (NOISE / 50) ** 2)
        return [Measurement(truth[one.planet_id], sharp, np.zeros((N_BINS, 1)))]

    oracle = PhysicsEstimate(None, small.prior, "oracle", exact).fit(fold, fold)
    ours = PhysicsEstimate(None, small.prior).fit(fold, fold)
    errors = [
        np.abs(one.predict(fold.planets).spectra.mu - fold.truth).mean() for one in (oracle, ours)
    ]
    assert errors[0] < 0.2 * errors[1]


def test_an_untrained_network_is_the_physics_estimate(
    small: ModelConfig, fold: LabelledPlanets
) -> None:
    config = small
    cpu = torch.device("cpu")
    network = NetworkEstimate(
        build_network(config, None),
        PhysicsEstimate(None, config.prior),
        sequence_length=16,
        batch_size=5,
        device=cpu,
        trainer=lambda net, prior, fold, stop: net,
    ).fit(fold, fold)
    assert network.name == SUBMITTED
    ours, physics = (one.predict(fold.planets).spectra for one in (network, network.physics))
    np.testing.assert_allclose(ours.mu, physics.mu, rtol=1e-6)
    np.testing.assert_allclose(ours.sigma, physics.sigma, rtol=1e-5)
    with pytest.raises(ValueError, match="no trainer"):
        replace(network, trainer=None).fit(fold, fold)
