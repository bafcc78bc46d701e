"""Spline densities and samples as estimates: kept by a checkpoint, the same bits every time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spectramind.config.model import ModelConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import SUBMITTED
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.epistemic import Epistemic
from spectramind.instrument.grid import N_BINS
from spectramind.models.assembly import build_network
from spectramind.prior.prior_fit import fit_prior

CPU = torch.device("cpu")
CHANGES = {"head_sigma": {"type": "flow"}, "decoder_mu": {"type": "diffusion"}}


@pytest.fixture(scope="module")
def planets() -> LabelledPlanets:
    rng = np.random.default_rng(3)
    truth = rng.uniform(0.01, 0.02, (6, 1)) + 1e-4 * rng.standard_normal((6, N_BINS))
    seen = []
    for number, y in enumerate(truth):
        visit = Measurement(y + 5e-5, np.full(N_BINS, 2.5e-9), np.full((N_BINS, 1), 3e-5))
        curve = 1 + 1e-3 * rng.standard_normal((40, 2))
        seen.append(Planet(f"p{number}", (visit,), curve, np.ones((40, 2)), curve - 1))
    return LabelledPlanets(tuple(seen), truth)


def artifact(small: ModelConfig, planets: LabelledPlanets, part: str, trained: bool) -> Artifact:
    tree = small.model_dump()
    tree[part] |= CHANGES[part]
    config = ModelConfig.model_validate(tree)
    torch.manual_seed(1)
    network = build_network(config, None).eval()
    if part == "decoder_mu":
        network.decoder_mu.learn_modes(np.random.default_rng(0).standard_normal((9, N_BINS)))
    with torch.no_grad():
        for value in network.parameters() if trained else ():
            if not value.any():
                value.normal_(0, 0.1)
    visits = [planet.measurements for planet in planets.planets]
    prior = fit_prior(planets.truth, visits, config.prior)
    about = {"model": config, "seam": None, "sequence_length": 32, "history": [], "settings": "s"}
    seen = {"train_ids": planets.ids, "stop_ids": ()}
    return Artifact(network=network, prior=prior, epoch=int(trained), **about, **seen)


@pytest.mark.parametrize("part", CHANGES)
def test_a_checkpoint_gives_the_same_bits_again(
    small: ModelConfig, planets: LabelledPlanets, part: str, tmp_path: Path
) -> None:
    before = artifact(small, planets, part, trained=True)
    before.save(tmp_path / "best.pt")
    after = Artifact.load(tmp_path / "best.pt")
    assert after.model == before.model
    answers = []
    for seed, one in enumerate((before, after, after)):
        torch.manual_seed(seed)
        answers.append(one.members(CPU, 4)[SUBMITTED].predict(planets.planets).spectra)
    physics = before.members(CPU, 4)["physics"].predict(planets.planets).spectra
    assert np.abs((answers[0].mu - physics.mu) / physics.sigma).max() > 0.01
    for other in answers[1:]:
        np.testing.assert_array_equal(other.mu, answers[0].mu)
        np.testing.assert_array_equal(other.sigma, answers[0].sigma)


@pytest.mark.parametrize("part", CHANGES)
def test_untrained_they_are_the_physics_estimate(
    small: ModelConfig, planets: LabelledPlanets, part: str
) -> None:
    members = artifact(small, planets, part, trained=False).members(CPU, 4)
    mine, physics = (
        members[name].predict(planets.planets).spectra for name in (SUBMITTED, "physics")
    )
    np.testing.assert_allclose(mine.mu, physics.mu, rtol=1e-7)
    np.testing.assert_allclose(mine.sigma, physics.sigma, rtol=1e-5)


@pytest.mark.parametrize("part", CHANGES)
def test_ignorance_comes_on_top(small: ModelConfig, planets: LabelledPlanets, part: str) -> None:
    """sigma^2 = mean of the passes' sigma^2 + variance of their means, as of any network."""
    trained = artifact(small, planets, part, trained=True)
    passes = replace(trained, epistemic=Epistemic("mc_dropout", 3))
    found = passes.members(CPU, 4)[SUBMITTED].predict(planets.planets)
    assert found.parts is not None
    assert (found.parts.epistemic > 0).any()
    total = found.parts.aleatoric**2 + found.parts.epistemic**2
    np.testing.assert_allclose(found.spectra.sigma**2, total, rtol=1e-6)
