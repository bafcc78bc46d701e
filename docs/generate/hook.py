"""What MkDocs calls while it builds: pages that are written by code instead of by hand.

The pages of commands and settings, the list of decisions and the citation are made here; those that
stand in the root of the repository (ARCHITECTURE.md and others) are shown, not copied; a comment
``<!-- README table: HEAD -->`` becomes the table of README.md whose first line begins so.
"""

import re
from pathlib import Path

import citation
import cli_reference
import config_reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
DECISIONS = "Decisions"
SHOWN = {
    "architecture.md": "ARCHITECTURE.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "security.md": "SECURITY.md",
}
_README_TABLE = re.compile(r"<!-- README table: (.+?) -->")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every decision into the navigation."""
    nav = [entry for entry in config.nav or [] if DECISIONS not in entry]
    pages = ["adr/index.md", *(f"adr/{path.name}" for path in decisions())]
    config.nav = [*nav, {DECISIONS: pages}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made here."""
    made = {
        "reference/cli.md": cli_reference.page(),
        "reference/config.md": config_reference.page(),
        "cite.md": citation.page(ROOT / "CITATION.cff"),
        "adr/index.md": _list_of_decisions(),
        **{page: shown((ROOT / name).read_text("utf-8")) for page, name in SHOWN.items()},
    }
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put README's tables where a page asks for them.

    Raises:
        PluginError: README has no table that begins so.
    """
    readme = (ROOT / "README.md").read_text("utf-8")
    return _README_TABLE.sub(lambda mark: readme_table(readme, mark[1]), markdown)


def decisions() -> list[Path]:
    """Files of the decision records, by number."""
    return sorted((ROOT / "docs/adr").glob("[0-9]*.md"))


def shown(text: str) -> str:
    """A file of the root as a page of the site: its links lead to the site's pages."""
    by_file = {name: page for page, name in SHOWN.items()}
    text = re.sub(r"\]\(([A-Z]+\.md)\)", lambda m: f"]({by_file.get(m[1], m[1])})", text)
    return text.replace("](docs/adr)", "](adr/index.md)").replace("](docs/", "](")


def readme_table(readme: str, head: str) -> str:
    """Lines of the table whose first line begins with ``| HEAD``.

    Raises:
        PluginError: there is none.
    """
    lines = readme.splitlines()
    starts = [n for n, line in enumerate(lines) if line.startswith(f"| {head}")]
    if not starts:
        raise PluginError(f"README.md has no table that begins with '| {head}'")
    end = starts[0]
    while end < len(lines) and lines[end].startswith("|"):
        end += 1
    return "\n".join(lines[starts[0] : end])


def _list_of_decisions() -> str:
    lines = ["# Decisions", "", "Why the house is as it is, with what was measured.", ""]
    for path in decisions():
        title = path.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"
