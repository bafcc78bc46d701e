"""A small configuration and one small simulated tree."""

from collections.abc import Callable
from typing import Any

import pytest

from spectramind.config.compose import compose
from spectramind.config.sim import EffectsConfig, SimulationConfig
from spectramind.dataset.tree import KaggleTree
from spectramind.run.pool import Workers
from spectramind.simulation.simulate_tree import simulate

SEED = 11


@pytest.fixture(scope="session")
def make_config() -> Callable[..., SimulationConfig]:
    """The smoke profile with other values; ``off`` and ``only`` switch effects."""

    def make(
        off: tuple[str, ...] = (), only: tuple[str, ...] | None = None, **values: Any
    ) -> SimulationConfig:
        tree = compose(["sim=smoke"]).sim.model_dump()
        for name in EffectsConfig.model_fields:
            tree["effects"][name] = name not in off and (only is None or name in only)
        return SimulationConfig.model_validate({**tree, **values})

    return make


@pytest.fixture(scope="session")
def small(make_config: Callable[..., SimulationConfig]) -> SimulationConfig:
    """Two train planets, one of them with two visits, and one test planet."""
    return make_config(planets=2, test_planets=1, two_visit_fraction=0.5)


@pytest.fixture(scope="session")
def tree(small: SimulationConfig, tmp_path_factory: pytest.TempPathFactory) -> KaggleTree:
    root = tmp_path_factory.mktemp("simulated") / "raw"
    simulate(small, root, SEED, workers=Workers(1))
    return KaggleTree(root)
