"""How well truth was found again: numbers worked out by hand."""

from pathlib import Path
from typing import Any

import pytest

from spectramind.config.compose import compose
from spectramind.errors import SchemaError
from spectramind.pipeline.retrieval_tables import catalogue_rows
from spectramind.pipeline.true_atmospheres import recovery, true_atmospheres


def planet(name: str, mean: float, sigma: float, converged: bool = True) -> dict[str, Any]:
    ends = {"low_68": mean - 1, "high_68": mean + 1, "low_95": mean - 2, "high_95": mean + 2}
    numbers = {"name": "log10_h2o", "median": mean, "mean": mean, "sd": 1.0, **ends}
    water = {"component": "h2o", "sigma": sigma, "ln_bayes": sigma, "error": 0.1, "method": "ratio"}
    keys = ("path", "effective", "efficiency", "ln_z", "ln_z_error", "p_value", "fits")
    told = dict.fromkeys(keys, 0.0) | {"planet": name, "converged": converged}
    return told | {"parameters": [numbers], "components": [water]}


def test_bias_and_coverage_by_hand() -> None:
    """Three planets 0.5, 1.5 and 3 sigma high; one more did not converge, one has no truth."""
    found = [planet("a", -4.5, 5), planet("b", -3.5, 2), planet("c", -2.0, 4)]
    found += [planet("d", 0, 1, converged=False), planet("e", 0, 9)]
    truth = {name: {"log10_h2o": -5.0} for name in "abcd"}
    told = recovery(found, truth, {"log10_h2o": 4.0})
    water = told["parameters"]["log10_h2o"]
    assert (told["planets"], told["converged_with_truth"]) == (5, 3)
    assert water["bias_sd"] == pytest.approx(5 / 3)
    assert water["within_68"] == pytest.approx(1 / 3)
    assert water["within_95"] == pytest.approx(2 / 3)
    assert water["told"] == 3  # 2 wide, the prior 4
    assert told["seen_at_3_sigma"] == {"h2o": 3}


def test_no_planet_with_truth_is_no_crash() -> None:
    told = recovery([planet("a", 0, 1)], {}, {})
    assert told["parameters"] == {}
    assert told["converged_with_truth"] == 0


def test_a_tree_that_was_not_simulated_has_no_true_atmospheres(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="not simulated"):
        true_atmospheres(compose([f"data.raw={tmp_path}"]), ["1"])


def test_the_catalogue_has_a_row_a_planet() -> None:
    rows = catalogue_rows([planet("a", -4.5, 5), planet("b", -3.5, 2)])
    assert [row["planet"] for row in rows] == ["a", "b"]
    assert rows[1]["log10_h2o_median"] == -3.5
    assert rows[0]["h2o_sigma"] == 5
    assert rows[0]["h2o_method"] == "ratio"
