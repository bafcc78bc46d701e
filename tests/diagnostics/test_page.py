"""The page as text: self-contained, safe, complete, and honest about what is missing."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.report_data import CalibrationLog, CorelTable, ReportData
from spectramind.diagnostics.run_history import RunHistory
from spectramind.instrument.grid import N_BINS

Make = Callable[..., ReportData]
WITHOUT_TRUTH = {
    *("worst", "gll-score", "gll-by-bin", "gll-by-planet", "errors", "reliability-section"),
    *("z-parts", "pit", "groups", "regions", "sharpness"),
}
SECTIONS = [panel.anchor for panel in report_panels()]


class Reader(HTMLParser):
    """Collects tags, ids and the text of elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def ids(self, tag: str) -> list[str | None]:
        return [attrs["id"] for name, attrs in self.tags if name == tag and "id" in attrs]


def page_of(data: ReportData, max_planets: int = 20, worst_planets: int = 5) -> str:
    return build_page(data, max_planets=max_planets, worst_planets=worst_planets).html


def content(page: str) -> dict:
    found = re.search(r'id="report-data">(.*?)</script>', page, flags=re.DOTALL)
    assert found
    return json.loads(found.group(1))


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def test_the_page_refers_to_nothing_outside(make_report: Make) -> None:
    page = page_of(make_report())
    for tag, attrs in Reader(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base", "form")
        assert "src" not in attrs
        assert str(attrs.get("href", "#")).startswith("#")
    assert "http" not in re.sub("http-equiv", "", without_scripts(page))
    assert "url(" not in without_scripts(page)
    assert "@import" not in without_scripts(page)
    assert "default-src 'none'" in page


def test_plotly_is_inlined_once(make_report: Make) -> None:
    page = page_of(make_report())
    assert len(re.findall(r"\* plotly\.js v\d", page)) == 1
    assert len(page.encode()) < 6.5e6


def test_a_full_report_has_every_section_and_a_place_for_every_figure(make_report: Make) -> None:
    page = page_of(make_report())
    reader = Reader(page)
    assert reader.ids("section") == SECTIONS
    assert sorted(reader.ids("figure")) == sorted(content(page)["figures"])
    assert "Not in this report" not in page
    for text in ("abcd1234", "1b2c3d4", "v50_20251120_160301_4be1", "0.478"):
        assert text in without_scripts(page)


@pytest.mark.parametrize(
    ("field", "empty", "gone", "command"),
    [
        ("summaries", None, {"scores"}, "score"),
        ("truth", None, WITHOUT_TRUTH, "score"),
        ("light_curves", {}, {"light-curves-section"}, "features"),
        ("history", None, {"training"}, "train"),
        ("corel", None, {"corel"}, "calibrate-corel"),
        ("calibration", (), {"kill-chain"}, "calibrate"),
        ("repeats", (), {"repeats"}, "features"),
        ("events", (), {"timings", "config-score-map", "runs"}, "selftest"),
    ],
)
def test_what_is_absent_is_left_out_and_said(
    make_report: Make, field: str, empty: object, gone: set[str], command: str
) -> None:
    page = page_of(make_report(**{field: empty}))
    assert Reader(page).ids("section") == [s for s in SECTIONS if s not in gone] + ["absent"]
    listed = page.split("Not in this report")[1].split("</section>")[0]
    assert listed.count("<li>") == len(gone)
    assert f"<code>spectramind {command}</code>" in listed


def test_no_planet_at_all_is_a_page_too(make_report: Make) -> None:
    full = make_report()
    none = np.empty((0, N_BINS))
    page = page_of(ReportData("empty", {}, full.wavelength_um, (), none, none))
    assert Reader(page).ids("section") == ["absent"]
    assert content(page) == {"figures": {}}


def test_spectra_are_embedded_in_ppm_and_gaps_are_null(make_report: Make) -> None:
    data = make_report(n=6)
    planets = content(page_of(data))["planets"]
    assert [p["id"] for p in planets] == list(data.planet_ids)
    assert planets[2]["mu"][7] == round(data.mu[2, 7] * 1e6, 1)
    assert planets[2]["half"][40] is None
    assert planets[2]["half"][41] == round(data.half_width[2, 41] * 1e6, 1)
    assert planets[3]["truth"] is None
    curves = content(page_of(data))["curves"]
    assert curves[5] is None
    expected = round((data.light_curves[data.planet_ids[0]].fgs1[10] - 1) * 1e6)
    assert curves[0]["fgs1"][10] == expected


def test_infinite_intervals_everywhere_are_no_interval(make_report: Make) -> None:
    data = make_report(n=6)
    half = np.full_like(data.mu, np.inf)
    corel = CorelTable(np.full(N_BINS, np.inf), np.ones(N_BINS), 0.1, 4)
    page = page_of(replace(data, half_width=half, corel=corel))
    assert all(planet["half"] is None for planet in content(page)["planets"])
    assert "bins inside interval" not in page


def test_partly_known_truth_is_drawn_but_not_scored(make_report: Make) -> None:
    data = make_report(n=6)
    truth = data.truth.copy()
    truth[1, 100:] = np.nan
    page = page_of(replace(data, truth=truth))
    planet = content(page)["planets"][1]
    assert planet["truth"][99] is not None
    assert planet["truth"][100] is None
    assert "rms error" not in planet["note"]
    assert "4 with known truth" in page


def test_names_cannot_break_out(make_report: Make) -> None:
    evil = '</script><script>alert("1")</script>&<b onclick="x">'
    data = make_report(n=6)
    ids = (evil, *data.planet_ids[1:])
    curves = {evil: data.light_curves[data.planet_ids[0]]}
    hostile = replace(
        data,
        title=evil,
        planet_ids=ids,
        light_curves=curves,
        provenance={evil: evil},
        summaries=[{"name": evil, "score": 0.4}, {"name": evil, "score": 0.3}],
        events=[{"cmd": evil, "status": evil}],
        calibration=[CalibrationLog(evil, problem=evil, failed=True)],
        problems={"light_curves": evil, "corel": evil},
        history=[{"epoch": 1, f"{evil}_loss": 1.0}],
    )
    page = page_of(hostile, worst_planets=6)
    assert page.count("<script") - page_of(data, worst_planets=6).count("<script") == 0
    assert "<b onclick" not in page
    assert content(page)["planets"][0]["id"] == evil
    assert f'data-planet="{evil}"' not in page


def test_the_choice_of_planets_is_limited_and_said(make_report: Make) -> None:
    page = page_of(make_report(n=40), max_planets=8, worst_planets=30)
    chosen = {planet["id"] for planet in content(page)["planets"]}
    picks = re.findall(r'data-planet="(\d+)"', page)
    assert len(chosen) == 8
    assert set(picks) <= chosen  # whatever table a planet stands in
    worst = page.split('<section id="worst">')[1].split("</section>")[0]
    assert len(re.findall(r'data-planet="(\d+)"', worst)) == 8
    assert "8 of 40 planets to choose from" in page


def test_history_with_holes_and_without_score(make_report: Make) -> None:
    rows = [{"epoch": 0, "val_loss": float("nan")}, {"epoch": 1, "val_loss": 2.0, "lr": 1e-3}]
    changes = {"history": rows, "baseline": {}, "chosen_epoch": None, "runs": RunHistory()}
    figure = content(page_of(make_report(**changes)))["figures"]["history"]
    assert [trace["y"] for trace in figure["data"]] == [[None, 2.0]]
    assert "xaxis2" not in figure["layout"]
