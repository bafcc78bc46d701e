"""The objective: the official score in torch is the official score."""

import numpy as np
import pytest
import torch

from spectramind.config.compose import compose
from spectramind.evaluation.official import element_scores, naive_moments, planet_scores
from spectramind.instrument.grid import N_BINS
from spectramind.models.network import Inputs, Outputs
from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.rule import known_rules
from spectramind.training.objective import Objective


def drawn() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    truth = rng.normal(0.015, 0.003, (5, 1)) + rng.normal(0, 1e-4, (5, N_BINS))
    sigma = rng.uniform(5e-5, 3e-4, (5, N_BINS))
    return truth, truth + sigma * rng.standard_normal(truth.shape), sigma


def outputs(mu: torch.Tensor, sigma: torch.Tensor) -> Outputs:
    nothing = torch.zeros(len(mu), 1)
    return Outputs(mu, sigma, (), nothing, nothing, nothing)


def objective(naive: tuple[float, float] | None) -> Objective:
    rules = [f"loss.lambda_{name}=0" for name in known_rules()]
    return Objective(SymbolicPack(compose(rules).loss), 0.0, naive)


def test_the_score_is_the_official_one() -> None:
    truth, mu, sigma = drawn()
    naive = naive_moments(truth)
    expected = planet_scores(element_scores(truth, mu, sigma, *naive))
    y, m, s = (torch.from_numpy(a).float() for a in (truth, mu, sigma))
    found = objective(naive).likelihood(outputs(m, s), y)
    np.testing.assert_allclose(-found.numpy(), expected, atol=2e-4)
    inputs = Inputs(y, y, m, s)
    whole = objective(naive)(inputs, outputs(m, s), y)
    assert float(whole.total) == pytest.approx(-expected.mean(), abs=2e-4)


def test_its_best_sigma_is_the_error_itself() -> None:
    """Both objectives have their optimum where sigma is the root mean square error."""
    truth, mu, _ = drawn()
    y = torch.from_numpy(truth).float()
    m = torch.from_numpy(truth + 1e-4 * np.sign(mu - truth)).float()
    for naive in (None, naive_moments(truth)):
        log_sigma = torch.full((5, N_BINS), float(np.log(1e-4)), requires_grad=True)
        loss = objective(naive).likelihood(outputs(m, log_sigma.exp()), y).sum()
        loss.backward()
        wide = torch.full_like(log_sigma, 1.2e-4)
        narrow = torch.full_like(log_sigma, 0.8e-4)
        for other in (wide, narrow):
            assert objective(naive).likelihood(outputs(m, other), y).sum() > loss
        assert log_sigma.grad.abs().max() < 2e-4
