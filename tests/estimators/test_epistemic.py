"""Several answers in one: the law of total variance, and dropout that is the same every time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spectramind.config.model import ModelConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.estimators.artifact import Artifact, Member
from spectramind.estimators.epistemic import Epistemic, combined
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.models.network import SpectraMind
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.temperature import Temperature

CPU = torch.device("cpu")


def filled(value: float) -> np.ndarray:
    return np.full((1, N_BINS), value)


def test_the_law_of_total_variance_by_hand() -> None:
    """mu 1, 3 and sigma 1, 7 (in 1e-3): mean 2, aleatoric^2 = (1 + 49) / 2, epistemic^2 = 1."""
    mu = 1e-3 * np.stack([filled(1.0), filled(3.0)])
    sigma = 1e-3 * np.stack([filled(1.0), filled(7.0)])
    found = combined(("p",), mu, sigma)
    assert found.parts is not None
    np.testing.assert_allclose(found.spectra.mu, 2e-3)
    np.testing.assert_allclose(found.parts.aleatoric, 5e-3)
    np.testing.assert_allclose(found.parts.epistemic, 1e-3)
    np.testing.assert_allclose(found.spectra.sigma, 1e-3 * np.sqrt(26.0))


def test_it_is_the_moments_of_the_mixture() -> None:
    rng = np.random.default_rng(1)
    mu, sigma = rng.normal(1e-2, 1e-4, (3, 1, N_BINS)), rng.uniform(5e-5, 2e-4, (3, 1, N_BINS))
    found = combined(("p",), mu, sigma).spectra
    which = rng.integers(3, size=200_000)
    drawn = mu[which, 0, 5] + sigma[which, 0, 5] * rng.standard_normal(200_000)
    assert found.mu[0, 5] == pytest.approx(drawn.mean(), abs=1e-6)
    assert found.sigma[0, 5] == pytest.approx(drawn.std(), rel=0.01)


def test_a_negative_mean_is_no_spectrum() -> None:
    found = combined(("p",), np.stack([filled(-3e-3), filled(1e-3)]), np.stack([filled(1e-3)] * 2))
    assert (found.spectra.mu == 0).all()
    np.testing.assert_allclose(found.parts.epistemic, 2e-3)


@pytest.fixture
def planets() -> LabelledPlanets:
    rng = np.random.default_rng(3)
    truth = rng.uniform(0.01, 0.02, (9, 1)) + 1e-4 * rng.standard_normal((9, N_BINS))
    seen = []
    for number, y in enumerate(truth):
        visit = Measurement(y + 5e-5, np.full(N_BINS, 2.5e-9), np.zeros((N_BINS, 1)))
        curve = 1 + 1e-3 * rng.standard_normal((40, 2))
        seen.append(Planet(f"p{number}", (visit,), curve, np.ones((40, 2)), curve - 1))
    return LabelledPlanets(tuple(seen), truth)


def opinionated(config: ModelConfig, seed: int) -> SpectraMind:
    """A network whose heads are not zero any more."""
    torch.manual_seed(seed)
    network = build_network(config, None)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.startswith(("decoder_mu", "head_sigma")) and not value.any():
                value.normal_(0, 0.1)
    return network.eval()


@pytest.fixture
def network(small: ModelConfig, planets: LabelledPlanets) -> NetworkEstimate:
    physics = PhysicsEstimate(None, small.prior).fit(planets, planets)
    return NetworkEstimate(opinionated(small, 1), physics, 32, 4, CPU)


def test_an_ensemble_is_its_members_combined(
    small: ModelConfig, planets: LabelledPlanets, network: NetworkEstimate
) -> None:
    other = opinionated(small, 2)
    every = [network, replace(network, network=other)]
    singles = [one.predict(planets.planets) for one in every]
    both = replace(network, others=(other,), epistemic=Epistemic("ensemble"))
    found = both.predict(planets.planets)
    mu = np.stack([one.spectra.mu for one in singles])
    sigma = np.stack([one.spectra.sigma for one in singles])
    expected = combined(planets.ids, mu, sigma)
    np.testing.assert_array_equal(found.spectra.mu, expected.spectra.mu)
    np.testing.assert_array_equal(found.spectra.sigma, expected.spectra.sigma)
    assert found.parts.epistemic.min() >= 0
    assert found.parts.epistemic.mean() > 1e-8
    assert singles[0].parts is None


def test_dropout_draws_the_same_every_time_whoever_is_beside(
    planets: LabelledPlanets, network: NetworkEstimate
) -> None:
    drawing = replace(network, epistemic=Epistemic("mc_dropout", 6, 11))
    torch.manual_seed(0)
    state = torch.get_rng_state()
    one = drawing.predict(planets.planets)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(99)
    again = drawing.predict(planets.planets)
    np.testing.assert_array_equal(one.spectra.mu, again.spectra.mu)
    np.testing.assert_array_equal(one.spectra.sigma, again.spectra.sigma)
    some = replace(drawing, batch_size=2).predict(planets.planets[3:6])
    np.testing.assert_allclose(some.spectra.mu, one.spectra.mu[3:6], rtol=1e-5)
    np.testing.assert_allclose(
        some.parts.epistemic, one.parts.epistemic[3:6], rtol=1e-2, atol=1e-10
    )
    assert one.parts.epistemic.mean() > 1e-8
    other = replace(drawing, epistemic=Epistemic("mc_dropout", 6, 12)).predict(planets.planets)
    assert not np.array_equal(other.spectra.mu, one.spectra.mu)
    assert not network.network.training


def test_latents_are_the_networks_own_whatever_the_batch(
    planets: LabelledPlanets, network: NetworkEstimate
) -> None:
    found = replace(network, epistemic=Epistemic("mc_dropout", 6, 11)).latents(planets.planets)
    assert found.shape == (len(planets), network.network.fusion.mlp[-1].out_features)
    assert np.ptp(found, axis=0).min() > 0
    by_two = replace(network, batch_size=2).latents(planets.planets)
    np.testing.assert_allclose(by_two, found, rtol=1e-4, atol=1e-6)


def test_parts_come_back_from_the_file_and_grow_with_sigma(tmp_path: Path) -> None:
    raw = combined(
        ("a", "b"),
        np.random.default_rng(1).uniform(0.01, 0.02, (3, 2, N_BINS)),
        np.random.default_rng(2).uniform(1e-5, 2e-5, (3, 2, N_BINS)),
    )
    wider = Calibrators(Temperature(1.5, 9)).apply(raw)
    np.testing.assert_allclose(wider.parts.epistemic, 1.5 * raw.parts.epistemic)
    np.testing.assert_allclose(
        np.hypot(wider.parts.aleatoric, wider.parts.epistemic), wider.spectra.sigma
    )
    wider.save(tmp_path / "spectra.npz")
    again = Predictive.load(tmp_path / "spectra.npz").select(["b"])
    np.testing.assert_array_equal(again.parts.aleatoric, wider.parts.aleatoric[1:])
    Predictive(wider.spectra).save(tmp_path / "plain.npz")
    assert Predictive.load(tmp_path / "plain.npz").parts is None


def test_a_checkpoint_holds_every_member(
    small: ModelConfig, planets: LabelledPlanets, network: NetworkEstimate, tmp_path: Path
) -> None:
    kept = Artifact(
        network=network.network,
        prior=network.physics.learnt,
        model=small,
        seam=None,
        sequence_length=32,
        epoch=3,
        history=[],
        settings="s",
        train_ids=("1",),
        stop_ids=("2",),
        others=(Member(opinionated(small, 2), 4, [{"epoch": 0.0}]),),
        epistemic=Epistemic("ensemble"),
    )
    kept.save(tmp_path / "best.pt")
    again = Artifact.load(tmp_path / "best.pt")
    assert (again.others[0].epoch, again.others[0].history) == (4, [{"epoch": 0.0}])
    before, after = (
        one.members(CPU, 4)["spectramind"].predict(planets.planets) for one in (kept, again)
    )
    np.testing.assert_array_equal(before.spectra.sigma, after.spectra.sigma)
    np.testing.assert_array_equal(before.parts.epistemic, after.parts.epistemic)
    drawing = replace(again, others=(), epistemic=Epistemic("mc_dropout", 3, 5))
    assert drawing.members(CPU, 4)["spectramind"].predict(planets.planets).parts is not None
    physics = replace(drawing, epoch=0)
    assert physics.members(CPU, 4)["spectramind"].predict(planets.planets).parts is None
