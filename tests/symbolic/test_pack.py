"""The pack: weighted sum, what is off is out, gradients, units, precision."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from pydantic import ValidationError

from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.rule import known_rules

RULES = {"sm", "nn", "coh", "seam", "ratio", "fft", "asym"}  # of mu; "qm" needs quantiles


@pytest.fixture
def spectra() -> torch.Tensor:
    """Six rough planets that break every rule, (6, 283), (Rp/Rs)^2."""
    rng = torch.Generator().manual_seed(5)
    level = torch.tensor([[0.01], [0.02], [0.005], [0.03], [1e-4], [0.0]], dtype=torch.float64)
    return level + 2e-4 * torch.randn(6, 283, generator=rng, dtype=torch.float64)


def test_total_is_the_weighted_sum(make_config, spectra: torch.Tensor) -> None:
    config = make_config(lambda_sm=0.2, lambda_nn=0.3, lambda_coh=0.5, lambda_seam=0.7)
    total, parts = SymbolicPack(config)(spectra)
    assert set(parts) == RULES
    weights = dict.fromkeys(RULES, 1.0) | {"sm": 0.2, "nn": 0.3, "coh": 0.5, "seam": 0.7}
    torch.testing.assert_close(total, sum(weights[name] * part for name, part in parts.items()))
    assert all(part.shape == (6,) for part in parts.values())
    assert all(part.max() > 0 for part in parts.values())
    assert all((part >= 0).all() for part in parts.values())


def test_bins_add_up_to_the_penalties(make_config, spectra: torch.Tensor) -> None:
    pack = SymbolicPack(make_config())
    _, parts = pack(spectra)
    bins = pack.per_bin(spectra)
    assert set(bins) == set(parts)
    for name, values in bins.items():
        assert values.shape == spectra.shape
        assert (values >= 0).all()
        torch.testing.assert_close(values.sum(dim=1), parts[name])


def test_the_least_depths_stay_finite(make_config) -> None:
    """No light, no contrast, huge contrast: penalties, bins and gradients are numbers."""
    pack = SymbolicPack(make_config())
    mu = torch.stack([torch.zeros(283), torch.full((283,), 1e-30), 1e3 * torch.rand(283)])
    mu.requires_grad_()
    total, _ = pack(mu)
    total.sum().backward()
    assert torch.isfinite(total).all()
    assert torch.isfinite(mu.grad).all()
    assert all(torch.isfinite(values).all() for values in pack.per_bin(mu.detach()).values())


@pytest.mark.parametrize("off", sorted(RULES))
def test_weight_zero_removes_the_rule(make_config, spectra: torch.Tensor, off: str) -> None:
    _, parts = SymbolicPack(make_config(**{f"lambda_{off}": 0.0}))(spectra)
    assert set(parts) == RULES - {off}


def test_no_seam_no_seam_rule(make_config, spectra: torch.Tensor) -> None:
    _, parts = SymbolicPack(make_config(seam=None))(spectra)
    assert "seam" not in parts


def test_nothing_on_is_zero(make_config, spectra: torch.Tensor) -> None:
    off = dict.fromkeys((f"lambda_{rule}" for rule in RULES), 0.0)
    total, parts = SymbolicPack(make_config(**off))(spectra)
    assert parts == {}
    assert not total.any()


def test_unit_is_what_counts_as_one(make_config, spectra: torch.Tensor) -> None:
    one, _ = SymbolicPack(make_config())(spectra)
    other, _ = SymbolicPack(make_config(unit=1e-3))(spectra * 10)
    torch.testing.assert_close(one, other)


def test_a_flat_planet_is_free(make_config) -> None:
    total, _ = SymbolicPack(make_config())(torch.full((1, 283), 0.0123))
    assert total.item() < 1e-9


def test_planets_do_not_see_each_other(make_config, spectra: torch.Tensor) -> None:
    pack = SymbolicPack(make_config())
    together, _ = pack(spectra)
    alone = torch.cat([pack(row.unsqueeze(0))[0] for row in spectra])
    torch.testing.assert_close(together, alone)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(pack(spectra[order])[0], together[order])


@pytest.fixture
def held_fixed(monkeypatch: pytest.MonkeyPatch):
    """``with held_fixed():`` what rules detach keeps the values it had when first asked for.

    So finite differences see what gradients see: the continuum and a molecule's presence stay.
    """
    plain, held = torch.Tensor.detach, []

    @contextmanager
    def replay() -> Iterator[None]:
        asked = iter(list(held))

        def detach(tensor: torch.Tensor) -> torch.Tensor:
            value = next(asked, None)
            if value is None:
                held.append(plain(tensor).clone())
                return held[-1]
            return value

        with monkeypatch.context() as patch:
            patch.setattr(torch.Tensor, "detach", detach)
            yield

    return replay


def quantiles_around(mu: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
    """Three a planet, often in the wrong order."""
    noise = torch.randn((mu.shape[0], 3, 283), generator=rng, dtype=mu.dtype)
    return mu.unsqueeze(1) + 1e-4 * noise


@pytest.mark.parametrize("rule", list(known_rules()))
def test_gradient_is_the_slope(make_config, spectra, held_fixed, rule: str) -> None:
    """Central differences along random directions."""
    weights = {f"lambda_{name}": float(name == rule) for name in known_rules()}
    pack = SymbolicPack(make_config(**weights, nonnegativity={"squared": False}))
    rng = torch.Generator().manual_seed(9)
    reads = known_rules()[rule].reads
    point = spectra if reads == "mu" else quantiles_around(spectra, rng)
    direction = torch.randn(point.shape, generator=rng, dtype=torch.float64)

    def penalty(at: torch.Tensor) -> torch.Tensor:
        return (pack(at) if reads == "mu" else pack(spectra, at))[1][rule].sum()

    at = point.clone().requires_grad_()
    with held_fixed():
        value = penalty(at)
    (gradient,) = torch.autograd.grad(value, at)
    step, ends = 1e-10, []
    for sign in (1, -1):
        with held_fixed():
            ends.append(penalty(point + sign * step * direction))
    slope = (ends[0] - ends[1]).item() / (2 * step)
    assert abs(slope) > 1.0
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-3)


def test_influence_is_the_slope_of_each_rule(make_config, spectra: torch.Tensor) -> None:
    config = make_config(lambda_sm=0.2, lambda_coh=0.5, lambda_nn=0.0)
    pack = SymbolicPack(config, every=True)
    maps = pack.grads_mu(spectra)
    assert set(maps) == RULES
    mu = spectra.clone().requires_grad_()
    (whole,) = torch.autograd.grad(pack(mu)[0].sum(), mu)
    summed = sum(pack.weights[name] * values for name, values in maps.items())
    torch.testing.assert_close(summed, whole)
    assert pack.weights["nn"] == 0.0
    assert maps["nn"].any()
    with torch.no_grad():
        again = pack.grads_mu(spectra)["sm"]
    torch.testing.assert_close(again, maps["sm"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.0, 1e-30, 0.01, 1.0, 1e30, -1e30, float("inf")])
def test_degenerate_spectra_have_numbers(make_config, level: float, dtype: torch.dtype) -> None:
    """Zeros, a constant, huge and endless depths; one planet alone, and quantiles alike."""
    pack = SymbolicPack(make_config(nonnegativity={"squared": True}), every=True)
    mu = torch.full((1, 283), level, dtype=dtype)
    mu[0, 100:103] *= 0.5
    mu.requires_grad_()
    total, parts = pack(mu, mu.detach().unsqueeze(1).expand(1, 3, 283))
    total.sum().backward()
    assert set(parts) == RULES | {"qm"}
    assert torch.isfinite(total).all()
    assert torch.isfinite(mu.grad).all()
    assert all(torch.isfinite(values).all() for values in pack.grads_mu(mu).values())
    for entries in pack.violations(mu.detach()).values():
        assert all(math.isfinite(found.score) for (found,) in entries.values())


def test_no_planets_cost_nothing(make_config) -> None:
    pack = SymbolicPack(make_config())
    none = torch.empty(0, 283)
    total, parts = pack(none)
    assert total.shape == (0,)
    assert set(parts) == RULES
    assert {values.shape for values in pack.grads_mu(none).values()} == {(0, 283)}


def test_spectra_of_another_shape_are_refused(make_config) -> None:
    pack = SymbolicPack(make_config())
    with pytest.raises(ValueError, match=r"mu is of shape \(2, 282\), not \(planets, 283\)"):
        pack(torch.zeros(2, 282))
    with pytest.raises(ValueError, match="quantiles is of shape"):
        pack(torch.zeros(2, 283), torch.zeros(2, 2, 283))


def test_half_precision_spectra_are_judged_in_float32(make_config, spectra: torch.Tensor) -> None:
    pack = SymbolicPack(make_config())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        total, _ = pack(spectra.float())
    assert total.dtype == torch.float32
    torch.testing.assert_close(total, pack(spectra)[0].float(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"seam": 1},
        {"seam": 283},
        {"lambda_sm": -1.0},
        {"lambda_nobody": 0.02},
        {"unit": 0.0},
        {"continuum": 0.9},
        {"coherence": {"molecules": ["xyz"], "envelope": 0.5, "presence": 0.5}},
        {"ratio": {"bounds": {"ch4_h2o": [2.0, 1.0]}, "floor": 0.2}},
        {"ratio": {"bounds": {"ch4_xyz": [0.0, 1.0]}, "floor": 0.2}},
        {"ratio": {"bounds": {}, "floor": 0.2}},
        {"fft": {"cutoff": 0.5, "window_weight": 0.2}},
        {"asymmetry": {"width": 4, "allowed": 0.5}},
        {"regions": [{"um": [2.0, 3.0], "molecule": "h2o", "weight": 0.0}]},
        {"regions": [{"weight": 0.0}]},
        {"regions": [{"um": [3.0, 2.0], "weight": 0.0}]},
        {"regions": [{"molecule": "h2o", "weight": -1.0}]},
    ],
)
def test_impossible_settings_are_refused(make_config, change: dict) -> None:
    with pytest.raises(ValidationError):
        make_config(**change)
