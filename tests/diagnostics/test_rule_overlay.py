"""What moves mu beside what rules push, on spectra made by hand."""

import numpy as np
import pytest

from spectramind.diagnostics.rule_overlay import overlay
from spectramind.instrument.grid import N_BINS
from spectramind.instrument.molecules import window_bins

TITLES = {"one": "the first", "two": "the second"}
RNG = np.random.default_rng(0)


def regions(values: dict) -> dict:
    return {row["region"]: row for row in values["regions"]}


def test_the_strongest_rule_of_each_region_is_named() -> None:
    moved = np.full((3, N_BINS), 2e-6) * np.array([[1], [2], [3]])
    one, two = np.zeros((3, N_BINS)), np.zeros((3, N_BINS))
    co2 = window_bins("co2")
    one[:, 1:] = 0.1
    two[:, co2] = -0.4
    found = overlay(moved, {"one": one, "two": two}, TITLES, 0)
    by = regions(found)
    assert by["FGS1"]["rule"] is None
    assert by["FGS1"]["rule_share"] is None
    assert by["CO2"]["rule"] == "the second"
    assert by["CO2"]["rule_share"] == pytest.approx(0.8)
    assert by["CO2"]["influence"] == pytest.approx(0.3e-6)  # they pull against each other
    assert by["CH4"]["rule"] == "the first"
    assert by["CH4"]["attribution_ppm"] == pytest.approx(4)
    assert by["CH4"]["attribution_error"] == pytest.approx(2 / np.sqrt(3))
    assert found["attribution_ppm"] == pytest.approx([4.0] * N_BINS)
    assert found["rank"] is None  # one size everywhere has no ranks


def test_ranks_say_whether_both_run_alike() -> None:
    size = np.linspace(1, 2, N_BINS) * (1 + 0.05 * RNG.standard_normal((20, N_BINS)))
    alike = overlay(1e-5 * size, {"one": size}, TITLES, 0)
    against = overlay(1e-5 * size, {"one": 1 / size}, TITLES, 0)
    assert alike["rank"] > 0.9
    assert alike["rank_low"] <= alike["rank"] + 1e-9
    assert against["rank"] < -0.9
    assert overlay(size, {"one": 0 * size}, TITLES, 0)["rank"] is None


def test_a_single_planet_has_no_errors() -> None:
    found = overlay(np.ones((1, N_BINS)), {"one": np.ones((1, N_BINS))}, TITLES, 0)
    assert regions(found)["H2O"]["attribution_error"] is None
