"""Integrated gradients: complete, zero where nothing differs, and right for what is linear."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from spectramind.errors import ConfigError
from spectramind.instrument.graph import build_graph
from spectramind.models import path_attribution as room
from spectramind.models.network import Inputs, SpectraMind
from spectramind.models.path_attribution import average_planet, path_attribution

NEEDS = pytest.mark.skipif(
    not __import__("importlib.util").util.find_spec("matplotlib"),
    reason="captum imports matplotlib, which is not installed",
)


def trained(config: Any) -> SpectraMind:
    """As if trained: no weight is zero."""
    torch.manual_seed(1)
    network = SpectraMind(config, build_graph(), fgs1_channels=3, node_channels=5)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return network.eval()


@NEEDS
@pytest.mark.parametrize("kind", ["gat", "rgcn"])
def test_attributions_add_up_to_what_the_network_adds(
    make_config: Any, batch: Inputs, kind: str
) -> None:
    network = trained(make_config(airs_gnn={"type": kind}))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = path_attribution([network], batch, average_planet(batch), 64)
    assert found.curves.shape == (2, 4, 31, 3)
    assert found.nodes.shape == (2, 4, 283, 5)
    with torch.no_grad():
        added = (network(batch).mu - batch.mu0).double().numpy() * 1e6
        start = network(average_planet(batch)).mu - batch.mu0
    change = added - start.double().numpy() * 1e6
    expected = np.stack([change[:, 0], change[:, 1:].mean(axis=1)])
    np.testing.assert_allclose(found.change, expected, atol=0.01)
    assert np.abs(found.change).max() > 1
    assert np.abs(found.residual).max() < 0.02 * np.abs(found.change).max()
    assert all(torch.equal(before[n], v) for n, v in network.state_dict().items())


@NEEDS
def test_members_of_an_ensemble_count_alike(make_config: Any, batch: Inputs) -> None:
    one = trained(make_config())
    other = SpectraMind(make_config(), build_graph(), fgs1_channels=3, node_channels=5)  # untrained
    alone = path_attribution([one], batch, average_planet(batch), 8)
    both = path_attribution([one, other], batch, average_planet(batch), 8)
    np.testing.assert_allclose(both.curves, alone.curves / 2, atol=1e-9)
    np.testing.assert_allclose(both.change, alone.change / 2, atol=1e-9)


@NEEDS
def test_what_is_as_in_the_baseline_or_not_seen_gets_nothing(
    make_config: Any, batch: Inputs
) -> None:
    network = trained(make_config(fgs1_mamba={"blind": True}))
    baseline = replace(average_planet(batch), nodes=batch.nodes.clone())
    baseline.nodes[:, 100:] = 0
    found = path_attribution([network], batch, baseline, 8)
    assert not found.curves.any()
    assert not found.nodes[:, :, :100].any()
    assert found.nodes[:, :, 100:].any()


def test_without_captum_a_line_says_how_to_get_it(
    make_config: Any, batch: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "captum.attr", None)
    with pytest.raises(ConfigError, match="pip install captum --no-deps"):
        path_attribution([trained(make_config())], batch, average_planet(batch), 8)
    with pytest.raises(ConfigError, match="captum"):
        room.require_captum()
