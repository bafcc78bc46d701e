"""The quantile head: ordered, a Gaussian at first, and found again from skewed truths."""

import dataclasses

import pytest
import torch

from spectramind.config.compose import compose
from spectramind.instrument.graph import build_graph
from spectramind.models.likelihood import gaussian_nll
from spectramind.models.network import Inputs, Outputs, SpectraMind
from spectramind.models.quantiles import LEVELS, Z90, ascending, moments, pinball
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.objective import Objective


@pytest.fixture
def model(make_config) -> SpectraMind:
    torch.manual_seed(0)
    config = make_config(head_sigma={"type": "quantile"})
    return SpectraMind(config, build_graph(), fgs1_channels=3, node_channels=5).eval()


def test_untrained_it_is_the_physics_estimates_gaussian(model: SpectraMind, batch: Inputs) -> None:
    out = model(batch)
    assert torch.equal(out.mu, batch.mu0)
    torch.testing.assert_close(out.sigma, batch.sigma0, rtol=1e-6, atol=0)
    normal = torch.distributions.Normal(batch.mu0, batch.sigma0)
    for quantile, level in zip(out.quantiles.unbind(1), LEVELS, strict=True):
        torch.testing.assert_close(quantile, normal.icdf(torch.tensor(level)), rtol=0, atol=3e-9)


def test_quantiles_never_cross(model: SpectraMind, batch: Inputs) -> None:
    for scale in (1.0, 100.0):
        torch.nn.init.normal_(model.head_sigma.out.weight, std=scale)
        torch.nn.init.normal_(model.decoder_mu.refine.out.weight, std=1.0)
        tiny = dataclasses.replace(batch, sigma0=torch.full_like(batch.sigma0, 1e-9))
        for inputs in (batch, tiny):
            low, middle, high = model(inputs).quantiles.unbind(1)
            assert (low < middle).all()
            assert (middle < high).all()


def test_moments_by_hand() -> None:
    mean, sigma = moments(*(torch.tensor([[value]]) for value in (0.01, 1e-4, 3e-4)))
    assert mean.item() == pytest.approx(0.01 + 0.3 * Z90 * 2e-4, rel=1e-6)
    points = torch.tensor([0.01 - Z90 * 1e-4, 0.01, 0.01 + Z90 * 3e-4], dtype=torch.float64)
    weights = torch.tensor([0.3, 0.4, 0.3], dtype=torch.float64)
    about = (weights * (points - (weights * points).sum()) ** 2).sum().sqrt()
    assert sigma.item() == pytest.approx(about.item() / (0.6 * Z90**2) ** 0.5, rel=1e-4)


def test_moments_of_a_skewed_distribution() -> None:
    truth = torch.distributions.Gamma(8.0, 1.0)
    torch.manual_seed(0)
    drawn = truth.sample((400_000,)).double()
    low, middle, high = drawn.quantile(torch.tensor(LEVELS, dtype=torch.float64)).tolist()
    sides = ((middle - low) / Z90, (high - middle) / Z90)
    mean, sigma = moments(*(torch.tensor([[v]], dtype=torch.float64) for v in (middle, *sides)))
    assert mean.item() == pytest.approx(8.0, rel=0.01)
    assert sigma.item() == pytest.approx(8.0**0.5, rel=0.03)


def test_pinball_by_hand() -> None:
    quantiles = torch.tensor([[[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]]])
    y, sigma, weight = (
        torch.tensor([[3.0, 0.0]]),
        torch.tensor([[2.0, 1.0]]),
        torch.tensor([3.0, 1]),
    )
    first = (0.1 * 2 + 0.5 * 1 + 0.1 * 1) / 2
    assert pinball(quantiles, sigma, y, weight).tolist() == pytest.approx([3 * first / 4])


def test_the_loss_finds_the_quantiles_of_skewed_truths() -> None:
    """A depth's true distribution is exponential: q10, q50, q90 are 0.105, 0.693, 2.303."""
    torch.manual_seed(0)
    y = torch.distributions.Exponential(1.0).sample((4000, 4))
    raw = torch.zeros(3, 4, requires_grad=True)
    optimizer = torch.optim.Adam([raw], lr=0.05)
    for _ in range(400):
        below, above = (torch.nn.functional.softplus(raw[i]).expand(4000, 4) for i in (1, 2))
        quantiles = ascending(raw[0].expand(4000, 4), below, above)
        optimizer.zero_grad()
        pinball(quantiles, torch.ones_like(y), y, torch.ones(4)).mean().backward()
        optimizer.step()
    found = quantiles[0].mean(-1)
    torch.testing.assert_close(found, torch.tensor([0.105, 0.693, 2.303]), rtol=0.05, atol=0.02)


def test_every_side_learns(model: SpectraMind, batch: Inputs) -> None:
    out = model(batch)
    y = batch.mu0 + batch.sigma0  # as wide as stated: the likelihood alone moves the mean
    objective = Objective(SymbolicPack(compose().loss), 0.0)
    loss = objective.likelihood(out, y)
    assert loss.shape == (4,)
    assert (loss > gaussian_nll(out.mu, out.sigma, y, objective.weight)).all()
    loss.mean().backward()
    below, above = model.head_sigma.out.bias.grad
    assert above < 0 < below  # wider above, narrower below


def test_a_gaussian_head_has_no_quantiles(make_config, batch: Inputs) -> None:
    out: Outputs = SpectraMind(make_config(), build_graph(), 3, 5).eval()(batch)
    assert out.quantiles is None
    objective = Objective(SymbolicPack(compose().loss), 0.0)
    expected = gaussian_nll(out.mu, out.sigma, batch.mu0, objective.weight)
    assert torch.equal(objective.likelihood(out, batch.mu0), expected)


def test_quantiles_out_of_order_cost(model: SpectraMind, batch: Inputs) -> None:
    """The objective hands quantiles to the rule that reads them."""
    out = model(batch)
    objective = Objective(SymbolicPack(compose().loss), 0.0)
    sound = objective(batch, out, batch.mu0).symbolic["qm"]
    turned = objective(batch, dataclasses.replace(out, quantiles=out.quantiles.flip(1)), batch.mu0)
    assert turned.symbolic["qm"] > sound == 0.0
