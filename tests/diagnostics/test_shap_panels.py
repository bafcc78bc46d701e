"""The panels of topic "shap", on shares whose answer is known."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import plotly.graph_objects as go
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext
from spectramind.diagnostics.panels import (
    network_edges,
    network_gradients,
    shap_of_planet,
    shap_planets,
    shap_rules,
    shap_summary,
)
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.shap_titles import GROUPS
from spectramind.estimators.masked_inputs import ALL_GROUPS

Make = Callable[..., ReportData]
PANELS = [
    module.PANEL
    for module in (
        shap_summary,
        shap_planets,
        shap_rules,
        network_gradients,
        network_edges,
        shap_of_planet,
    )
]


def of(panel: Panel, data: ReportData) -> PanelBody:
    values = panel.collect(ReportContext(data, 20, 5))
    assert isinstance(values, dict)
    return panel.draw(values)


def changed(make_report: Make, **changes: Any) -> ReportData:
    values = deepcopy(make_report().stored["shap"])
    return make_report(stored={"shap": {**values, **changes}})


def test_every_group_of_inputs_has_a_title() -> None:
    assert list(GROUPS) == list(ALL_GROUPS)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.anchor)
def test_figures_are_plotly_s(panel: Panel, make_report: Make) -> None:
    for figure in of(panel, make_report()).figures.values():
        go.Figure(figure)  # unknown keys are refused
        json.dumps(figure, allow_nan=False)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.anchor)
def test_why_there_are_none_is_said(panel: Panel, make_report: Make) -> None:
    context = ReportContext(make_report(stored={}, problems={"stored.shap": "too old"}), 20, 5)
    assert panel.collect(context) == Lack("too old")


def test_means_and_errors_of_sizes(make_report: Make) -> None:
    body = of(shap_summary.PANEL, make_report())
    rows = {(r["quantity"], r["group"], r["output"]): r for r in body.tables["shap_shares"]}
    row = rows["mu", "h2o", "CO2"]  # 2.2 in both signs, whatever the planet, but the last ones
    assert row["mean_size_ppm"] == pytest.approx(2.2)
    assert row["standard_error_ppm"] == 0
    brief = body.brief[1]
    assert brief["input"] == "FGS1 depth"
    assert brief["μ AIRS [ppm]"] == pytest.approx(1.7)
    assert len(brief) <= 6


def test_the_verdict_judges_what_moves_fgs1(make_report: Make) -> None:
    assert of(shap_summary.PANEL, make_report()).verdict.level == "look"  # jitter has most
    values = deepcopy(make_report().stored["shap"])
    for planet in values["phi"]["mu"]:
        planet[1][0] = 90.0
    good = of(shap_summary.PANEL, make_report(stored={"shap": values})).verdict
    assert good.level == "good"
    assert "FGS1's own measured depth (90 ppm" in good.text
    bad = of(shap_summary.PANEL, changed(make_report, residual_ppm=3.0)).verdict
    assert bad.level == "bad"
    assert "3 ppm are missing" in bad.text


def test_one_planet_has_no_errors(make_report: Make) -> None:
    values = deepcopy(make_report().stored["shap"])
    values["planets"] = values["planets"][:1]
    values["phi"] = {key: phi[:1] for key, phi in values["phi"].items()}
    rows = of(shap_summary.PANEL, make_report(stored={"shap": values})).tables["shap_shares"]
    assert {row["standard_error_ppm"] for row in rows} == {None}


def test_a_dot_is_a_planet(make_report: Make) -> None:
    data = make_report()
    body = of(shap_planets.PANEL, data)
    trace = body.figures["shap-swarm"]["data"][0]
    planets = len(data.stored["shap"]["planets"])
    assert trace["meta"] == "planets"
    assert len(trace["x"]) == len(trace["customdata"]) == planets * (len(ALL_GROUPS) - 1)
    assert trace["customdata"][:2] == list(data.planet_ids[:2])
    row = next(r for r in body.tables["shap_planets"] if r["group"] == "ch4")
    assert (row["planet_id"], row["share_ppm"]) == (data.planet_ids[0], 4.0)
    assert "level" not in {r["group"] for r in body.tables["shap_planets"]}


def test_rules_stand_in_their_regions(make_report: Make) -> None:
    body = of(shap_rules.PANEL, make_report())
    texts = [mark["text"] for mark in body.figures["shap-rules"]["layout"]["annotations"]]
    assert "CO₂: fft power" in texts
    assert not [text for text in texts if text.startswith("FGS1")]
    assert "0.40 (−0.10 to 0.60 at 90 %)" in body.note


def test_without_audit_the_overlay_names_it(make_report: Make) -> None:
    data = changed(make_report, overlay=None, no_overlay="audit has not run")
    found = shap_rules.PANEL.collect(ReportContext(data, 20, 5))
    assert found == Lack("audit has not run; then spectramind diagnose shap again", "audit")


@pytest.mark.parametrize("panel", [network_gradients.PANEL, network_edges.PANEL])
def test_without_a_network_one_sentence_says_so(panel: Panel, make_report: Make) -> None:
    data = changed(make_report, network=None, no_network="no network was kept")
    assert panel.collect(ReportContext(data, 20, 5)) == Lack("no network was kept", "train")
    page = build_page(data, max_planets=20, worst_planets=5, topic="shap")
    assert "What moves μ and σ" in page.shown
    assert panel.title not in page.shown


def test_completeness_is_judged(make_report: Make) -> None:
    good = of(network_gradients.PANEL, make_report())
    assert good.verdict.level == "good"
    assert "completeness residual 0.4 ppm" in good.note
    network = make_report().stored["shap"]["network"] | {"residual_ppm": [0.4, 9.0]}
    poor = of(network_gradients.PANEL, changed(make_report, network=network)).verdict
    assert poor.level == "look"
    assert "30%" in poor.text


def test_phases_are_rows_of_both_light_curves(make_report: Make) -> None:
    body = of(network_gradients.PANEL, make_report())
    rows = {(row["curve"], row["phase"]): row for row in body.tables["network_phases"]}
    assert len(rows) == 8
    row = rows["AIRS's light curve", "egress"]
    assert (row["FGS1"], row["FGS1 error"]) == (3.0, 0.3)
    assert (row["AIRS mean"], row["AIRS mean error"]) == (4.0, 0.4)
    shades = body.figures["network-course"]["layout"]["shapes"]
    assert [(one["x0"], one["x1"]) for one in shades] == [(-1.0, -0.8), (0.8, 1.0)]


def test_a_network_without_attention_says_why(make_report: Make) -> None:
    own = make_report().stored["shap"]["network"]
    network = own | {"attention": [], "no_attention": "rgcn has no attention"}
    body = of(network_edges.PANEL, changed(make_report, network=network))
    assert "rgcn has no attention" in body.html
    assert list(body.tables) == ["network_edges"]
    assert "same molecule" in body.verdict.text
    idle = changed(make_report, network=own | {"edges": []})
    found = network_edges.PANEL.collect(ReportContext(idle, 20, 5))
    assert isinstance(found, Lack)
    assert "adds nothing" in found.reason


def test_a_planet_s_page_has_its_own_shares(make_report: Make) -> None:
    data = make_report()
    context = ReportContext(data, 20, 5)
    assert shap_of_planet.PANEL.planet is not None
    body = shap_of_planet.PANEL.planet(context, 0)
    assert body is not None
    series = body.series[shap_of_planet.FIGURE]
    drawn = of(shap_of_planet.PANEL, data).figures[shap_of_planet.FIGURE]["data"]
    assert set(series) == {trace["meta"] for trace in drawn}
    assert series["mu.AIRS"]["x"][:2] == [1.7, 2.7]
    assert len(series["mu.AIRS"]["y"]) == len(series["mu.AIRS"]["x"]) == len(ALL_GROUPS) - 1
    assert shap_of_planet.PANEL.planet(context, len(data.planet_ids) - 1) is None
    nothing = ReportContext(make_report(stored={}), 20, 5)
    assert shap_of_planet.PANEL.planet(nothing, 0) is None
