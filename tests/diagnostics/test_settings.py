"""The shipped defaults are valid, and refuse what would do nothing."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf
from pydantic import ValidationError

from spectramind.config.diag import DashboardConfig

DEFAULTS = Path(__file__).parents[2] / "configs" / "diag" / "dashboard.yaml"


def settings() -> dict:
    root = {"seed": 1, "paths": {"diagnostics": "o"}}
    whole = OmegaConf.create({**root, "diag": OmegaConf.load(DEFAULTS)})
    return OmegaConf.to_container(whole, resolve=True)["diag"]


def test_defaults() -> None:
    config = DashboardConfig(**settings())
    assert config.html.out == Path("o/v{N}.html")
    assert not config.html.open


@pytest.mark.parametrize(
    "change", [{"evaluations": 30}, {"background": 0}, {"path_steps": 3}, {"samples": 9}]
)
def test_shap_s_ranges(change: dict) -> None:
    own = settings()
    with pytest.raises(ValidationError):
        DashboardConfig(**{**own, "shap": {**own["shap"], **change}})


@pytest.mark.parametrize(
    "change", [{"max_planets": 0}, {"unknown": True}, {"light_curve_points": 5}]
)
def test_out_of_range_or_unknown_is_refused(change: dict) -> None:
    with pytest.raises(ValidationError):
        DashboardConfig(**{**settings(), **change})
