"""A page as one HTML text that needs no other file and no network, and the parts it is made of."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Any

from plotly.offline import get_plotlyjs

from spectramind.plotting.plot import Figure

# The browser itself refuses every request that the page might make.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


@dataclass(frozen=True)
class PagePart:
    """One section: anchor, heading, HTML, and the figures whose places the HTML holds."""

    anchor: str
    title: str
    html: str
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class AbsentPart:
    """What is left out of a page.

    Attributes:
        what: what would be shown.
        command: the ``spectramind`` command that would bring it.
        reason: why it is not here, where there is more to say than that it was not made.
    """

    what: str
    command: str
    reason: str = ""

    @property
    def line(self) -> str:
        """What is missing, why, and the command, on one line."""
        reason = f" ({self.reason})" if self.reason else ""
        return f"not in it: {self.what}{reason}: spectramind {self.command}"


def lead(text: str) -> str:
    """The line below a heading that says how to read what follows."""
    return f'<p class="lead">{escape(text)}</p>'


def place(name: str, wide: bool = True) -> str:
    """Where a figure is drawn; its name differs from every anchor and figure of the page."""
    return f'<figure id="{name}" class="{"plot" if wide else "plot half"}"></figure>'


def document(
    title: str,
    provenance: Mapping[str, str],
    parts: Sequence[PagePart | AbsentPart],
    content: Mapping[str, Any],
) -> str:
    """Put parts together into one page.

    Args:
        title: of the page.
        provenance: what it was made of, shown below the title.
        parts: its sections, and what is left out of it.
        content: what ``page.js`` fills planet figures from, by name; may be empty.

    Raises:
        ValueError: content or a figure holds a NaN or an infinity, or two of the page's anchors and
            figures have one name.
    """
    present = [part for part in parts if isinstance(part, PagePart)]
    names = Counter(name for part in present for name in (part.anchor, *part.figures))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"page: anchors and figures share the names {twice}: rename the figures")
    missing = [part for part in parts if isinstance(part, AbsentPart)]
    figures = {k: figure for part in present for k, figure in part.figures.items()}
    data = embedded({**content, "figures": figures})
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{_asset('page.css')}</style></head><body>",
            _header(title, provenance, present),
            "<main>",
            *(_section(part) for part in present),
            _missing(missing),
            "</main>",
            "<noscript><p>The figures need JavaScript; the tables do not.</p></noscript>",
            f'<script type="application/json" id="report-data">{data}</script>',
            f"<script>{get_plotlyjs()}</script>",
            f"<script>{_asset('page.js')}</script>",
            "</body></html>\n",
        ]
    )


def embedded(value: Any) -> str:
    """JSON that no text inside can break out of a script element with; NaN is refused."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _asset(name: str) -> str:
    return files("spectramind.plotting").joinpath(name).read_text(encoding="utf-8")


def _header(title: str, provenance: Mapping[str, str], present: Sequence[PagePart]) -> str:
    chips = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
        for key, value in provenance.items()
    )
    links = "".join(f'<a href="#{part.anchor}">{escape(part.title)}</a>' for part in present)
    return (
        f"<header><h1>{escape(title)}</h1><dl>{chips}</dl></header>"
        f'<nav aria-label="sections">{links}</nav>'
    )


def _section(part: PagePart) -> str:
    return f'<section id="{part.anchor}"><h2>{escape(part.title)}</h2>{part.html}</section>'


def _missing(missing: Sequence[AbsentPart]) -> str:
    if not missing:
        return ""
    items = "".join(
        f"<li>{escape(part.what)}: {f'{escape(part.reason)}: ' if part.reason else ''}"
        f"<code>spectramind {escape(part.command)}</code></li>"
        for part in missing
    )
    return (
        '<section id="absent"><h2>Not in this report</h2>'
        '<p class="lead">What is missing, and the command that makes it.</p>'
        f"<ul>{items}</ul></section>"
    )
