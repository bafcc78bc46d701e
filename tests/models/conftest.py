"""A small network and a batch for it."""

from typing import Any

import pytest
import torch

from spectramind.config.model import ModelConfig
from spectramind.models.network import Inputs

SIZES: dict[str, dict[str, Any]] = {
    "prior": {"source": "labels", "strength": 10, "atmospheres": 50, "components": 4}
    | {"haze_share": 0.1, "haze_depth": 2.5e-4}
    | {
        "synthetic": {"share": 0.0, "share_with_labels": 0.0, "random_opacities": 0.33}
        | {"atmospheres": 200, "opacities": 200, "clusters": 2}
    },
    "fgs1_mamba": {
        "d_model": 16,
        "n_layers": 1,
        "bidir": True,
        "dropout": 0.1,
        "stride": 2,
        "d_state": 4,
        "expand": 2,
        "head_dim": 8,
        "blind": False,
    },
    "airs_gnn": {
        "type": "gat",
        "d_model": 16,
        "layers": 2,
        "heads": 2,
        "dropout": 0.1,
        "edge_types": ["adjacent", "molecule", "detector"],
        "edge_features": ["delta_lambda", "mol_i", "mol_j", "seam"],
        "blind": False,
    },
    "fusion": {"type": "concat_mlp", "dim": 24, "hidden": 32, "heads": 4, "dropout": 0.1},
    "decoder_mu": {"type": "multi_scale", "scales": [64, 16, 283], "hidden": 16, "aux_loss": True}
    | {"diffusion": {"modes": 25, "samples": 64, "steps": 8}},
    "head_sigma": {"type": "gaussian", "hidden": 16, "sigma_min": 5e-6}
    | {"quantiles": False, "pieces": 8},
}


@pytest.fixture
def make_config():
    """``make_config(fusion={"type": "gate"})``: the small sizes with some keys changed."""

    def make(**changes: dict[str, Any]) -> ModelConfig:
        tree = {part: values | changes.get(part, {}) for part, values in SIZES.items()}
        return ModelConfig.model_validate(tree)

    return make


@pytest.fixture
def batch() -> Inputs:
    """Four planets, 31 steps of 3 channels, 5 features a bin."""
    rng = torch.Generator().manual_seed(7)
    return Inputs(
        fgs1=torch.randn(4, 31, 3, generator=rng),
        nodes=torch.randn(4, 283, 5, generator=rng),
        mu0=0.01 + 1e-4 * torch.randn(4, 283, generator=rng),
        sigma0=5e-5 * (1 + torch.rand(4, 283, generator=rng)),
    )
