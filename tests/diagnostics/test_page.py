"""The page as text: self-contained, safe, complete, and honest about what is missing."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Callable, Set
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.panels import report_panels
from spectramind.diagnostics.report_data import CalibrationLog, CorelTable, ReportData
from spectramind.diagnostics.run_history import RunHistory
from spectramind.instrument.grid import N_BINS

Make = Callable[..., ReportData]
PANELS = report_panels()
MAIN = [panel.anchor for panel in PANELS if panel.planet is None]
ON_PLANET = [panel.anchor for panel in PANELS if panel.planet is not None]
WITHOUT_TRUTH = {
    *("worst", "gll-score", "gll-by-bin", "gll-by-planet", "errors", "reliability-section"),
    *("z-parts", "pit", "groups", "regions", "sharpness"),
}


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


def embedded(page: str, kind: str) -> dict[str, Any]:
    """What the page holds of figures or planets, by name."""
    pattern = rf'<script type="application/(\w+)" data-{kind}="(.*?)">(.*?)</script>'
    found = re.findall(pattern, page, flags=re.DOTALL)
    return {unescape(name): json.loads(_plain(form, text)) for form, name, text in found}


def _plain(form: str, text: str) -> str:
    return text if form == "json" else gzip.decompress(b64decode(text)).decode()


def sections(*, without: Set[str] = frozenset(), planets: bool = True) -> list[str]:
    """What a page's sections are called, its planets' after the others."""
    ours = [name for name in MAIN if name not in without]
    ours += ["absent"] if without else []
    theirs = [name for name in ON_PLANET if name not in without]
    return ["verdict", *ours, *(["planet-head", *theirs] if planets else [])]


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
    assert reader.ids("section") == sections()
    assert sorted(reader.ids("figure")) == sorted(embedded(page, "figure"))
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
        ("calibration", (), {"kill-chain", "visit-record"}, "calibrate"),
        ("repeats", (), {"repeats"}, "features"),
        ("events", (), {"timings", "config-score-map", "runs"}, "selftest"),
    ],
)
def test_what_is_absent_is_left_out_and_said(
    make_report: Make, field: str, empty: object, gone: set[str], command: str
) -> None:
    page = page_of(make_report(**{field: empty}))
    assert Reader(page).ids("section") == sections(without=gone)
    listed = page.split("Not in this report")[1].split("</section>")[0]
    assert listed.count("<li>") == len(gone)
    assert f"<code>spectramind {command}</code>" in listed


def test_no_planet_at_all_is_a_page_too(make_report: Make) -> None:
    full = make_report()
    none = np.empty((0, N_BINS))
    page = page_of(ReportData("empty", {}, full.wavelength_um, (), none, none))
    assert Reader(page).ids("section") == ["absent"]
    assert embedded(page, "figure") == embedded(page, "planet") == {}


def test_spectra_are_embedded_in_ppm_and_gaps_are_null(make_report: Make) -> None:
    data = make_report(n=6)
    planets = embedded(page_of(data), "planet")
    assert list(planets) == list(data.planet_ids)
    spectrum = planets[data.planet_ids[2]]["series"]["spectrum"]
    assert spectrum["mu"]["y"][6] == round(data.mu[2, 7] * 1e6, 1)
    assert spectrum["interval"]["half"][39] is None
    assert spectrum["interval"]["half"][40] == round(data.half_width[2, 41] * 1e6, 1)
    assert planets[data.planet_ids[3]]["series"]["spectrum"]["truth"]["y"] == []
    assert "light-curves-fgs1" not in planets[data.planet_ids[5]]["series"]
    curves = planets[data.planet_ids[0]]["series"]["light-curves-fgs1"]
    curve = data.light_curves[data.planet_ids[0]]
    drift = curve.drift_fgs1 / curve.drift_fgs1.mean()
    assert curves["transit"]["y"][10] == round(curve.model_fgs1[10], 6)
    assert curves["light"]["y"][10] == round(curve.fgs1[10] * drift[10], 6)
    assert curves["drift"]["y"][10] == round(1e6 * (drift[10] - 1), 0)
    assert curves["light"]["x"][10] == round(curve.time_h[10] - 3.8, 3)


def test_infinite_intervals_everywhere_are_no_interval(make_report: Make) -> None:
    data = make_report(n=6)
    half = np.full_like(data.mu, np.inf)
    corel = CorelTable(np.full(N_BINS, np.inf), np.ones(N_BINS), 0.1, 4)
    page = page_of(replace(data, half_width=half, corel=corel))
    for planet in embedded(page, "planet").values():
        assert planet["series"]["spectrum"]["interval"]["y"] == []
    assert "bins inside interval" not in page


def test_partly_known_truth_is_drawn_but_not_scored(make_report: Make) -> None:
    data = make_report(n=6)
    truth = data.truth.copy()
    truth[1, 100:] = np.nan
    page = page_of(replace(data, truth=truth))
    planet = embedded(page, "planet")[data.planet_ids[1]]
    truth = planet["series"]["spectrum"]["truth"]["y"]
    assert truth[98] is not None
    assert truth[99] is None
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
        events=[{"cmd": evil, "status": evil, "message": evil}, *data.events],
        calibration=[CalibrationLog(evil, problem=evil, failed=True)],
        problems={"light_curves": evil, "corel": evil},
        history=[{"epoch": 1, f"{evil}_loss": 1.0}],
    )
    page = page_of(hostile, worst_planets=6)
    assert page.count("<script") - page_of(data, worst_planets=6).count("<script") == 0
    assert "<b onclick" not in page
    assert next(iter(embedded(page, "planet"))) == evil
    assert f'data-planet="{evil}"' not in page


def test_the_choice_of_planets_is_limited_and_said(make_report: Make) -> None:
    page = page_of(make_report(n=40), max_planets=8, worst_planets=30)
    chosen = set(embedded(page, "planet"))
    picks = re.findall(r'data-planet="(\d+)"', page.split('id="worst"')[1].split("</section>")[0])
    assert len(chosen) == 8
    assert len(picks) == 8
    for name in ("gll-by-planet", "strangers", "rules"):
        part = page.split(f'<section id="{name}"')[1].split("</section>")[0]
        assert set(re.findall(r'data-planet="(\d+)"', part)) <= chosen
    assert "8 of 40 have pages" in page


def test_history_with_holes_and_without_score(make_report: Make) -> None:
    rows = [{"epoch": 0, "val_loss": float("nan")}, {"epoch": 1, "val_loss": 2.0, "lr": 1e-3}]
    changes = {"history": rows, "baseline": {}, "chosen_epoch": None, "runs": RunHistory()}
    figure = embedded(page_of(make_report(**changes)), "figure")["history"]
    assert [trace["y"] for trace in figure["data"]] == [[None, 2.0]]
    assert "xaxis2" not in figure["layout"]
