"""What made mu: parts add up as the page shows them, and parts of another mu are told."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spectramind.diagnostics.mu_parts import SOURCES, Answer, mu_parts
from spectramind.diagnostics.panel import Lack, PlanetBody, ReportContext
from spectramind.diagnostics.panels import mu_sources, planet_mu_parts, sample_slopes
from spectramind.diagnostics.report_data import ReportData
from spectramind.instrument.grid import AIRS_BINS, N_BINS
from spectramind.prior.linear_weights import Explained

Make = Callable[..., ReportData]
SIZES = np.array([2e-5, 1e-4])
ROUNDING = 0.05  # ppm, of one number


def one(rng: np.random.Generator, negative: bool = False) -> Answer:
    read = 0.8 * np.eye(N_BINS) + 0.2 * rng.dirichlet(np.ones(N_BINS), N_BINS)
    depth = 0.01 + 1e-4 * rng.normal(size=N_BINS)
    own, undone = 1e-5 * rng.normal(size=(4, N_BINS)), 4e-5 + 1e-6 * rng.normal(size=N_BINS)
    if negative:
        depth[7] = -0.02
    share = rng.dirichlet(np.ones(16)).reshape(2, 2, 4)
    raw = read @ depth + undone
    level = float((raw + own.sum(axis=0))[AIRS_BINS].mean())
    parts = Explained(depth, level, read, read, own, undone, share)
    physics = np.maximum(parts.mean, 0)
    return Answer(parts, physics, physics + 1e-5 * rng.normal(size=N_BINS))


@pytest.mark.parametrize("negative", [False, True])
def test_rounded_parts_add_up_to_mu(negative: bool) -> None:
    answer = one(np.random.default_rng(0), negative)
    found = mu_parts({"a": answer}, SIZES, True)["planets"]["a"]
    assert found["residual"] < 1e-12
    parts = [values for values in found["parts_ppm"].values() if values]
    total = found["level_ppm"] + np.sum(parts, axis=0)
    np.testing.assert_allclose(total, 1e6 * answer.mu, atol=(len(parts) + 1) * ROUNDING)
    *rows, last = found["by_band_ppm"].values()
    np.testing.assert_allclose(np.sum(rows, axis=0), last, atol=(len(rows) + 1) * ROUNDING)
    assert ("no depth below 0" in found["by_band_ppm"]) == negative


def test_weights_and_kinds_sum_to_one() -> None:
    rng = np.random.default_rng(1)
    values = mu_parts({name: one(rng) for name in "abc"}, SIZES, True)
    alone = mu_parts({"a": one(rng)}, SIZES, True)["weights"]
    total = np.sum([alone[name][1] for name in (*SOURCES, "prior")], axis=0)
    np.testing.assert_allclose(total, 1, atol=1e-3)
    kinds = values["planets"]["b"]["kinds"]
    assert list(kinds) == ["shapes of 20 ppm", "shapes of 100 ppm", "synthetic shapes"]
    assert sum(kinds.values()) == pytest.approx(1, abs=1e-3)
    low, middle, high = (np.array(row) for row in values["sizes_ppm"]["data"])
    assert (low <= middle).all()
    assert (middle <= high).all()
    json.dumps(values, allow_nan=False)


def test_no_network_has_no_part() -> None:
    """What single precision rounds off is no correction."""
    answer = one(np.random.default_rng(2))
    found = mu_parts({"a": replace(answer, mu=answer.physics * (1 + 1e-9))}, SIZES, False)
    assert found["planets"]["a"]["parts_ppm"]["network"] == []
    assert "network" not in found["planets"]["a"]["by_band_ppm"]
    assert np.max(found["sizes_ppm"]["network"]) == 0


def test_depths_of_another_run_are_told() -> None:
    """Parts are of these depths, mu of others: they cannot add up."""
    answer = one(np.random.default_rng(3))
    other = replace(answer, physics=answer.physics + 1e-6)
    planets = mu_parts({"a": answer, "b": other}, SIZES, True)["planets"].values()
    verdict = mu_sources.verdict(list(planets))
    assert verdict.level == "bad"
    assert "1 of 2 planets" in verdict.text
    assert "predict" in verdict.text


@pytest.mark.parametrize(("share", "level"), [(0.1, "good"), (0.8, "look")])
def test_assumed_shapes_are_worth_a_look(share: float, level: str) -> None:
    planet = {"residual": 1e-14, "prior_of_shape": share, "prior_of_level": 1e-4}
    verdict = mu_sources.verdict([planet] * 3)
    assert verdict.level == level
    assert f"{share:.0%}" in verdict.text


def context(data: ReportData) -> ReportContext:
    return ReportContext(data, 100, 10)


def planet_body(module: Any, data: ReportData, row: int) -> PlanetBody:
    body = module.PANEL.planet(context(data), row)
    assert body is not None
    return body


def test_a_planets_bars_end_at_its_mu(make_report: Make) -> None:
    data = make_report()
    series = planet_body(planet_mu_parts, data, 2).series["planet-mu-parts"]
    named = {trace.get("meta") for trace in planet_mu_parts.figure(True)["data"]}
    assert series.keys() <= named
    found = data.stored["explain"]["planets"][data.planet_ids[2]]
    parts = [s["y"] for key, s in series.items() if "." not in key and key != "mu"]
    assert len(series["mu"]["y"]) == N_BINS - 1
    total = np.sum(parts, axis=0) + found["level_ppm"]
    # The report's mu is another than that of the stored parts: only what is drawn is compared.
    mu = np.array(series["mu"]["y"]) + found["level_ppm"]
    np.testing.assert_allclose(mu, 1e6 * data.mu[2, 1:], atol=2 * ROUNDING)
    assert np.abs(total - mu).max() < 500


def test_a_planet_without_parts_has_no_bars(make_report: Make) -> None:
    data = make_report()
    stored = {**data.stored["explain"], "planets": {}, "samples": {}}
    data = replace(data, stored={"explain": stored})
    for panel in (planet_mu_parts.PANEL, sample_slopes.PANEL):
        assert panel.planet is not None
        assert panel.planet(context(data), 0) is None
    lack = sample_slopes.PANEL.collect(context(data))
    assert isinstance(lack, Lack)
    assert "sample_planets" in lack.reason
    assert "sample_planets" in lack.command


def test_samples_stand_by_phase_and_problems_are_escaped(make_report: Make) -> None:
    data = make_report()
    body = planet_body(sample_slopes, data, 0)
    series = body.series["sample-slopes"]
    assert series["fgs1.0"] == {"x": [1.0], "y": [-100.0]}
    assert series["fgs1.1"] == {"x": [2.0], "y": [100.0]}
    assert series["airs.2"] == {"x": [3.0], "y": [50.0]}
    assert series["airs.other"]["y"] == [0.0, 20.0, -10.0]
    assert series.keys() == {trace["meta"] for trace in sample_slopes.figure()["data"]}
    told = planet_body(sample_slopes, data, 1)
    assert not told.series
    assert "&lt;b&gt;dark" in told.html["sample-slopes-phases"]
