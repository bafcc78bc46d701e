"""Mission control in a real browser: runs, a run, a folder, a comparison.

With SCREENSHOTS=FOLDER the pictures are left there.
"""

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spectramind.contracts.work_folder import RecordFolder
from spectramind.run.running import RunningCommand, RunningStage

pytest.importorskip("playwright", reason="the group dev is not installed")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

expect.set_options(timeout=30_000)  # other tests use the cores, too
pytestmark = pytest.mark.browser

# The mark holds on a machine of its own; tests share theirs with each other.
HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
SCREENS: dict[str, dict[str, Any]] = {
    "laptop": {"viewport": {"width": 1366, "height": 860}},
    "laptop-dark": {"viewport": {"width": 1366, "height": 860}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "phone-dark": {
        "viewport": {"width": 390, "height": 844},
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "dark",
    },
}


@dataclass
class Opened:
    """A page of mission control, and what the browser complained of."""

    page: Page
    base: str
    complaints: list[str]

    def go(self, address: str) -> Page:
        """Open a view and wait until nothing in it is on its way."""
        self.page.goto(self.base + address)
        settle(self.page)
        return self.page


Look = Callable[..., Opened]


def settle(page: Page) -> None:
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator("main").get_by_role("status").filter(has_text="…")).to_have_count(
        0, timeout=60_000
    )


def look_through(page: Page) -> None:
    """Scroll to the end and back: figures are drawn when they come near."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height, 600):
        page.evaluate("(top) => scrollTo(0, top)", top)
        page.wait_for_timeout(60)
    page.evaluate("scrollTo(0, 0)")


def serious(page: Page) -> list[str]:
    """What axe-core finds of serious and critical faults."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def write_progress(folder: Path, run_id: str, done: int) -> None:
    """What a ``train`` of this very process would write while it runs."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = RunningCommand(
        run_id=run_id,
        cmd="train",
        pid=os.getpid(),
        host=socket.gethostname(),
        started=now,
        updated=now,
        cfg_hash="24532a82",
        science_hash="bd77835f",
        args={"overrides": []},
        stages=[RunningStage(name="folds", done=done, total=5, left_s=90.0 - done)],
    )
    path = RecordFolder(folder).running / f"{run_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".part").write_text(note.model_dump_json())
    path.with_suffix(".part").replace(path)


@pytest.fixture(scope="module")
def folders(benchmark: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two predicted work folders; in the second a command failed with a hostile message."""
    home = tmp_path_factory.mktemp("mission")
    for name in ("nominal", "wide"):
        benchmark.write_folder(home / name, 12, 2000)
    events = RecordFolder(home / "wide").events
    last = json.loads(events.read_text().splitlines()[-1])
    last |= {"status": "fail", "message": HOSTILE, "run_id": "v50_20261001_000000_fa11"}
    last |= {"ts": "2026-10-01T00:00:00Z", "cmd": "audit"}
    with events.open("a") as stream:
        stream.write(json.dumps(last) + "\n")
    return [home / "nominal", home / "wide"]


@pytest.fixture(scope="module")
def server(serving: Any, folders: list[Path]) -> Any:
    return serving(folders)


@pytest.fixture
def look(chromium: Browser, server: Any) -> Iterator[Look]:
    """Come in as one does: (server=..., let_in=True, **settings of the browser's context)."""
    contexts = []

    def come(at: Any = server, let_in: bool = True, **settings: Any) -> Opened:
        context = chromium.new_context(**SCREENS["laptop"] | settings)
        contexts.append(context)
        context.set_default_timeout(30_000)
        base = f"http://127.0.0.1:{at.port}"
        if let_in:
            name, _, value = at.cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": base}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Opened(page, base, complaints)

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path / "screens")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_of(server: Any, folder: str, command: str) -> str:
    rows = server.get(f"/api/runs?folder={folder}&command={command}")["rows"]
    return str(rows[0]["run_id"])


def addresses(server: Any) -> dict[str, str]:
    first, second = run_of(server, "nominal", "score"), run_of(server, "wide", "score")
    return {
        "runs": "/",
        "run": f"/run/nominal/{first}",
        "run-failed": "/run/wide/v50_20261001_000000_fa11",
        "folder": "/folder/nominal",
        "compare": f"/compare?run=nominal:{first}&run=wide:{second}",
        "compare-none": "/compare",
        "no-view": "/no/such/view",
    }


VIEWS = ["runs", "run", "run-failed", "folder", "compare", "compare-none", "no-view"]


@pytest.mark.slow
@pytest.mark.parametrize("screen", sorted(SCREENS))
def test_everybody_can_use_every_view(look: Look, server: Any, pictures: Path, screen: str) -> None:
    opened = look(**SCREENS[screen])
    for name in VIEWS:
        page = opened.go(addresses(server)[name])
        look_through(page)
        page.screenshot(path=pictures / f"mission-{name}-{screen}.png", full_page=True)
        assert serious(page) == [], name
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} is wider than the screen"
        assert opened.complaints == [], name


def test_a_running_command_moves_and_ends_without_a_reload(
    look: Look, folders: list[Path], pictures: Path
) -> None:
    run_id = "v50_20261002_000000_2453"
    write_progress(folders[0], run_id, 1)
    opened = look()
    page = opened.go("/?state=running")
    row = page.get_by_role("row", name="train")
    expect(row).to_contain_text("1 of 5")
    bar = row.get_by_role("progressbar", name="train: folds")
    expect(bar).to_have_attribute("aria-valuenow", "20")
    write_progress(folders[0], run_id, 3)
    expect(bar).to_have_attribute("aria-valuenow", "60", timeout=10_000)
    expect(row).to_contain_text("ends in")
    page.screenshot(path=pictures / "mission-running-laptop.png")
    (RecordFolder(folders[0]).running / f"{run_id}.json").unlink()
    expect(page.get_by_text("No run matches")).to_be_visible(timeout=20_000)
    assert opened.complaints == []


def test_filters_and_sort_are_in_the_address(look: Look) -> None:
    opened = look()
    page = opened.go("/")
    page.get_by_label("Folder").select_option("wide")
    page.get_by_label("State").select_option("fail")
    expect(page.get_by_role("row")).to_have_count(2)
    assert "folder=wide" in page.url
    assert "state=fail" in page.url
    shared = look().go(page.url.removeprefix(opened.base))
    expect(shared.get_by_role("row")).to_have_count(2)
    page.go_back()
    expect(page.get_by_label("State")).to_have_value("")
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name="Took").click()
    head = page.get_by_role("columnheader", name="Took")
    expect(head).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Took").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert "sort=duration_s" in page.url
    page.get_by_role("searchbox", name="Search").fill("no such thing")
    expect(page.get_by_text("No run matches")).to_be_visible()
    assert opened.complaints == []


def test_two_ticked_runs_are_compared(look: Look) -> None:
    opened = look()
    page = opened.go("/?command=score")
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).check()
    expect(page.get_by_text("Tick one more")).to_be_visible()
    boxes.nth(1).check()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    expect(page.get_by_role("heading", name="Compare", level=1)).to_be_visible()
    table = page.get_by_role("table", name="Runs compared")
    expect(table.get_by_role("row")).to_have_count(3)
    table.get_by_role("button").first.click()
    expect(page.get_by_text("Which runs?")).to_be_visible()
    assert opened.complaints == []


def test_what_a_run_said_is_text(look: Look) -> None:
    opened = look()
    page = opened.go("/?state=fail")
    expect(page.get_by_role("table")).to_contain_text(HOSTILE)
    page.get_by_role("link", name="audit").click()
    expect(page.locator("main")).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    expect(page).to_have_title("audit · SpectraMind")
    assert opened.complaints == []


def test_who_has_no_cookie_is_told_how_to_get_in(look: Look, server: Any) -> None:
    said = look(let_in=False).page.goto(f"http://127.0.0.1:{server.port}/")
    assert said is not None
    assert said.status == 401
    opened = look()
    page = opened.go("/")
    page.context.clear_cookies()
    page.get_by_label("State").select_option("ok")
    expect(page.locator("main").get_by_role("alert")).to_contain_text(
        "open the address that `spectramind serve` printed"
    )


def test_the_theme_is_chosen_and_remembered(look: Look) -> None:
    page = look().go("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    settle(page)
    assert page.evaluate(background) == dark


def test_the_keyboard_comes_first_to_the_view(look: Look) -> None:
    page = look().go("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the view")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_a_folder_links_its_verdicts_to_their_panels(look: Look) -> None:
    opened = look()
    page = opened.go("/folder/nominal")
    words = page.locator("main li a[href*='/topic/'][href*='#']")
    assert words.count() > 0
    page.locator("main a[href='/?folder=nominal']").click()
    settle(page)
    expect(page.get_by_label("Folder")).to_have_value("nominal")
    page.go_back()
    settle(page)
    summary = page.locator("main summary")
    if summary.count():
        summary.click()
    words.last.click()
    settle(page)
    assert "/topic/" in page.url
    assert opened.complaints == []


@pytest.mark.slow
def test_twenty_folders_of_a_thousand_commands_are_shown(
    look: Look, serving: Any, benchmark: Any, tmp_path: Path
) -> None:
    homes = [tmp_path / f"folder{number:02d}" for number in range(20)]
    for home in homes:
        benchmark.write_events(home, 1000)
    server = serving(homes)
    server.get("/api/runs")
    opened = look(at=server)
    opened.page.goto(opened.base + "/")
    expect(opened.page.get_by_text("of 20,000 runs")).to_be_visible()
    assert opened.complaints == []
