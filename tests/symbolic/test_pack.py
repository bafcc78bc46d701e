"""The pack: weighted sum, what is off is out, gradients, units, precision."""

import pytest
import torch
from pydantic import ValidationError

from spectramind.symbolic.pack import SymbolicPack


@pytest.fixture
def spectra() -> torch.Tensor:
    """Six rough planets that break every rule, (6, 283), (Rp/Rs)^2."""
    rng = torch.Generator().manual_seed(5)
    level = torch.tensor([[0.01], [0.02], [0.005], [0.03], [1e-4], [0.0]], dtype=torch.float64)
    return level + 2e-4 * torch.randn(6, 283, generator=rng, dtype=torch.float64)


def test_total_is_the_weighted_sum(make_config, spectra: torch.Tensor) -> None:
    config = make_config(lambda_sm=0.2, lambda_nn=0.3, lambda_coh=0.5, lambda_seam=0.7)
    total, parts = SymbolicPack(config)(spectra)
    assert set(parts) == {"sm", "nn", "coh", "seam", "ratio"}
    weights = {"sm": 0.2, "nn": 0.3, "coh": 0.5, "seam": 0.7, "ratio": 1.0}
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


@pytest.mark.parametrize("off", ["sm", "nn", "coh", "seam", "ratio"])
def test_weight_zero_removes_the_rule(make_config, spectra: torch.Tensor, off: str) -> None:
    _, parts = SymbolicPack(make_config(**{f"lambda_{off}": 0.0}))(spectra)
    assert set(parts) == {"sm", "nn", "coh", "seam", "ratio"} - {off}


def test_no_seam_no_seam_rule(make_config, spectra: torch.Tensor) -> None:
    _, parts = SymbolicPack(make_config(seam=None))(spectra)
    assert "seam" not in parts


def test_nothing_on_is_zero(make_config, spectra: torch.Tensor) -> None:
    off = dict.fromkeys(
        ("lambda_sm", "lambda_nn", "lambda_coh", "lambda_seam", "lambda_ratio"), 0.0
    )
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


@pytest.mark.parametrize("rule", ["sm", "nn", "seam", "ratio"])
def test_gradient_is_the_slope(make_config, spectra: torch.Tensor, rule: str) -> None:
    """Central differences along random directions that leave the continuum's own bins alone."""
    pack = SymbolicPack(make_config())
    rng = torch.Generator().manual_seed(9)
    direction = torch.randn(spectra.shape, generator=rng, dtype=torch.float64)
    rank = spectra[:, 1:].argsort(dim=1).argsort(dim=1)
    direction[:, 1:][(rank > 22) & (rank < 34)] = 0.0  # the tenth percentile is rank 28.1
    mu = spectra.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(pack(mu)[1][rule].sum(), mu)
    step = 1e-10
    ends = [pack(spectra + sign * step * direction)[1][rule].sum() for sign in (1, -1)]
    slope = (ends[0] - ends[1]).item() / (2 * step)
    assert abs(slope) > 1.0
    assert (gradient * direction).sum().item() == pytest.approx(slope, rel=1e-3)


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
        {"lambda_qm": 0.02},
        {"unit": 0.0},
        {"continuum": 0.9},
        {"coherence": {"molecules": ["xyz"], "envelope": 0.5, "presence": 0.5}},
        {"ratio": {"bounds": {"ch4_h2o": [2.0, 1.0]}, "floor": 0.2}},
        {"ratio": {"bounds": {"ch4_xyz": [0.0, 1.0]}, "floor": 0.2}},
        {"ratio": {"bounds": {}, "floor": 0.2}},
    ],
)
def test_impossible_settings_are_refused(make_config, change: dict) -> None:
    with pytest.raises(ValidationError):
        make_config(**change)
