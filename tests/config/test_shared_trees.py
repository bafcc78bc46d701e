"""Tests let Hydra put a tree of files together once a process: the same settings come of it."""

import pytest
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf

from spectramind.config.compose import composed
from spectramind.errors import ConfigError

CASES = (
    (),
    ("experiment=smoke", "paths.work=/somewhere"),
    ("experiment=smoke", "sim=full", "sim.planets=3"),
    ("sim=full", "model.airs_gnn.type=rgcn"),
    ("env=kaggle", "env.workers=1"),
    ("sim=none",),
    ("train.epoch=1",),
    ("+sim=full",),
    ("~sim",),
)


def answers() -> list[str]:
    found = []
    for overrides in CASES:
        try:
            found.append(OmegaConf.to_yaml(composed(overrides)))
        except ConfigError as error:
            found.append(str(error))
    return found


def test_shared_trees_are_those_of_hydra(monkeypatch: pytest.MonkeyPatch) -> None:
    first, again = answers(), answers()
    for place, name in (
        (config_loader_impl, "create_defaults_list"),
        (ConfigLoaderImpl, "_compose_config_from_defaults_list"),
    ):
        monkeypatch.setattr(place, name, getattr(place, name).__wrapped__)
    assert first == again == answers()
    assert len({*first}) == len(CASES)
