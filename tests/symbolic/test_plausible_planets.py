"""The pack as configured by default, on the spectra of simulated planets."""

import numpy as np
import pytest
import torch

from spectramind.config.compose import compose
from spectramind.simulation.planet_draw import draw_planet
from spectramind.symbolic.pack import SymbolicPack

RULES = {"sm", "nn", "coh", "ratio", "fft", "asym"}


@pytest.fixture(scope="module")
def truth() -> torch.Tensor:
    rng, limb_rng = np.random.default_rng(11), np.random.default_rng(12)
    population = compose().sim.population
    return torch.from_numpy(
        np.stack([draw_planet(rng, limb_rng, population).spectrum for _ in range(40)])
    )


@pytest.fixture(scope="module")
def pack() -> SymbolicPack:
    return SymbolicPack(compose().loss)


def test_real_shapes_are_nearly_free(pack: SymbolicPack, truth: torch.Tensor) -> None:
    total, parts = pack(truth)
    assert set(parts) == RULES
    assert total.median() < 1e-3  # nats a bin
    assert total.quantile(0.9) < 0.01


def test_noise_costs_every_planet_something(pack: SymbolicPack, truth: torch.Tensor) -> None:
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(truth.shape, generator=rng, dtype=truth.dtype)
    clean, faint, strong = (pack(truth + scale * noise)[0] for scale in (0.0, 2e-5, 1e-4))
    assert (strong > faint).all()
    assert (strong > clean + 0.1).all()


def test_a_descent_on_the_rules_alone_moves_towards_the_truth(
    pack: SymbolicPack, truth: torch.Tensor
) -> None:
    rng = torch.Generator().manual_seed(0)
    noisy = truth + 5e-5 * torch.randn(truth.shape, generator=rng, dtype=truth.dtype)
    mu = noisy.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(pack(mu)[0].sum(), mu)
    moved = noisy - 1e-5 * gradient / gradient.square().mean().sqrt()
    before, after = ((x - truth).square().mean(dim=1) for x in (noisy, moved))
    assert (after < before).double().mean() > 0.9


@pytest.mark.parametrize("rule", ["sm", "fft", "asym"])
def test_truth_costs_a_hundredth_of_noise(
    pack: SymbolicPack, truth: torch.Tensor, rule: str
) -> None:
    """A rule against noise that punishes truth is mis-set."""
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(truth.shape, generator=rng, dtype=truth.dtype)
    clean, noisy = (pack(truth + scale * noise)[1][rule] for scale in (0.0, 5e-5))
    assert clean.median() < 0.01 * noisy.median()
    assert clean.quantile(0.95) < 0.1 * noisy.median()


def test_no_truth_breaks_the_bounds_of_chemistry(pack: SymbolicPack, truth: torch.Tensor) -> None:
    assert pack(truth)[1]["ratio"].max() == 0.0
