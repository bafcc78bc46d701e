"""The page in a real browser."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from spectramind.diagnostics.page import build_page
from spectramind.diagnostics.report_data import CorelTable, ReportData
from spectramind.instrument.grid import N_BINS

pytestmark = pytest.mark.browser

Browse = Callable[[str], tuple[str, list[str]]]
Make = Callable[..., ReportData]


def page_of(data: ReportData) -> str:
    return build_page(data, max_planets=20, worst_planets=5).html


def with_script(page: str, script: str) -> str:
    return page.replace("</body>", f"<script>{script}</script></body>")


def attribute(dom: str, name: str) -> str:
    found = re.search(rf'<body[^>]* data-{name}="([^"]*)"', dom)
    assert found, f"the page did not set data-{name}"
    return found.group(1)


def test_a_full_page_draws_everything_and_logs_nothing(browse: Browse, make_report: Make) -> None:
    dom, console = browse(page_of(make_report()))
    assert console == []
    assert attribute(dom, "figures") == "25"
    assert dom.count('class="main-svg"') >= 25
    assert dom.count("<option") == 20
    assert 'id="planet-note">mean depth' in dom
    assert 'data-title="Zoom"' in dom
    assert 'data-title="Share chart' not in dom


def test_the_selector_swaps_the_data(browse: Browse, make_report: Make) -> None:
    data = make_report(n=6)
    script = """
      const trace = (id, meta) => document.getElementById(id).data.find((t) => t.meta === meta);
      const y = (id, meta) => trace(id, meta).y;
      const count = (id, meta) => y(id, meta).filter((v) => v !== null).length;
      const note = document.body.dataset;
      note.first = y("spectrum", "mu")[4];
      document.getElementById("next").click();
      note.second = y("spectrum", "mu")[4];
      note.top = y("spectrum", "interval")[5];
      note.topX = trace("spectrum", "interval").x[5];
      note.lower = y("spectrum", "sigma").at(-2);
      note.ring = y("spectrum", "interval").filter((v) => v === null).length;
      document.getElementById("planet").value = ID;
      document.getElementById("planet").dispatchEvent(new Event("change"));
      note.truth = count("spectrum", "truth");
      document.getElementById("previous").click();
      document.getElementById("previous").click();
      document.getElementById("previous").click();
      document.getElementById("previous").click();
      note.wrapped = document.getElementById("planet").value;
      note.points = count("light-curves", "fgs1");
      document.querySelector("button.pick").click();
      note.picked = String(document.getElementById("planet").value
        === document.querySelector("button.pick").dataset.planet);
    """.replace("ID", repr(data.planet_ids[3]))
    dom, console = browse(with_script(page_of(data), script))
    assert console == []
    ppm = np.round(data.mu[:, 5] * 1e6, 1)
    assert float(attribute(dom, "first")) == ppm[0]
    assert float(attribute(dom, "second")) == ppm[1]
    half, sigma = np.round(data.half_width[1] * 1e6, 1), np.round(data.sigma[1] * 1e6, 1)
    bin_6 = np.round(data.mu[1, 6] * 1e6, 1)
    assert float(attribute(dom, "top-x")) == pytest.approx(data.wavelength_um[6], abs=1e-5)
    assert float(attribute(dom, "top")) == pytest.approx(bin_6 + half[6])
    assert float(attribute(dom, "lower")) == pytest.approx(
        np.round(data.mu[1, 1] * 1e6, 1) - sigma[1]
    )  # the ring comes back along the lower edge
    assert attribute(dom, "ring") == "2"  # the band is open at the bin without an interval
    assert attribute(dom, "truth") == "0"
    assert attribute(dom, "wrapped") == data.planet_ids[5]
    assert attribute(dom, "points") == "0"
    assert attribute(dom, "picked") == "true"


def test_a_page_of_predictions_alone_draws(browse: Browse, make_report: Make) -> None:
    full = make_report()
    bare = ReportData("bare", {}, full.wavelength_um, full.planet_ids, full.mu, full.sigma)
    dom, console = browse(page_of(bare))
    assert console == []
    assert attribute(dom, "figures") == "1"
    assert "Not in this report" in dom


def test_a_first_planet_with_gaps_draws(browse: Browse, make_report: Make) -> None:
    """Nothing but predictions for the first planet, no finite interval for anybody."""
    data = make_report(n=5)
    truth = data.truth.copy()
    truth[0] = np.nan
    endless = np.full_like(data.mu, np.inf)
    corel = CorelTable(np.full(N_BINS, np.inf), np.ones(N_BINS), 0.1, 4)
    curves = {data.planet_ids[1]: data.light_curves[data.planet_ids[1]]}
    gaps = make_report(n=5, truth=truth, half_width=endless, corel=corel, light_curves=curves)
    dom, console = browse(page_of(gaps))
    assert console == []
    assert attribute(dom, "figures") == "23"  # no figure of intervals


def test_hostile_names_run_nothing(browse: Browse, make_report: Make) -> None:
    evil = "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
    data = make_report(n=5)
    ids = (evil, *data.planet_ids[1:])
    dom, console = browse(page_of(make_report(n=5, planet_ids=ids, title=evil)))
    assert console == []
    assert "<title>owned" not in dom
    assert "<img" not in re.sub(r"<script>.*?</script>", "", dom, flags=re.DOTALL)


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
    page = f"<!doctype html><html><head>{policy}</head><body></body></html>"
    _, console = browse(with_script(page, script))
    assert any(message in text for text in console)
