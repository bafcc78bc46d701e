from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from spectramind.config.simulation import SimulationConfig

PROFILES = sorted((Path(__file__).parents[2] / "configs" / "sim").glob("*.yaml"))


def test_the_three_profiles_are_there() -> None:
    assert {"full", "lite", "smoke"} <= {path.stem for path in PROFILES}


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_profile_is_valid(path: Path) -> None:
    SimulationConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    "values",
    [
        {"cadence": 0},
        {"planets": 0},
        {"two_visit_fraction": 1.1},
        {"hours": 0.5, "cadence": 47},  # 375 cycles make 7 exposures
        {"colour": "red"},
    ],
)
def test_senseless_values_are_refused(
    make_config: Callable[..., SimulationConfig], values: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        make_config(**values)
    assert make_config(hours=0.5, cadence=46).cadence == 46
