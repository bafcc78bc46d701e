"""Maps of planets, neighbours, the drift panel: what is marked, linked, escaped and said."""

from collections.abc import Callable

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panel import Lack, PanelBody, ReportContext
from spectramind.diagnostics.panels import drift_alarm_traits, pca_map, planet_neighbours
from spectramind.diagnostics.planet_colours import planet_colours, spectral_entropy
from spectramind.diagnostics.planet_map import verdict
from spectramind.diagnostics.report_data import ReportData
from spectramind.instrument.grid import N_BINS

Make = Callable[..., ReportData]
EVIL = '<script>"x'


def drawn(data: ReportData) -> PanelBody:
    values = pca_map.collector("pca")(ReportContext(data, 20, 5))
    assert isinstance(values, dict)
    return pca_map.draw(values)


def traces(body: PanelBody) -> dict:
    return {trace["name"]: trace for trace in body.figures["pca-features"]["data"]}


def test_new_planets_can_be_chosen_and_the_outsider_is_ringed(make_report: Make) -> None:
    data = make_report()
    body = drawn(data)
    found = traces(body)
    assert found["new"]["meta"] == "planets"
    assert found["new"]["customdata"] == list(data.planet_ids)
    assert len(found["labelled"]["x"]) == 30
    assert found["outside the labels"]["x"] == [found["new"]["x"][1]]
    (row,) = body.tables["pca_outside"]
    assert row["planet"] == data.planet_ids[1]
    assert row["why"] == "FGS1 noise high"
    assert "1 of 40 planets lies outside" in body.html
    assert "no network was kept" in body.note


def test_every_colour_of_the_choice_fits_the_trace(make_report: Make) -> None:
    data = make_report()
    figure = drawn(data).figures["pca-features"]
    choices = figure["layout"]["meta"]["restyle"]
    titles = [one["marker.colorbar.title.text"] for one in choices]
    assert titles == [
        "official score",
        "σ, median bin [ppm]",
        "audit",
        "spectral entropy",
        "residuals",
        "star [K]",
    ]
    for one in choices:
        assert len(one["marker.color"][0]) == len(data.planet_ids)
        assert one["marker.cmin"] < one["marker.cmax"]
    assert choices[2]["marker.colorbar.ticktext"] == [["ok", "warn", "fail"]]
    assert drawn(data).html.count("<option") == len(choices)


def test_a_kept_class_of_residuals_is_a_colour(make_report: Make) -> None:
    data = make_report(n=6)
    one, two, *_ = data.planet_ids
    classes = {one: {"class": "white"}, two: {"class": "peak at 3.1 mHz"}}
    with_classes = make_report(n=6, stored={**data.stored, "fft": {"planets": classes}})
    (found,) = (one for one in planet_colours(with_classes, data.planet_ids, {}, {}) if one.classes)
    assert found.classes == ("peak", "white")
    assert found.values[:2].tolist() == [1.0, 0.0]
    assert np.isnan(found.values[2:]).all()


def test_the_surer_a_planet_the_less_it_fades(make_report: Make) -> None:
    data = make_report()
    opacity = np.array(traces(drawn(data))["new"]["marker"]["opacity"])
    sigma = np.median(data.sigma, axis=1)
    assert opacity[np.argmin(sigma)] == 1.0
    assert opacity[np.argmax(sigma)] == 0.45


def test_names_are_escaped_on_map_and_page(make_report: Make) -> None:
    data = make_report(n=6)
    ids = (EVIL, *data.planet_ids[1:])
    kept = data.stored["pca"]
    space = kept["spaces"][0] | {"ids": list(ids), "distance": [2.0] + [0.5] * 5}
    near = [{"planet": EVIL, "labelled": False, "distance": 0.2}]
    space |= {"why": ["<b>", *[""] * 5], "neighbours": [near for _ in ids]}
    stored = {"pca": kept | {"spaces": [space]}}
    changed = make_report(n=6, planet_ids=ids, stored=stored, estimates={})
    body = drawn(changed)
    assert "<script>" not in body.html
    assert "<script>" not in traces(body)["new"]["hovertext"][0]
    found = planet_neighbours.planet(ReportContext(changed, 6, 2), 2)
    assert found is not None
    html = found.html["neighbours-list"]
    assert '<a href="#planet=%3Cscript%3E%22x">&lt;script&gt;&quot;x</a>' in html
    page = build_page(changed, max_planets=6, worst_planets=2, topic="pca").html
    assert "<script>" not in page.partition("<script")[0]


def test_a_planet_names_its_neighbours_and_links_only_new_ones(make_report: Make) -> None:
    data = make_report()
    found = planet_neighbours.planet(ReportContext(data, 20, 5), 0)
    assert found is not None
    html = found.html["neighbours-list"]
    assert f'href="#planet={data.planet_ids[1]}"' in html
    assert "L3" in html
    assert "#planet=L3" not in html
    assert "0.250" in html  # the labelled neighbour's score
    assert "0.60; 1 is the edge" in html
    assert "inside" in html
    outside = planet_neighbours.planet(ReportContext(data, 20, 5), 1)
    assert outside is not None
    assert "outside, by FGS1 noise high" in outside.html["neighbours-list"]


def test_without_what_was_kept_there_is_a_reason(make_report: Make) -> None:
    data = make_report(stored={}, problems={"stored.pca": "the checkpoint is gone"})
    context = ReportContext(data, 20, 5)
    assert pca_map.collector("pca")(context) == Lack("the checkpoint is gone")
    assert planet_neighbours.planet(context, 0) is None


@pytest.mark.parametrize(
    ("outside", "p", "level"), [(1, 0.3, "good"), (4, 0.001, "look"), (30, 1e-9, "bad")]
)
def test_verdicts_count(outside: int, p: float, level: str) -> None:
    distance = [1.5] * outside + [0.5] * (40 - outside)
    space = {"distance": distance, "ids": list(range(40)), "chance": 0.01, "p": p}
    found = verdict({"spaces": [space]})
    assert found is not None
    assert found.level == level
    assert found.text.startswith(f"{outside} of 40 planets lie")
    assert "0.4 by chance" in found.text
    assert verdict({"spaces": [space | {"distance": None}]}) is None


def test_entropy_of_one_period_and_of_noise() -> None:
    mu = np.full((3, N_BINS), 0.01)
    mu[0, 1:] += 1e-4 * np.sin(2 * np.pi * 5 * np.arange(N_BINS - 1) / (N_BINS - 1))
    mu[1, 1:] += 1e-4 * np.random.default_rng(0).normal(size=N_BINS - 1)
    entropy = spectral_entropy(mu)
    assert entropy[0] == pytest.approx(0.0, abs=1e-6)
    assert 0.85 < entropy[1] < 1
    assert np.isnan(entropy[2])


def test_drift_is_told_as_the_alarm_has_it(make_report: Make) -> None:
    values = drift_alarm_traits.collect(ReportContext(make_report(), 20, 5))
    assert isinstance(values, dict)
    body = drift_alarm_traits.draw(values)
    assert body.verdict is not None
    assert body.verdict.level == "bad"
    assert "40 planets are unlike the 60" in body.verdict.text
    rows = body.tables["drift"]
    assert [row["name"] for row in rows] == ["depth", "doubted", "memory_airs", "visits"]
    assert [row["reading"] for row in rows] == [
        "differs",
        "not told apart",
        "not told apart",
        "not compared: too few planets tell it",
    ]
    assert rows[0]["p"] == 0.0004
    assert len(body.brief) == 3
    first = body.figures["drift-traits"]["data"][0]
    assert first["x"][0] == pytest.approx(100 * np.exp(-5), rel=1e-3)  # in per cent
    assert first["y"][-1] == 1.0
    assert len(body.figures["drift-traits"]["data"]) == 4  # a share is no distribution
    calm = values | {"alarm": False, "p": 0.4, "differing": []}
    quiet = drift_alarm_traits.draw(calm).verdict
    assert quiet is not None
    assert quiet.level == "good"
