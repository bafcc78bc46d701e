from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig

PARTS = {"effects", "population"}  # mounted by the profiles
PROFILES = sorted(
    path
    for path in (Path(__file__).parents[2] / "configs" / "sim").glob("*.yaml")
    if path.stem not in PARTS
)


DETECTOR, POPULATION = compose().sim.detector, compose().sim.population

DARK = {"fgs1_e": (0, 1), "airs_e": (0, 1)}


def with_detector(**values: Any) -> dict[str, Any]:
    return {"detector": {**DETECTOR.model_dump(), **values}}


def test_the_profiles_are_there() -> None:
    assert {"full", "lite", "smoke", "hostile", "shifted", "foreign"} == {
        path.stem for path in PROFILES
    }


def test_profiles_differ_in_what_they_name_alone() -> None:
    full, lite, hostile, shifted = (
        compose([f"sim={name}"]).sim for name in ("full", "lite", "hostile", "shifted")
    )
    for profile in (lite, shifted):
        assert profile.effects == full.effects
        assert profile.jitter == full.jitter
        assert profile.detector == full.detector
    assert lite.population == full.population
    assert shifted.population.chemistry != full.population.chemistry
    assert hostile.population.chemistry == full.population.chemistry
    assert hostile.effects == full.effects
    assert hostile.jitter.factor == 4
    assert hostile.detector.hot_fraction == (0.02, 0.02)
    assert hostile.seam.column is not None


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_profile_is_valid(path: Path) -> None:
    assert compose([f"sim={path.stem}"]).sim.planets >= 1


@pytest.mark.parametrize(
    "values",
    [
        {"cadence": 0},
        {"planets": 0},
        {"two_visit_fraction": 1.1},
        {"hours": 0.5, "cadence": 47},  # 375 cycles make 7 exposures
        {"colour": "red"},
        {"jitter": {**compose().sim.jitter.model_dump(), "factor": 4.1}},
        {"detector": {**compose().sim.detector.model_dump(), "hot_fraction": (0.1, 0.3)}},
        {"seam": {"column": 356, "step": 0.0}},
        with_detector(dead_fraction=(0.1, 0.3)),
        with_detector(persistence_before=(-1.0, 2.0)),
        with_detector(hot_least_e_s=20.0),  # above the most
        with_detector(noisy_most_e=17.0),  # below the least
        with_detector(read_scatter_e=5.0),  # some pixel's would be negative
        with_detector(drift={**DETECTOR.drift.model_dump(), "orders": (0, 0, 0, 0)}),
        with_detector(linearity={**DETECTOR.linearity.model_dump(), "gain": 0.1}),
        {
            "population": {
                **POPULATION.model_dump(),
                "star_light": {"fgs1_e": (0, 1), "airs_e": (1, 2)},
            }
        },
    ],
)
def test_senseless_values_are_refused(
    make_config: Callable[..., SimulationConfig], values: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        make_config(**values)
    assert make_config(hours=0.5, cadence=46).cadence == 46
