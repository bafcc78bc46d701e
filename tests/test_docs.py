"""The site's generated pages say what commands and settings are; its command lines are real."""

import importlib
import re
import shlex
import sys
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from spectramind.cli.main import app
from spectramind.config.compose import compose

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS / "generate"))

import citation  # noqa: E402
import cli_reference  # noqa: E402
import config_reference  # noqa: E402

PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("reference/*.md")])


@cache
def settings_page() -> str:
    return config_reference.page()


def command_lines() -> list[tuple[str, str]]:
    """Every line of the pages' ``bash`` blocks that calls ``spectramind``."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```bash\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            found += [(page.name, line) for line in lines if line.startswith("spectramind ")]
    return found


def resolved(words: list[str]):
    """The command that words name, and the words that are left."""
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands"), f"no command: {words}"
    return command, words


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_command_lines_of_the_pages_are_understood(page, line):
    command, rest = resolved(shlex.split(line, comments=True)[1:])
    parsed = command.make_context(command.name, rest).params
    overrides = parsed.get("overrides") or []  # serve has none
    if command.name == "retrieve":  # planets stand among them
        overrides = [word for word in overrides if "=" in word]
    if parsed.get("multirun"):
        overrides = [re.sub(r"=([^,\[]+),.*", r"=\1", override) for override in overrides]
    compose(overrides)


def test_pages_have_command_lines():
    assert len(command_lines()) > 20


def test_a_line_that_is_none_is_told():
    with pytest.raises(AssertionError, match="no command"):
        resolved(["calibrat", "data.raw=x"])


@pytest.mark.parametrize("way", [["calibrate"], ["submit", "bundle"], ["diagnose", "coverage"]])
def test_page_of_commands_has_every_option(way):
    page = cli_reference.page()
    name = " ".join(["spectramind", *way])
    section = page.partition(f"## {name} {{")[2].partition("\n## ")[0]
    command, _ = resolved(way)
    assert command.help in section
    for parameter in command.params:
        assert parameter.param_type_name == "argument" or f"`{parameter.opts[0]}`" in section


@pytest.mark.parametrize(
    "row",
    [
        # read off config/calib.py, configs/calib/v50.yaml
        "| `calib.saturation_counts` | integer ≥ 1, ≤ 65535 | `65535` | raw counts from which",
        '| `uq.epistemic` | `none`, `ensemble`, `mc_dropout` | `"none"` |',
        "| `calib.corel.smoothing_um` | number > 0, ≤ 2 |",
        "| `gate.baseline` | path or `null` | `null` |",
        "| `sim.detector.drift.orders` | 4 × number ≥ 0, ≤ 10 |",
        "| `calib.seams` | list of integer ≥ 0, &lt; 356 | `[]` |",
    ],
)
def test_page_of_settings_gives_range_and_default(row):
    assert row in settings_page()


def test_units_reach_the_page():
    row = re.search(r"\| `calib.corel.faint_ppm`.*", settings_page())
    assert "\\[ppm\\]" in row[0]


def test_every_setting_says_what_it_is():
    """By an entry of its own, or by the one sentence of a section that lists none."""
    unsaid = []
    for key, section in config_reference.sections():
        assert config_reference.summary(section), key
        if "Attributes:" in section.__doc__:
            said = config_reference.meanings(section)
            unsaid += [
                f"{key}.{name}"
                for name, field in section.model_fields.items()
                if name not in said and not any(config_reference._inner(field.annotation))
            ]
    assert not unsaid


def test_citation_is_of_this_version():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    import spectramind

    assert cff["version"] == spectramind.__version__
    page = citation.page(ROOT / "CITATION.cff")
    assert cff["title"] in page
    assert f"version = {{{cff['version']}}}" in page


def test_every_page_stands_in_the_navigation():
    """The strict build says so, too; this needs no MkDocs."""
    nav = yaml.safe_dump(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"])
    missing = [page for page in PAGES if str(page.relative_to(DOCS)) not in nav]
    assert not missing


def test_site_builds_without_a_warning(tmp_path):
    build = pytest.importorskip("mkdocs.commands.build", reason="the group docs is not installed")
    pytest.importorskip("mkdocstrings", reason="the group docs is not installed")
    from mkdocs.config import load_config

    site = tmp_path / "site"
    build.build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(site), strict=True))
    cli = (site / "reference/cli.html").read_text("utf-8")
    assert "spectramind calibrate-corel" in cli
    fetched = [
        url
        for page in site.rglob("*.html")
        for url in re.findall(
            r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)|<link[^>]+rel="stylesheet"[^>]+href="(https?:[^"]+)',
            page.read_text("utf-8"),
        )
    ]
    assert not fetched


def test_every_journey_is_one_that_the_benchmark_walks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    page = (DOCS / "journeys.md").read_text("utf-8")
    found = importlib.import_module("journeys").journeys(page)
    measured = "How long they take"
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert [one.title for one in found] == [title for title in headings if title != measured]
    assert all(one.commands.strip() for one in found)
