"""Settings of a small network on a prior of labels."""

import pytest

from spectramind.config.compose import compose
from spectramind.config.model import ModelConfig


@pytest.fixture(scope="session")
def small() -> ModelConfig:
    return compose(
        [
            "model.prior.source=labels",
            "model.prior.components=4",
            "model.fgs1_mamba.d_model=16",
            "model.fgs1_mamba.n_layers=1",
            "model.airs_gnn.d_model=16",
            "model.airs_gnn.layers=1",
        ]
    ).model
