"""The page in a real browser."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.report_data import CorelTable, ReportData
from spectramind.instrument.grid import N_BINS

pytestmark = pytest.mark.browser

Browse = Callable[..., Any]
Make = Callable[..., ReportData]
DRAW_ALL = "report.drawAll().then(() => [document.body.dataset.figures, document.body.dataset.of])"
EMPTY = """() => [...document.querySelectorAll('main figure.plot')]
    .filter((f) => f.offsetParent && !f.querySelector('.main-svg')).map((f) => f.id)"""
SERIES = """([id, meta, key]) =>
    document.getElementById(id).data.find((t) => t.meta === meta)[key]"""


def page_of(data: ReportData) -> str:
    return build_page(data, max_planets=20, worst_planets=5).html


def series(page: Any, meta: str, key: str = "y", figure: str = "spectrum") -> list[Any]:
    return page.evaluate(SERIES, [figure, meta, key])


def on_planet(page: Any, planet_id: str) -> None:
    page.wait_for_function("(id) => document.body.dataset.planet === id", arg=planet_id)


def test_a_full_page_draws_everything_and_logs_nothing(browse: Browse, make_report: Make) -> None:
    opened = browse(page_of(make_report()))
    drawn, of = opened.page.evaluate(DRAW_ALL)
    assert int(drawn) == int(of) > 10
    assert opened.page.evaluate(EMPTY) == []
    assert opened.page.get_by_text("Share chart").count() == 0
    assert opened.complaints == []


def test_figures_are_drawn_when_they_are_looked_at(browse: Browse, make_report: Make) -> None:
    page = browse(page_of(make_report())).page
    before = int(page.evaluate("document.body.dataset.figures"))
    assert before < int(page.evaluate("document.body.dataset.of"))
    page.locator("#history").scroll_into_view_if_needed()
    page.wait_for_selector("#history .main-svg")


def test_a_click_on_a_planet_opens_its_page(browse: Browse, make_report: Make) -> None:
    data = make_report(n=6)
    opened = browse(page_of(data))
    page, ids = opened.page, data.planet_ids
    page.locator(f"#planets button[data-planet='{ids[1]}']").click()
    on_planet(page, ids[1])
    assert page.locator("#main").is_hidden()
    assert page.locator("#planet-title").inner_text() == f"Planet {ids[1]}"
    assert page.locator("#planet-note").inner_text().startswith("mean depth")
    ppm = np.round(data.mu[1] * 1e6, 1)
    assert series(page, "mu") == list(ppm[1:])
    sigma, half = (np.round(v[1] * 1e6, 1) for v in (data.sigma, data.half_width))
    ring = series(page, "interval")
    assert ring[5] == pytest.approx(ppm[6] + half[6])
    assert ring.count(None) == 2  # the band is open at the bin without an interval
    assert series(page, "interval", "x")[5] == pytest.approx(data.wavelength_um[6], abs=1e-5)
    lower = [y for y in series(page, "sigma") if y is not None][-1]  # it comes back below
    assert lower == pytest.approx(ppm[1] - sigma[1])
    page.locator("#previous").click()
    on_planet(page, ids[0])
    page.locator("#previous").click()
    on_planet(page, ids[5])  # the last has no light curve
    assert "empty" in page.locator("#light-curves-fgs1").get_attribute("class")
    page.locator("#planet").select_option(ids[3])
    on_planet(page, ids[3])
    assert series(page, "truth") == [None]
    page.locator("a.back").click()
    page.wait_for_selector("#main", state="visible")
    assert page.locator("#planet-page").is_hidden()
    assert opened.complaints == []


def test_a_planet_is_found_by_its_id(browse: Browse, make_report: Make) -> None:
    data = make_report(n=6)
    page = browse(page_of(data)).page
    page.locator("#find input").fill(data.planet_ids[4][-4:])
    page.keyboard.press("Enter")
    on_planet(page, data.planet_ids[4])
    page.locator("#find input").fill("no such planet")
    page.keyboard.press("Enter")
    told = page.locator("#find input").evaluate("(input) => input.validationMessage")
    assert told == 'none of the 6 planets here has "no such planet" in its id'


def test_a_link_to_a_planet_opens_it(browse: Browse, make_report: Make) -> None:
    data = make_report(n=6)
    page = browse(page_of(data), f"#planet={data.planet_ids[2]}").page
    on_planet(page, data.planet_ids[2])
    page.go_back()


def test_a_table_is_sorted_by_a_click(browse: Browse, make_report: Make) -> None:
    page = browse(page_of(make_report(n=12))).page
    head = page.locator("#planets th", has_text="rms z")
    column = head.evaluate("(head) => head.cellIndex")
    cells = f"#planets tbody td:nth-child({column + 1})"
    for turn in (1, -1):
        head.locator("button").click()
        texts = page.locator(cells).all_inner_texts()
        values = [float(text) for text in texts if text != "–"]
        assert values == sorted(values)[::turn]
        assert len(values) == 11
        assert texts[-1] == "–"  # what is not known comes last


def test_a_page_of_predictions_alone_draws(browse: Browse, make_report: Make) -> None:
    full = make_report()
    bare = ReportData("bare", {}, full.wavelength_um, full.planet_ids, full.mu, full.sigma)
    opened = browse(page_of(bare), f"#planet={full.planet_ids[0]}")
    on_planet(opened.page, full.planet_ids[0])
    assert opened.page.locator("#spectrum .main-svg").count() > 0
    assert opened.page.get_by_text("Not in this report").count() == 1
    assert opened.complaints == []


def test_a_first_planet_with_gaps_draws(browse: Browse, make_report: Make) -> None:
    """Nothing but predictions for the first planet, no finite interval for anybody."""
    data = make_report(n=5)
    truth = data.truth.copy()
    truth[0] = np.nan
    endless = np.full_like(data.mu, np.inf)
    corel = CorelTable(np.full(N_BINS, np.inf), np.ones(N_BINS), 0.1, 4)
    curves = {data.planet_ids[1]: data.light_curves[data.planet_ids[1]]}
    gaps = make_report(n=5, truth=truth, half_width=endless, corel=corel, light_curves=curves)
    opened = browse(page_of(gaps), f"#planet={data.planet_ids[0]}")
    on_planet(opened.page, data.planet_ids[0])
    drawn, of = opened.page.evaluate(DRAW_ALL)
    assert int(drawn) >= int(of)
    assert opened.complaints == []


def test_hostile_names_run_nothing(browse: Browse, make_report: Make) -> None:
    evil = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    data = make_report(n=5)
    ids = (evil, *data.planet_ids[1:])
    html = page_of(make_report(n=5, planet_ids=ids, title=evil))
    opened = browse(html)
    opened.page.evaluate(DRAW_ALL)
    opened.page.locator("#planets button.pick").first.click()
    on_planet(opened.page, evil)
    assert opened.page.title() == evil
    assert opened.page.locator("main img").count() == 0
    assert opened.complaints == []
    assert "<img" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("console.error('deliberate')", "deliberate"),
        ("undefinedFunction()", "undefinedFunction is not defined"),
        (
            "document.body.append(Object.assign(new Image(), {src: 'http://a.invalid/'}))",
            "violates",
        ),
    ],
)
def test_an_error_or_a_request_would_be_seen(browse: Browse, script: str, message: str) -> None:
    policy = (
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; "
        "script-src 'unsafe-inline'\">"
    )
    page = (
        f"<!doctype html><html><head>{policy}</head><body><script>{script}</script></body></html>"
    )
    assert any(message in text for text in browse(page).complaints)
