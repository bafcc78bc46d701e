"""The figures of mission control in a real browser: every topic, maps of planets, a planet's light.

The folder "rich" is served with the report that the page's own tests draw, every topic filled;
"predicted" is read from its files, two planets with light curves of 67,500 samples.
"""

import csv
import importlib.util
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spectramind.config.root import Config
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.topics import TOPICS
from spectramind.server import folder_report, planet_books, planet_views

pytest.importorskip("playwright", reason="the group dev is not installed")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

expect.set_options(timeout=30_000)  # other tests use the cores, too
pytestmark = [pytest.mark.browser, pytest.mark.slow]

REPORT = Path(__file__).parents[1] / "diagnostics" / "conftest.py"
# Scrolls past every figure, so that each is drawn, and counts the colours on its canvas.
LOOK_AT_ALL = """async () => {
  const found = {};
  for (const figure of document.querySelectorAll('figure')) {
    figure.scrollIntoView();
    for (let i = 0; i < 800 && !figure.querySelector('canvas[data-drawn], p'); i++)
      await new Promise((done) => setTimeout(done, 25));
    const canvas = figure.querySelector('canvas');
    if (!canvas) { found[figure.id] = figure.innerText; continue; }
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let inked = 0;
    for (let i = 3; i < data.length; i += 4) inked += data[i] > 0;
    found[figure.id] = inked;
  }
  scrollTo(0, 0);
  return found;
}"""
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def report() -> ReportData:
    """What ``tests/diagnostics`` draws the page of: every topic has something to show."""
    spec = importlib.util.spec_from_file_location("diagnostics_report", REPORT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data: ReportData = module.report()
    return data


@pytest.fixture(scope="module")
def server(
    serving: Any, benchmark: Any, predicted: Path, report: ReportData, tmp_path_factory: Any
) -> Iterator[Any]:
    rich = tmp_path_factory.mktemp("figures") / "rich"
    benchmark.write_folder(rich, 4, 500)

    def instead(original: Callable[..., Any], at: int) -> Callable[..., Any]:
        def read(*given: Any, **named: Any) -> Any:
            config: Config = given[at]
            if Path(config.paths.work).name != "rich":
                return original(*given, **named)
            return report

        return read

    with pytest.MonkeyPatch.context() as patch:
        for module, name, at in (
            (folder_report, "read_report", 0),
            (planet_books, "read_planets", 0),
            (planet_views, "with_planet", 1),
        ):
            patch.setattr(module, name, instead(getattr(module, name), at))
        yield serving([rich, predicted])


class Opened:
    """A page of the server, let in; ``complaints``: what its console says."""

    def __init__(self, chromium: Browser, server: Any, **settings: Any) -> None:
        self.base = f"http://127.0.0.1:{server.port}"
        context = chromium.new_context(
            **{"viewport": {"width": 1366, "height": 860}, "reduced_motion": "reduce"} | settings
        )
        name, _, value = server.cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": self.base}])
        context.set_default_timeout(30_000)
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, address: str) -> Page:
        self.page.goto(self.base + address)
        expect(self.page.locator("main h2").first).to_be_visible()
        return self.page


@pytest.fixture
def come(chromium: Browser, server: Any) -> Iterator[Callable[..., Opened]]:
    opened: list[Opened] = []

    def begin(**settings: Any) -> Opened:
        opened.append(Opened(chromium, server, **settings))
        return opened[-1]

    yield begin
    for one in opened:
        one.page.context.close()


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_draws_all_its_figures(
    come: Callable[..., Opened], server: Any, topic: str
) -> None:
    view = server.get(f"/api/folders/rich/topics/{topic}")
    wanted = {name for panel in view["panels"] for name in panel["figures"]}
    opened = come()
    page = opened.go(f"/folder/rich/topic/{topic}")
    found = page.evaluate(LOOK_AT_ALL)
    assert set(found) == wanted
    assert {name: ink for name, ink in found.items() if not isinstance(ink, int) or ink < 20} == {}
    assert page.locator("main [role=alert]").count() == 0
    assert serious(page) == []
    assert opened.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_figures_within_its_width(
    come: Callable[..., Opened], server: Any, scheme: str
) -> None:
    opened = come(**PHONE, color_scheme=scheme)
    for address in ("/topic/shap", "/topic/coverage", "/planets", "/planet/1000000"):
        page = opened.go(f"/folder/rich{address}") if address != "/planets" else None
        if page is None:
            opened.page.goto(f"{opened.base}/folder/rich/planets")
            page = opened.page
            expect(page.get_by_role("table")).to_be_visible()
        page.evaluate(LOOK_AT_ALL)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert serious(page) == [], address
    assert opened.complaints == []


def test_a_lasso_lists_the_planets_it_holds_and_one_opens(
    come: Callable[..., Opened], report: ReportData
) -> None:
    opened = come()
    page = opened.go("/folder/rich/topic/pca")
    plot = page.locator("#pca-features [role=application]")
    plot.scroll_into_view_if_needed()
    page.locator("#pca-features").get_by_role("button", name="Draw a loop").click()
    box = plot.bounding_box()
    assert box is not None
    left, top = box["x"] + 56, box["y"] + 12
    right, bottom = box["x"] + box["width"] - 10, box["y"] + box["height"] - 122
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top + 4)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    chosen = page.locator("#pca").get_by_role("status")
    expect(chosen).to_contain_text(f"{len(report.planet_ids)} planets chosen")
    assert page.locator("#pca-features [data-chosen]").count() == len(report.planet_ids)
    chosen.get_by_role("link", name=report.planet_ids[0], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Planet {report.planet_ids[0]}")
    assert opened.complaints == []


def test_a_figure_is_read_by_keys_and_a_point_opens_its_planet(
    come: Callable[..., Opened], report: ReportData
) -> None:
    opened = come()
    page = opened.go("/folder/rich/topic/umap")
    plot = page.locator("#umap-features [role=application]")
    plot.focus()
    page.keyboard.press("ArrowDown")  # from the labelled ones to the planets
    page.keyboard.press("Home")
    expect(plot.locator("[aria-live]")).to_contain_text(report.planet_ids[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Planet {report.planet_ids[0]}")


def test_a_drag_zooms_and_reset_brings_all_back(come: Callable[..., Opened]) -> None:
    page = come().go("/folder/rich/topic/coverage")
    figure = page.locator("#z-scores")
    plot = figure.locator("[role=application]")
    plot.scroll_into_view_if_needed()
    labels = plot.locator("svg text")
    before = labels.all_text_contents()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 102, steps=5)
    page.mouse.up()
    reset = figure.get_by_role("button", name="Show everything again")
    expect(reset).to_be_enabled()
    assert labels.all_text_contents() != before
    reset.click()
    expect(reset).to_be_disabled()
    assert labels.all_text_contents() == before


def test_figures_download_as_svg_png_and_csv(come: Callable[..., Opened], tmp_path: Path) -> None:
    opened = come()
    page = opened.go("/folder/rich/topic/symbolic")
    figure = page.locator("#rules-by-planet")
    figure.scroll_into_view_if_needed()
    files = {}
    for kind in ("SVG", "PNG", "CSV"):
        with page.expect_download() as started:
            figure.get_by_role("button", name=f"as {kind}").click()
        files[kind] = tmp_path / f"figure.{kind.lower()}"
        assert started.value.suggested_filename == f"rules-by-planet.{kind.lower()}"
        started.value.save_as(files[kind])
    svg = files["SVG"].read_text()
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "planets, worst on top" in svg
    assert files["PNG"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    rows = list(csv.DictReader(files["CSV"].open(newline="")))
    assert len(rows) == 80  # 40 planets, two rules
    assert {row["text"].split(",")[0] for row in rows} == {"kept", "unusual", "broken"}
    assert opened.complaints == []


def test_a_closer_look_asks_for_a_narrower_window(come: Callable[..., Opened], server: Any) -> None:
    planets = server.get("/api/folders/predicted/planets?sort=planet_id")["rows"]
    planet = planets[0]["planet_id"]
    opened = come()
    asked: list[dict[str, list[str]]] = []
    sizes: list[int] = []

    def note(answer: Any) -> None:
        if "/light-curve" in answer.url:
            asked.append(parse_qs(urlsplit(answer.url).query))
            sizes.append(len(json.loads(answer.body())["time_h"]))

    opened.page.on("response", note)
    page = opened.go(f"/folder/predicted/planet/{planet}")
    explorer = page.get_by_role("region", name="Light curve, down to every sample")
    curve = explorer.get_by_role("application")
    curve.scroll_into_view_if_needed()
    said = page.get_by_text("in a point with their extremes shaded")
    expect(said).to_be_visible()
    box = curve.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 300, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 420, box["y"] + 82, steps=4)
    with page.expect_response("**/light-curve?*start_h=*"):
        page.mouse.up()
    for _ in range(8):
        explorer.get_by_role("button", name="Zoom in").click()
    expect(page.get_by_text("every sample is drawn")).to_be_visible(timeout=20_000)
    spans = [float(one["end_h"][0]) - float(one["start_h"][0]) for one in asked if "end_h" in one]
    assert spans == sorted(spans, reverse=True)
    assert spans[-1] < spans[0] < 7.5
    assert max(sizes) <= 2000
    shared = come()
    page.wait_for_url("**from=*")
    shared.go(page.url.removeprefix(opened.base))
    expect(shared.page.get_by_text("every sample is drawn")).to_be_visible()
    assert opened.complaints == []


def test_planets_are_searched_sorted_and_stepped_through(
    come: Callable[..., Opened], server: Any
) -> None:
    opened = come()
    page = opened.page
    page.goto(f"{opened.base}/folder/rich/planets")
    page.get_by_role("button", name="σ [ppm]").click()
    expect(page.get_by_role("columnheader", name="σ [ppm]")).to_have_attribute(
        "aria-sort", "descending"
    )
    rows = server.get("/api/folders/rich/planets?sort=-sigma_ppm")["rows"]
    ids = [row["planet_id"] for row in rows]
    expect(page.get_by_role("row").nth(1)).to_contain_text(ids[0])
    page.get_by_role("link", name=ids[0]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Planet {ids[0]}")
    expect(page.get_by_role("link", name="Next")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Planet {ids[1]}")
    page.get_by_role("link", name="Previous").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Planet {ids[0]}")
    page.goto(f"{opened.base}/folder/rich/planets")
    page.get_by_role("searchbox").fill(ids[3])
    expect(page.get_by_role("row")).to_have_count(2)
    assert opened.complaints == []
