"""The whole network: zero-initialised, independent across the batch, trainable, portable."""

import dataclasses

import pytest
import torch
from pydantic import ValidationError

from spectramind.instrument.graph import build_graph
from spectramind.models.likelihood import gaussian_nll
from spectramind.models.network import Inputs, SpectraMind

GRAPH = build_graph()
FUSIONS = ("concat_mlp", "gate", "cross-attend")


def network(config) -> SpectraMind:
    torch.manual_seed(0)
    return SpectraMind(config, GRAPH, fgs1_channels=3, node_channels=5)


def awake(model: SpectraMind) -> SpectraMind:
    """As if trained: no layer silent."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model.eval()


def rows(inputs: Inputs, index) -> Inputs:
    return Inputs(*(getattr(inputs, f.name)[index] for f in dataclasses.fields(inputs)))


@pytest.mark.parametrize("kind", FUSIONS)
def test_untrained_network_is_the_physics_estimate(make_config, batch: Inputs, kind: str) -> None:
    out = network(make_config(fusion={"type": kind}))(batch)
    assert torch.equal(out.mu, batch.mu0)
    torch.testing.assert_close(out.sigma, batch.sigma0, rtol=1e-6, atol=0)
    assert len(out.scales) == 2
    assert all(torch.equal(scale, batch.mu0) for scale in out.scales)


def test_sigma_never_falls_below_its_floor(make_config, batch: Inputs) -> None:
    model = awake(network(make_config()))
    tiny = dataclasses.replace(batch, sigma0=torch.full_like(batch.sigma0, 1e-9))
    assert torch.equal(model(tiny).sigma, torch.full_like(batch.sigma0, 5e-6))
    torch.nn.init.constant_(model.head_sigma.out.bias, -50.0)
    assert (model(batch).sigma >= 5e-6).all()


@pytest.mark.parametrize("kind", FUSIONS)
def test_planets_do_not_see_each_other(make_config, batch: Inputs, kind: str) -> None:
    model = awake(network(make_config(fusion={"type": kind})))
    together = model(batch)
    assert (together.mu - batch.mu0).abs().max() > 1e-6
    for planet in range(4):
        alone = model(rows(batch, slice(planet, planet + 1)))
        torch.testing.assert_close(alone.mu[0], together.mu[planet], rtol=1e-5, atol=1e-9)
        torch.testing.assert_close(alone.sigma[0], together.sigma[planet], rtol=1e-4, atol=1e-10)


def test_order_of_the_batch_does_not_matter(make_config, batch: Inputs) -> None:
    model = awake(network(make_config()))
    order = torch.tensor([2, 0, 3, 1])
    expected, got = model(batch), model(rows(batch, order))
    torch.testing.assert_close(got.mu, expected.mu[order], rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(got.latent, expected.latent[order], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("length", [1, 16, 130])
def test_any_number_of_time_steps(make_config, batch: Inputs, length: int) -> None:
    model = awake(network(make_config()))
    out = model(dataclasses.replace(batch, fgs1=torch.randn(4, length, 3)))
    assert torch.isfinite(out.mu).all()
    assert out.steps.shape[:2] == (4, -(-length // 2))


def test_every_parameter_gets_a_gradient_once_awake(make_config, batch: Inputs) -> None:
    model = awake(network(make_config(fusion={"type": "cross-attend"})))
    out = model(batch)
    gaussian_nll(out.mu, out.sigma, batch.mu0 + 1e-4, torch.ones(283)).mean().backward()
    silent = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == []


def test_learns_a_constant_offset(make_config, batch: Inputs) -> None:
    model = network(make_config())
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    truth = batch.mu0 + 2 * batch.sigma0
    losses = []
    for _ in range(30):
        out = model(batch)
        loss = gaussian_nll(out.mu, out.sigma, truth, torch.ones(283)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] - 1.0


def test_weights_load_into_a_second_network(make_config, batch: Inputs) -> None:
    first = awake(network(make_config()))
    second = SpectraMind(make_config(), GRAPH, fgs1_channels=3, node_channels=5).eval()
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(batch).mu, second(batch).mu)


def test_autocast_keeps_depths_in_float32(make_config, batch: Inputs) -> None:
    model = awake(network(make_config()))
    full = model(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = model(batch)
    assert half.mu.dtype == half.sigma.dtype == torch.float32
    # Half precision touches the correction only: far below the depth's own rounding in bfloat16.
    assert (half.mu - full.mu).abs().max() < 0.1 * batch.sigma0.max()


def test_inputs_move_between_devices(batch: Inputs) -> None:
    moved = batch.to("meta")
    devices = {getattr(moved, f.name).device.type for f in dataclasses.fields(moved)}
    assert devices == {"meta"}


@pytest.mark.parametrize(
    "change",
    [
        {"decoder_mu": {"scales": [16, 64]}},
        {"decoder_mu": {"scales": [2, 283]}},
        {"decoder_mu": {"scales": []}},
        {"airs_gnn": {"heads": 3}},
        {"airs_gnn": {"edge_features": ["colour"]}},
        {"airs_gnn": {"edge_types": ["colour"]}},
        {"airs_gnn": {"edge_types": []}},
        {"airs_gnn": {"type": "magic"}},
        {"fgs1_mamba": {"head_dim": 5}},
        {"fusion": {"heads": 7}},
        {"fusion": {"type": "magic"}},
        {"head_sigma": {"sigma_min": 0.0}},
        {"head_sigma": {"temperature": 1.0}},
    ],
)
def test_impossible_sizes_are_refused(make_config, change: dict) -> None:
    with pytest.raises(ValidationError):
        make_config(**change)


def test_scales_are_sorted(make_config) -> None:
    assert make_config(decoder_mu={"scales": [64, 32, 283]}).decoder_mu.scales == (32, 64, 283)


@pytest.mark.parametrize(
    ("part", "hidden", "seen"), [("fgs1_mamba", "fgs1", "nodes"), ("airs_gnn", "nodes", "fgs1")]
)
def test_a_blind_encoder_answers_without_its_input(
    make_config, batch: Inputs, part: str, hidden: str, seen: str
) -> None:
    model = awake(network(make_config(**{part: {"blind": True}})))
    before = model(batch).mu
    other = {name: getattr(batch, name).flip(0) for name in (hidden, seen)}
    assert torch.equal(model(dataclasses.replace(batch, **{hidden: other[hidden]})).mu, before)
    assert not torch.equal(model(dataclasses.replace(batch, **{seen: other[seen]})).mu, before)


def test_one_encoder_must_see(make_config) -> None:
    with pytest.raises(ValidationError, match="one encoder must see the planet"):
        make_config(fgs1_mamba={"blind": True}, airs_gnn={"blind": True})
