"""The diffusion decoder: physics at first, exact modes, a known Gaussian's flow, skew found."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.config.model import DecoderConfig
from spectramind.instrument.graph import build_graph
from spectramind.models.diffusion import DiffusionDecoder, correlation, even_noise, modes_of
from spectramind.models.network import Inputs, SpectraMind
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.objective import Objective

RNG = np.random.default_rng(5)


@pytest.fixture
def model(make_config) -> SpectraMind:
    torch.manual_seed(0)
    config = make_config(decoder_mu={"type": "diffusion"})
    return SpectraMind(config, build_graph(), fgs1_channels=3, node_channels=5).eval()


@pytest.fixture
def decoder() -> DiffusionDecoder:
    """Two modes, so that what it learns can be told by hand."""
    torch.manual_seed(0)
    sizes = {"modes": 2, "samples": 512, "steps": 12}
    config = {"type": "diffusion", "scales": [283], "hidden": 32, "aux_loss": False}
    return DiffusionDecoder(DecoderConfig.model_validate(config | {"diffusion": sizes}), 4, 4)


def objective() -> Objective:
    return Objective(SymbolicPack(compose().loss), 0.5)


def awake(model: SpectraMind) -> SpectraMind:
    torch.nn.init.normal_(model.decoder_mu.velocity.out.weight, std=0.3)
    return model


def test_untrained_it_is_the_physics_estimate(model: SpectraMind, batch: Inputs) -> None:
    for _ in range(2):  # whatever its modes are
        out = model(batch)
        assert torch.equal(out.mu, batch.mu0)
        torch.testing.assert_close(out.sigma, batch.sigma0, rtol=1e-5, atol=0)
        assert out.scales == ()
        model.decoder_mu.learn_modes(RNG.standard_normal((30, 283)) + RNG.standard_normal((30, 1)))


def test_answers_are_the_same_bit_for_bit_of_the_same_weights(
    make_config, model: SpectraMind, batch: Inputs
) -> None:
    awake(model).decoder_mu.learn_modes(RNG.standard_normal((30, 283)))
    first = model(batch)
    torch.manual_seed(99)
    again = model(batch)
    assert (first.mu - batch.mu0).abs().max() > 1e-6
    assert torch.equal(first.mu, again.mu)
    assert torch.equal(first.sigma, again.sigma)
    other = SpectraMind(make_config(decoder_mu={"type": "diffusion"}), build_graph(), 3, 5).eval()
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(batch).mu, first.mu)


def test_modes_hold_fgs1_and_read_themselves() -> None:
    level = RNG.standard_normal((200, 1))
    z = 0.8 * level + 0.6 * RNG.standard_normal((200, 283))
    correlated = correlation(z)
    modes, readings = modes_of(correlated, 25)
    np.testing.assert_allclose(readings @ modes, np.eye(25), atol=1e-8)
    np.testing.assert_allclose(readings @ correlated @ readings.T, np.eye(25), atol=1e-8)
    left = 1 - (modes**2).sum(axis=1)
    assert left[0] == pytest.approx(0.0, abs=1e-9)
    assert (left > -1e-9).all()
    assert left[1:].mean() < 0.4


def test_correlation_of_no_planet_and_of_many() -> None:
    np.testing.assert_allclose(np.diagonal(correlation(np.zeros((0, 283)))), 1.0)
    assert np.linalg.eigvalsh(correlation(np.zeros((0, 283)))).min() > 0
    many = correlation(3.0 * RNG.standard_normal((20_000, 283)))
    np.testing.assert_allclose(np.diagonal(many), 1.0)
    assert np.abs(many - np.eye(283)).max() < 0.05


def test_noise_has_the_moments_of_a_normal_exactly() -> None:
    noise = even_noise(128, 25)
    np.testing.assert_allclose(noise.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(noise.T @ noise / 128, np.eye(25), atol=1e-12)


class Exact(torch.nn.Module):
    """The best v of c ~ N(mean, sigma^2), by hand: E[cos e - sin c | x]."""

    def __init__(self, mean: float, sigma: float) -> None:
        super().__init__()
        self.mean, self.sigma = mean, sigma

    def forward(self, x: torch.Tensor, a: torch.Tensor, _: torch.Tensor) -> torch.Tensor:
        total = (a.cos() * self.sigma) ** 2 + a.sin() ** 2
        off = x - a.cos() * self.mean
        c = self.mean + a.cos() * self.sigma**2 / total * off
        return a.cos() * a.sin() / total * off - a.sin() * c


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (1.5, 0.5), (-2.0, 2.0)])
def test_the_known_flow_of_a_gaussian_gives_its_moments(
    decoder: DiffusionDecoder, mean: float, sigma: float
) -> None:
    decoder.velocity = Exact(mean, sigma)
    drawn = decoder.samples(torch.zeros(1, 32))[0]
    torch.testing.assert_close(drawn.mean(0), torch.full((2,), mean), rtol=0, atol=0.02)
    torch.testing.assert_close(drawn.std(0), torch.full((2,), sigma), rtol=0.02, atol=0)


def test_the_loss_of_known_velocities(decoder: DiffusionDecoder) -> None:
    """Of c ~ N(m, s^2) an untrained one loses E v^2 / 2, the best one E Var(v | x) / 2: with
    q = cos^2 s^2 + sin^2, averages over the angle of (cos^2 + sin^2 (s^2 + m^2)) / 2 and s^2 / 2q.
    """
    mean, sigma = 1.5, 0.5
    c = mean + sigma * torch.randn(4000, 2)
    z = c @ decoder.modes.T
    angle = torch.linspace(0, 0.5 * math.pi, 10_001, dtype=torch.float64)
    total = (angle.cos() * sigma) ** 2 + angle.sin() ** 2
    untrained = (angle.cos() ** 2 + angle.sin() ** 2 * (sigma**2 + mean**2)).mean() / 2
    best = (sigma**2 / total).mean() / 2
    context = torch.zeros(4000, 32)
    found = decoder.matching_loss(z, context).mean().item()
    assert found == pytest.approx(untrained.item(), rel=0.02)
    decoder.velocity = Exact(mean, sigma)
    assert decoder.matching_loss(z, context).mean().item() == pytest.approx(best.item(), rel=0.02)


def test_it_finds_skewed_truths(decoder: DiffusionDecoder) -> None:
    """FGS1's residual is an exponential: mean 1, sigma 1, skewness 2, q10 0.105; the Gaussian of
    the same moments has no skewness and its q10 at -0.28.
    """
    rng = torch.Generator().manual_seed(2)
    optimizer = torch.optim.Adam(decoder.velocity.parameters(), lr=5e-3)
    for _ in range(400):
        c = torch.stack([-torch.rand(256, generator=rng).log(), torch.randn(256, generator=rng)], 1)
        optimizer.zero_grad()
        decoder.matching_loss(c @ decoder.modes.T, torch.zeros(256, 32)).mean().backward()
        optimizer.step()
    with torch.no_grad():
        drawn = decoder.samples(torch.zeros(1, 32))[0]
    mean, sigma = drawn.mean(0), drawn.std(0)
    torch.testing.assert_close(mean, torch.tensor([1.0, 0.0]), rtol=0, atol=0.15)
    torch.testing.assert_close(sigma, torch.tensor([1.0, 1.0]), rtol=0, atol=0.2)
    skew = (((drawn - mean) / sigma) ** 3).mean(0)
    assert skew[0] > 1.0
    assert drawn[:, 0].quantile(0.1).item() == pytest.approx(0.105, abs=0.1)
    assert abs(skew[1]) < 0.4


def test_every_part_learns(model: SpectraMind, batch: Inputs) -> None:
    awake(model)
    torch.nn.init.normal_(model.head_sigma.out.weight, std=0.1)
    torch.manual_seed(3)
    objective()(batch, model(batch), batch.mu0 + batch.sigma0).total.backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_what_is_judged_draws_nothing(model: SpectraMind, batch: Inputs) -> None:
    out, y = awake(model)(batch), batch.mu0 + batch.sigma0
    state = torch.get_rng_state()
    first = objective().submitted(out, y)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(objective().submitted(out, y), first)
    extra = objective().likelihood(out, y) - first
    assert not torch.equal(torch.get_rng_state(), state)
    assert (extra > 0).all()


def test_planets_do_not_see_each_other(model: SpectraMind, batch: Inputs) -> None:
    together = awake(model)(batch)
    for planet in range(4):
        one = slice(planet, planet + 1)
        rows = [getattr(batch, f.name)[one] for f in dataclasses.fields(batch)]
        alone = model(Inputs(*rows))
        torch.testing.assert_close(alone.mu[0], together.mu[planet], rtol=1e-5, atol=1e-9)
        torch.testing.assert_close(alone.sigma[0], together.sigma[planet], rtol=1e-4, atol=1e-10)


@pytest.mark.parametrize("head", ["quantile", "flow"])
def test_any_head_sits_on_it(make_config, batch: Inputs, head: str) -> None:
    config = make_config(decoder_mu={"type": "diffusion"}, head_sigma={"type": head})
    network = SpectraMind(config, build_graph(), 3, 5).eval()
    out = network(batch)
    assert torch.equal(out.mu, batch.mu0)
    torch.testing.assert_close(out.sigma, batch.sigma0, rtol=1e-5, atol=0)


def test_autocast_keeps_sigma_whole(model: SpectraMind, batch: Inputs) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = model(batch)
    assert torch.equal(out.mu, batch.mu0)
    torch.testing.assert_close(out.sigma, batch.sigma0, rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    "sizes", [{"samples": 40}, {"samples": 65}, {"modes": 1}, {"steps": 0}, {"kind": "ddpm"}]
)
def test_impossible_sizes_are_refused(make_config, sizes: dict) -> None:
    diffusion = {"modes": 25, "samples": 64, "steps": 8} | sizes
    with pytest.raises(ValidationError):
        make_config(decoder_mu={"type": "diffusion", "diffusion": diffusion})


def test_it_stays_on_its_inputs_device(decoder: DiffusionDecoder) -> None:
    """A tensor of another device beside it would be refused."""
    context = torch.zeros(3, 32, device="meta")
    decoder = decoder.to("meta")
    assert decoder.samples(context).device.type == "meta"
    assert decoder.matching_loss(torch.zeros(3, 283, device="meta"), context).shape == (3,)
