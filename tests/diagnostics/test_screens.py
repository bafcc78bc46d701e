"""How the page looks and whether everybody can use it: accessibility, sizes, prints, pictures.

With SCREENSHOTS=FOLDER the pictures are left there.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.report_data import ReportData

pytestmark = pytest.mark.browser

Browse = Callable[..., Any]
SCREENS: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1300, "height": 900}},
    "laptop-dark": {"viewport": {"width": 1300, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}


@pytest.fixture(scope="module")
def data(make_whole_report: Callable[..., ReportData]) -> ReportData:
    return make_whole_report(n=24)


@pytest.fixture(scope="module")
def html(data: ReportData) -> str:
    return build_page(data, max_planets=30, worst_planets=5).html


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path / "screens")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def serious(page: Any) -> list[str]:
    """What axe-core finds of serious and critical faults."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("screen", sorted(SCREENS))
@pytest.mark.parametrize("planet", [False, True], ids=["report", "planet"])
def test_everybody_can_use_it(
    browse: Browse, data: ReportData, html: str, pictures: Path, screen: str, planet: bool
) -> None:
    fragment = f"#planet={data.planet_ids[1]}" if planet else ""
    page = browse(html, fragment, bypass_csp=True, **SCREENS[screen]).page
    if planet:
        page.wait_for_selector("body[data-planet]")
    else:
        page.evaluate("report.drawAll()")
    assert serious(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= SCREENS[screen]["viewport"]["width"]  # nothing sticks out sideways
    name = f"{'planet' if planet else 'report'}-{screen}.png"
    page.screenshot(path=pictures / name, full_page=True)


def test_the_keyboard_reaches_everything(browse: Browse, data: ReportData, html: str) -> None:
    page = browse(html).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator(f"#planets button[data-planet='{data.planet_ids[0]}']").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("body[data-planet]")
    assert page.evaluate("document.activeElement.id") == "planet-title"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "back"
    page.keyboard.press("Enter")
    page.wait_for_selector("#main", state="visible")


def test_the_print_shows_the_report_alone(browse: Browse, html: str, pictures: Path) -> None:
    page = browse(html).page
    page.evaluate("report.drawAll()")
    page.emulate_media(media="print")
    assert page.locator("nav").is_hidden()
    assert page.locator("#planet-page").is_hidden()
    printed = page.pdf(path=pictures / "report.pdf", format="A4")
    assert len(printed) > 50_000


def test_light_becomes_dark_while_it_is_open(browse: Browse, html: str) -> None:
    page = browse(html).page
    page.evaluate("report.drawAll()")
    ink = "getComputedStyle(document.querySelector('.main-svg .xtick text')).fill"
    before = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"(before) => {ink} !== before", arg=before)
