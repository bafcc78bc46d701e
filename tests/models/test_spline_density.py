"""The flow head: a Gaussian at first, an exact likelihood, and skewed truths that it finds."""

import dataclasses
import sys

import pytest
import torch
from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.errors import ConfigError
from spectramind.instrument.graph import build_graph
from spectramind.models.likelihood import gaussian_nll
from spectramind.models.network import Inputs, SpectraMind
from spectramind.models.quantiles import LEVELS
from spectramind.models.spline_density import SplineDensity, parameter_count
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.objective import Objective

SCALE = 3e-5


@pytest.fixture
def model(make_config) -> SpectraMind:
    torch.manual_seed(0)
    config = make_config(head_sigma={"type": "flow", "quantiles": True})
    return SpectraMind(config, build_graph(), fgs1_channels=3, node_channels=5).eval()


@pytest.fixture
def bent() -> SplineDensity:
    """Two planets, three bins, splines of any shape, in float64."""
    rng = torch.Generator().manual_seed(3)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    scale = SCALE * (1 + normal(2, 3).square())
    return SplineDensity(0.01 + 1e-4 * normal(2, 3), scale, 0.5 * normal(2, 3, parameter_count(8)))


def grid(density: SplineDensity) -> torch.Tensor:
    """Depths from -9 to 9 scales, (n, 2, 3)."""
    steps = torch.linspace(-9, 9, 40_001, dtype=torch.float64).view(-1, 1, 1)
    return density.centre + density.scale * steps


def densities(density: SplineDensity, y: torch.Tensor) -> torch.Tensor:
    """p(y) of every bin by itself, (n, 2, 3)."""
    one = torch.eye(3, dtype=torch.float64)
    return torch.stack([torch.exp(-density.nll(y, one[i])) for i in range(3)], dim=-1)


def test_untrained_it_is_the_physics_estimates_gaussian(model: SpectraMind, batch: Inputs) -> None:
    out = model(batch)
    assert torch.equal(out.mu, batch.mu0)
    torch.testing.assert_close(out.sigma, batch.sigma0, rtol=2e-6, atol=0)
    normal = torch.distributions.Normal(batch.mu0, batch.sigma0)
    for quantile, level in zip(out.quantiles.unbind(1), LEVELS, strict=True):
        torch.testing.assert_close(quantile, normal.icdf(torch.tensor(level)), rtol=0, atol=3e-9)
    objective = Objective(SymbolicPack(compose().loss), 0.0)
    y = batch.mu0 + 0.7 * batch.sigma0
    expected = gaussian_nll(batch.mu0, batch.sigma0, y, objective.weight)
    torch.testing.assert_close(objective.likelihood(out, y), expected, rtol=1e-5, atol=0)


def test_the_likelihood_is_a_density_and_the_moments_are_its_own(bent: SplineDensity) -> None:
    y = grid(bent)
    p = densities(bent, y)

    def integral(of: torch.Tensor) -> torch.Tensor:
        return torch.trapezoid(p * of, y, dim=0)

    torch.testing.assert_close(
        integral(torch.ones_like(y)), torch.ones(2, 3).double(), rtol=1e-5, atol=0
    )
    mean = integral(y)
    sigma = integral((y - mean).square()).sqrt()
    found = bent.moments()
    assert ((found[0] - mean) / sigma).abs().max() < 5e-3
    assert (found[1] / sigma - 1).abs().max() < 5e-3
    assert ((mean - bent.centre) / sigma).abs().max() > 0.1  # no Gaussians


def test_quantiles_hold_their_share(bent: SplineDensity) -> None:
    y = grid(bent)
    p = densities(bent, y)
    for quantile, level in zip(bent.quantiles().unbind(1), LEVELS, strict=True):
        share = torch.trapezoid(p * (y <= quantile), y, dim=0)
        torch.testing.assert_close(share, torch.full_like(share, level), rtol=0, atol=2e-3)


def test_it_finds_skewed_truths_that_a_gaussian_cannot() -> None:
    """A depth's truth is an exponential of scale 1: its entropy is 1 nat, a Gaussian's 1.419."""
    torch.manual_seed(0)
    y = torch.distributions.Exponential(1.0).sample((4000, 1))
    seen, other = y[:2000], y[2000:]
    raw = torch.zeros(2 + parameter_count(8), requires_grad=True)

    def density(rows: int) -> SplineDensity:
        one = raw.expand(rows, 1, -1)
        return SplineDensity(one[..., 0], one[..., 1].exp(), one[..., 2:])

    optimizer = torch.optim.Adam([raw], lr=0.03)
    for _ in range(300):
        optimizer.zero_grad()
        density(2000).nll(seen, torch.ones(1)).mean().backward()
        optimizer.step()
    with torch.no_grad():
        loss = density(2000).nll(other, torch.ones(1)).mean().item()
        mean, sigma = (float(value[0, 0]) for value in density(1).moments())
    best = gaussian_nll(other.mean(), other.std(), other, torch.ones(1)).mean().item()
    assert 0.95 < loss < best - 0.25
    assert mean == pytest.approx(1.0, abs=0.06)
    assert sigma == pytest.approx(1.0, abs=0.1)


def test_every_number_of_the_head_learns(model: SpectraMind, batch: Inputs) -> None:
    objective = Objective(SymbolicPack(compose().loss), 0.0)
    y = batch.mu0 + batch.sigma0 * torch.randn(4, 283, generator=torch.Generator().manual_seed(1))
    objective(batch, model(batch), y).total.backward()
    assert model.head_sigma.out.bias.grad.abs().min() > 0
    assert model.decoder_mu.refine.out.bias.grad.abs().min() > 0


def test_sigma_never_falls_below_its_floor(model: SpectraMind, batch: Inputs) -> None:
    torch.nn.init.normal_(model.head_sigma.out.weight, std=30.0)
    tiny = dataclasses.replace(batch, sigma0=torch.full_like(batch.sigma0, 1e-9))
    for inputs in (batch, tiny):
        out = model(inputs)
        assert (out.sigma >= 5e-6).all()
        assert torch.isfinite(out.mu).all()
        low, middle, high = out.quantiles.unbind(1)
        assert (low <= middle).all()
        assert (middle <= high).all()


def test_the_score_as_objective_judges_its_mean_and_sigma(
    model: SpectraMind, batch: Inputs
) -> None:
    torch.nn.init.normal_(model.head_sigma.out.weight, std=1.0)
    out, naive = model(batch), (0.01, 1e-3)
    objective = Objective(SymbolicPack(compose().loss), 0.0, naive)
    plain = dataclasses.replace(out, density=None, quantiles=None)
    y = batch.mu0 + batch.sigma0
    assert torch.equal(objective.likelihood(out, y), objective.likelihood(plain, y))


def test_quantiles_only_on_request_and_never_of_a_gaussian(make_config, batch: Inputs) -> None:
    config = make_config(head_sigma={"type": "flow"})
    assert SpectraMind(config, build_graph(), 3, 5)(batch).quantiles is None
    with pytest.raises(ValidationError, match="needs type quantile or flow"):
        make_config(head_sigma={"quantiles": True})


def test_without_zuko_one_line_says_how_to_get_it(
    make_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zuko.transforms", None)
    with pytest.raises(ConfigError, match=r"^model\.head_sigma\.type=flow needs .*no-deps zuko"):
        SpectraMind(make_config(head_sigma={"type": "flow"}), build_graph(), 3, 5)


def test_it_stays_on_its_inputs_device() -> None:
    """A tensor of another device beside it would be refused."""
    y, numbers = torch.zeros(2, 3, device="meta"), torch.zeros(2, 3, 23, device="meta")
    density = SplineDensity(y, y, numbers)
    answers = (
        *density.moments(),
        density.quantiles(),
        density.nll(y, torch.ones(3, device="meta")),
    )
    assert {answer.device.type for answer in answers} == {"meta"}
