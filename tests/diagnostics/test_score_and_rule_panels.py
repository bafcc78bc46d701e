"""Panels of the score's losses and of the symbolic rules, on reports whose answer is known."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from spectramind.diagnostics.panel import Lack, Panel, ReportContext, Values
from spectramind.diagnostics.panels import (
    conformal_bins,
    influence_maps,
    planet_rules,
    reliability_curve,
    rules_broken,
    score_by_bin,
    score_by_planet,
    score_waterfall,
    strangers,
    violation_map,
    z_parts,
)
from spectramind.diagnostics.report_data import QuantileRow, ReportData
from spectramind.evaluation.official import element_scores, planet_scores
from spectramind.instrument.grid import N_BINS

Make = Callable[..., ReportData]
WITH_FIGURES = [
    module.PANEL
    for module in (
        conformal_bins,
        influence_maps,
        reliability_curve,
        score_by_bin,
        score_by_planet,
        score_waterfall,
        violation_map,
        z_parts,
    )
]


def context(data: ReportData) -> ReportContext:
    return ReportContext(data, 20, 5)


def of(panel: Panel, data: ReportData) -> Values:
    values = panel.collect(context(data))
    assert isinstance(values, dict), values
    return values


@pytest.mark.parametrize("panel", WITH_FIGURES, ids=lambda panel: panel.anchor)
def test_figures_follow_the_plotly_schema(panel: Panel, make_report: Make) -> None:
    drawn = panel.draw(of(panel, make_report()))
    for name, figure in drawn.figures.items():
        assert len(go.Figure(figure).data) == len(figure["data"]), name
        assert f'id="{name}"' in drawn.html


def test_the_waterfall_ends_at_the_official_score(make_report: Make) -> None:
    data = make_report()
    rows = data.labelled
    elements = element_scores(data.truth[rows], data.mu[rows], data.sigma[rows], *data.naive)
    expected = planet_scores(elements).mean()
    values = of(score_waterfall.PANEL, data)
    assert values["score"] == pytest.approx(expected)
    assert sum(row["lost"] for row in values["detectors"]) == pytest.approx(1 - expected)
    figure = score_waterfall.figure(values)
    ends = next(trace for trace in figure["data"] if trace["name"] == "score")
    assert ends["y"] == [1.0, pytest.approx(expected, abs=1e-5)]
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert sum(sum(bar["y"]) for bar in bars) == pytest.approx(expected - 1, abs=1e-4)


@pytest.mark.parametrize(("times", "level"), [(1.0, "good"), (1.7, "look"), (0.33, "bad")])
def test_a_sigma_of_the_wrong_size_is_said(make_report: Make, times: float, level: str) -> None:
    data = make_report()
    values = of(score_waterfall.PANEL, replace(data, sigma=times * data.sigma))
    told = score_waterfall.verdict(values)
    assert told.level == level, told
    assert values["factor"] == pytest.approx(1 / times, rel=0.15)


def test_one_wrong_planet_is_the_costliest_and_named(make_report: Make) -> None:
    data = make_report()
    mu = data.mu.copy()
    mu[9] += 60 * data.sigma[9]
    values = of(score_by_planet.PANEL, replace(data, mu=mu))
    rows = values["planets"]
    assert rows[0]["planet"] == data.planet_ids[9]
    assert rows[0]["error"] > rows[0]["width"]
    assert [row["lost"] for row in rows] == sorted((row["lost"] for row in rows), reverse=True)
    told = score_by_planet.verdict(rows)
    assert told.level == "bad"
    assert data.planet_ids[9] in told.text


def test_only_planets_with_a_page_are_linked(make_report: Make) -> None:
    data = make_report()
    few = ReportContext(data, 3, 40)
    values = score_by_planet.PANEL.collect(few)
    assert isinstance(values, dict)
    html = score_by_planet.PANEL.draw(values | {"shown": 40}).html
    assert html.count('class="pick"') == 3


def test_without_labels_of_the_train_planets_the_reason_is_said(make_report: Make) -> None:
    data = make_report(naive=None, problems={"naive": "train.csv is broken"})
    assert score_by_bin.PANEL.collect(context(data)) == Lack("train.csv is broken")


def test_a_halved_sigma_is_too_small_at_every_level(make_report: Make) -> None:
    data = make_report()
    values = of(reliability_curve.PANEL, replace(data, sigma=0.4 * data.sigma))
    assert reliability_curve.verdict(values).level == "bad"
    honest = reliability_curve.verdict(of(reliability_curve.PANEL, data))
    assert honest.level == "good", honest


def test_level_and_shape_take_an_error_apart(make_report: Make) -> None:
    """All AIRS bins two sigma off together: the level is, the shape is not."""
    data = make_report()
    sigma = np.full_like(data.sigma, 5e-5)
    truth = np.where(np.isnan(data.truth), 0.01, data.truth)
    values = of(z_parts.PANEL, replace(data, truth=truth, mu=truth + 2 * sigma, sigma=sigma))
    fgs1, level, shape = values["rows"]
    assert fgs1["rms"] == pytest.approx(2)
    assert level["rms"] == pytest.approx(2)
    assert level["reading"] == "σ too small"
    assert shape["rms"] == pytest.approx(0, abs=1e-6)
    assert shape["reading"] == "not too small"


def test_levels_and_groups_of_quantiles_are_told_apart(make_report: Make) -> None:
    data = make_report()
    rows = tuple(
        QuantileRow(alpha, group, np.full(N_BINS, q), n, "all")
        for alpha, group, q, n in ((0.1, "faint", 1.9, 30), (0.1, "rest", 1.7, 80))
    )
    corel = replace(data.corel, q=np.full(N_BINS, 1.7), rows=rows)
    drawn = conformal_bins.PANEL.draw(of(conformal_bins.PANEL, replace(data, corel=corel)))
    names = [trace["name"] for trace in drawn.figures["corel-bins"]["data"]]
    assert "q, 90%, faint" in names
    assert "q, 90%, rest" not in names  # that is the one drawn in full
    assert "faint" in drawn.html
    assert drawn.verdict is not None
    assert drawn.verdict.level == "good"


@pytest.mark.parametrize(("q", "words"), [(2.5, "too small"), (1.0, "too wide")])
def test_quantiles_far_from_normal_are_said(make_report: Make, q: float, words: str) -> None:
    data = make_report()
    values = of(
        conformal_bins.PANEL, replace(data, corel=replace(data.corel, q=np.full(N_BINS, q)))
    )
    told = conformal_bins.verdict(values)
    assert told.level == "look"
    assert words in told.text


def test_a_broken_rule_is_laid_at_the_right_door(make_report: Make) -> None:
    data = make_report()
    values = of(rules_broken.PANEL, data)
    smooth = values["rules"][0]
    assert (smooth["fail"], smooth["truth_fail"]) == (1, 0)
    assert smooth["planet"] == data.planet_ids[1]
    told = rules_broken.verdict(values)
    assert told.level == "look"
    assert "1 of 40 spectra break a symbolic rule" in told.text
    assert "1 of the predictions are to blame" in told.text


def test_a_planets_rules_stand_on_its_page_the_broken_first(make_report: Make) -> None:
    data = make_report()
    body = planet_rules.planet(context(data), 1)
    assert body is not None
    html = body.html["planet-rules"]
    before, folded = html.split("<details>")
    assert "smoothness" in before
    assert "broken" in before
    assert "7, 8" in before
    assert "ratios.ch4_h2o" in folded
    assert "unlike the known ones" in before
    good = planet_rules.planet(context(data), 0)
    assert good is not None
    assert "It keeps all 2 rules." in good.html["planet-rules"]
    assert planet_rules.planet(context(replace(data, rules=None)), 0) is None


def test_the_map_of_rules_has_the_worst_planet_on_top(make_report: Make) -> None:
    data = make_report(n=6)
    values = of(violation_map.PANEL, data)
    ids = data.planet_ids
    assert values["planets"][:2] == [ids[1], ids[2]]  # broken before unusual
    assert values["entries"] == ["smoothness", "ratios.ch4_h2o"]
    assert values["status"][0] == ["fail", "ok"]
    drawn = violation_map.PANEL.draw(values)
    figure = drawn.figures["rules-by-planet"]
    packed = figure["data"][0]["z"]
    codes = np.frombuffer(b64decode(packed["bdata"]), np.uint8).reshape(6, 2)
    thirds = codes / 255 * 3
    assert 2 < thirds[0, 0] < 3  # broken: the scale's last third
    assert 1 < thirds[1, 1] < 2  # unusual
    assert (thirds[2:] < 1).all()
    assert figure["data"][0]["text"][0][0] == "broken, penalty 1.01"
    assert drawn.tables["rule_map"][0] == {
        "planet": ids[1],
        "smoothness": "fail",
        "ratios.ch4_h2o": "ok",
    }


def test_kept_rules_are_deeper_the_larger_their_penalty(make_report: Make) -> None:
    values = of(violation_map.PANEL, make_report(n=6))
    smooth = values["entries"].index("smoothness")
    kept = [
        (float(told[smooth].split()[-1]), place[smooth])
        for status, told, place in zip(
            values["status"], values["amount"], values["place"], strict=True
        )
        if status[smooth] == "ok"
    ]
    assert sorted(kept) == sorted(kept, key=lambda one: one[1])
    assert len({place for _, place in kept}) == len(kept)


def test_the_dominant_rule_is_the_harder_one(make_report: Make) -> None:
    """Coherence pushes five times as hard beyond bin 200, a tenth as hard before; FGS1 is free."""
    values = of(influence_maps.PANEL, make_report())
    row = values["airs"][0]
    assert values["rules"] == ["sm", "coh"]
    assert row[0] == 0
    assert row[-1] == 1
    assert values["fgs1"][0] == [None]


def test_strangers_come_first_and_are_counted(make_report: Make) -> None:
    data = make_report()
    values = of(strangers.PANEL, data)
    assert values["planets"][0]["planet"] == data.planet_ids[1]
    assert values["strangers"] == 1
    assert strangers.verdict(values).level == "look"
    few = values | {"planets": values["planets"][:10]}
    assert strangers.verdict(few).level == "bad"
