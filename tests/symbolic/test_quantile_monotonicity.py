"""Quantiles in order are free, shuffled ones cost."""

import math

import pytest
import torch

from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.rules.quantile_order import QuantileOrder


@pytest.fixture
def ordered() -> torch.Tensor:
    """(1, 3, 283), a unit apart."""
    return torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1).expand(1, 3, 283).clone()


def test_order_is_free_and_shuffles_cost(ordered: torch.Tensor) -> None:
    rule = QuantileOrder()
    assert rule(ordered).sum().item() == 0.0
    for order in ([1, 0, 2], [0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]):
        assert rule(ordered[:, order]).sum().item() > 0.5


def test_by_hand(ordered: torch.Tensor) -> None:
    ordered[0, :, 7] = torch.tensor([5.0, 2.0, 1.0])  # 3 and 1 the wrong way
    values = QuantileOrder()(ordered)
    assert values.shape == (1, 283)
    assert values.nonzero().tolist() == [[0, 7]]
    assert values.sum().item() == pytest.approx(4 / 283)
    (found,) = QuantileOrder().violations(ordered, 1e-4)["quantile_monotonicity"]
    assert found.facts == {"count": 1}
    assert found.score == pytest.approx(4 / 283)


def test_endless_intervals_are_in_order(ordered: torch.Tensor) -> None:
    ordered[:, 0], ordered[:, 2] = -math.inf, math.inf
    assert QuantileOrder()(ordered).sum().item() == 0.0


def test_the_pack_judges_quantiles_where_there_are_some(make_config, ordered) -> None:
    pack = SymbolicPack(make_config(lambda_qm=2.0))
    mu, crossed = torch.full((1, 283), 0.01), 1e-4 * ordered[:, [2, 1, 0]]
    assert "qm" not in pack(mu)[1]
    total, parts = pack(mu, crossed)
    assert parts["qm"].item() == pytest.approx(2.0)
    assert (total - pack(mu)[0]).item() == pytest.approx(4.0, rel=1e-5)
