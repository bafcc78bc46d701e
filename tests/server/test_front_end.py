"""The built front end: small at first, whole, without what the server's policy forbids."""

import gzip
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spectramind.server.built_pages import STATIC

ROOT = Path(__file__).resolve().parents[2]
FIRST_LOAD_KB = 350
INDEX = (STATIC / "index.html").read_text("utf-8")
NAMED = re.compile(r"[\"'(](?:\./|/?assets/)([\w.-]+\.(?:js|css|svg))[\"')]")


class Loads(HTMLParser):
    """What a page loads, and what stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[str] = []
        self.inline: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self._within = tag
        address = held.get("src") if tag == "script" else held.get("href")
        if address:
            self.files.append(address)
        self.inline += [name for name in held if name == "style" or name.startswith("on")]
        if tag == "style":
            self.inline.append(tag)

    def handle_data(self, data: str) -> None:
        if self._within == "script" and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


def loads(page: str) -> Loads:
    found = Loads()
    found.feed(page)
    return found


def test_the_first_load_is_small():
    scripts = [name for name in loads(INDEX).files if name.endswith(".js")]
    assert scripts
    packed = sum(len(gzip.compress((STATIC / name[1:]).read_bytes())) for name in scripts)
    assert packed < 1000 * FIRST_LOAD_KB


def test_views_are_loaded_when_they_are_opened():
    (first,) = [name for name in loads(INDEX).files if name.endswith(".js")]
    assert len(list((STATIC / "assets").glob("*.js"))) > 7
    assert "/compare" in (STATIC / first[1:]).read_text("utf-8")
    assert not [name for name in loads(INDEX).files if re.search("compare|planet|Figure", name)]


def test_nothing_is_written_into_the_page_itself():
    assert loads(INDEX).inline == []
    assert loads("<script>a()</script><p style='x' onclick='y'>").inline == [
        "a()",
        "style",
        "onclick",
    ]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.*")), ids=lambda path: path.name)
def test_every_file_that_is_named_is_there(path):
    if path.suffix in (".html", ".js", ".css"):
        text = path.read_text("utf-8")
        missing = {name for name in NAMED.findall(text) if not (STATIC / "assets" / name).is_file()}
        assert missing == set()
        assert "sourceMappingURL" not in text


def test_nothing_is_fetched_from_elsewhere():
    addresses = [name for name in loads(INDEX).files if not name.startswith("/assets/")]
    assert addresses == []
    for path in (STATIC / "assets").glob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", path.read_text("utf-8"))


def test_files_carry_a_digest_of_their_content():
    for path in (STATIC / "assets").iterdir():
        assert re.fullmatch(r"[\w-]+-[\w-]{8}\.(js|css|svg)", path.name), path.name


def test_without_node_the_built_files_are_taken_as_they_are():
    done = subprocess.run(
        ["make", "--silent", "web-check", "NODE_FITS=false"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "web-check: node is not here: the built files are taken as they are\n"
    refused = subprocess.run(
        ["make", "--silent", "web", "NODE_FITS=false"], cwd=ROOT, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert refused.stdout.startswith("web: node >= 20.19")


def test_the_lock_names_no_registry():
    lock = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))["packages"]
    assert len(lock) > 100
    assert not [name for name, one in lock.items() if "resolved" in one]
    wanted = json.loads((ROOT / "web/package.json").read_text("utf-8"))
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert lock[f"node_modules/{name}"]["version"] == version, name
