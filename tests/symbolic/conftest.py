"""A planet whose every band follows the templates, and the loss as the tests want it."""

import pytest
import torch

from spectramind.config.loss import LossConfig
from spectramind.instrument.molecules import window_bins
from spectramind.symbolic.templates import template

CONTINUUM = 100.0  # depth in loss units: 1e-2


@pytest.fixture
def flat() -> torch.Tensor:
    """One planet without an atmosphere, (1, 283), in loss units, float64."""
    return torch.full((1, 283), CONTINUUM, dtype=torch.float64)


@pytest.fixture
def with_bands(flat: torch.Tensor):
    """``with_bands(h2o=10.0)``: the flat planet plus so much of each molecule's unit template."""

    def make(**amounts: float) -> torch.Tensor:
        depth = flat.clone()
        for molecule, amount in amounts.items():
            depth[:, window_bins(molecule)] += amount * torch.from_numpy(template(molecule))
        return depth

    return make


@pytest.fixture
def make_config():
    """``make_config(lambda_sm=1.0)``: every rule on with weight 1, some keys changed."""

    def make(**changes: object) -> LossConfig:
        weights = {key: 1.0 for key in LossConfig.model_fields if key.startswith("lambda_")}
        rest = {
            "unit": 1e-4,
            "continuum": 0.1,
            "seam": 100,
            "smoothness": {"window_weight": 0.2},
            "coherence": {"molecules": ["h2o", "co2", "ch4"], "envelope": 0.5, "presence": 0.5},
            "nonnegativity": {"squared": False},
            "ratio": {"bounds": {"ch4_h2o": [0.1, 1.0]}, "floor": 0.2},
            "fft": {"cutoff": 0.2, "window_weight": 0.2},
            "asymmetry": {"width": 5, "allowed": 0.5},
            "regions": [],
        }
        return LossConfig.model_validate(weights | rest | changes)

    return make
