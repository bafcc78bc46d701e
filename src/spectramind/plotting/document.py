"""A page as one HTML text that needs no other file and no network, and the parts it is made of."""

import gzip
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from itertools import groupby
from typing import Any

from plotly.offline import get_plotlyjs

from spectramind.plotting.plot import Figure

# The browser itself refuses every request that the page might make.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


# Longer JSON is embedded compressed.
_LONG = 20_000


@dataclass(frozen=True)
class PagePart:
    """One section: anchor, heading, HTML, and the figures whose places the HTML holds.

    ``chapter`` is the heading above it and above its neighbours of the same chapter.
    """

    anchor: str
    title: str
    html: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    chapter: str = ""


@dataclass(frozen=True)
class PlanetPages:
    """Pages of planets within the page: one set of sections that is filled for the chosen planet.

    Attributes:
        parts: the sections; figures hold no numbers, their traces name series in ``meta``.
        chunks: by planet: ``note``, ``series`` by figure and ``html`` by slot.
        shared: arrays that series name in place of numbers.
    """

    parts: Sequence[PagePart] = ()
    chunks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared: Mapping[str, Any] = field(default_factory=dict)


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


def grouped(missing: Sequence[AbsentPart]) -> list[AbsentPart]:
    """What one command brings and lacks for one reason, as one."""
    by_cause: dict[tuple[str, str], list[str]] = {}
    for part in missing:
        by_cause.setdefault((part.command, part.reason), []).append(part.what)
    return [
        AbsentPart("; ".join(whats), command, reason)
        for (command, reason), whats in by_cause.items()
    ]


def absent_lines(missing: Sequence[AbsentPart]) -> list[str]:
    """For a terminal: what is missing, why, and the command that brings it."""
    return [
        f"not in it: {part.what}{f' ({part.reason})' if part.reason else ''}: "
        f"spectramind {part.command}"
        for part in grouped(missing)
    ]


def lead(text: str) -> str:
    """The line below a heading that says how to read what follows."""
    return f'<p class="lead">{escape(text)}</p>'


def slot(name: str, html: str = "") -> str:
    """What a planet's own HTML is put into."""
    return f'<div id="{name}" class="slot">{html}</div>'


def place(name: str, wide: bool = True) -> str:
    """Where a figure is drawn; its name differs from every anchor and figure of the page."""
    return f'<figure id="{name}" class="{"plot" if wide else "plot half"}"></figure>'


def document(
    title: str,
    provenance: Mapping[str, str],
    parts: Sequence[PagePart | AbsentPart],
    *,
    opening: str = "",
    planets: PlanetPages | None = None,
) -> str:
    """Put parts together into one page.

    Args:
        title: of the page.
        provenance: what it was made of, shown below the title.
        parts: its sections, and what is left out of it.
        opening: HTML of the first screen.
        planets: pages of planets, reached by ``#planet=ID``.

    Raises:
        ValueError: a figure or a planet holds a NaN or an infinity, or two of the page's anchors
            and figures have one name.
    """
    pages = planets or PlanetPages()
    present = [part for part in parts if isinstance(part, PagePart)]
    every = [*present, *pages.parts]
    names = Counter(name for part in every for name in (part.anchor, *part.figures))
    if twice := [name for name, times in names.items() if times > 1]:
        raise ValueError(f"page: anchors and figures share the names {twice}: rename the figures")
    missing = [part for part in parts if isinstance(part, AbsentPart)]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{_asset('page.css')}</style></head><body>",
            '<a class="skip" href="#main">Skip to the content</a>',
            _header(title, provenance),
            _navigation(present, bool(pages.chunks)),
            '<main id="main">',
            opening,
            *_chapters(present),
            _missing(missing),
            "</main>",
            *_planet_page(pages),
            "<noscript><p>The figures need JavaScript; the tables do not.</p></noscript>",
            *_data(every, pages),
            # Inert: page.js runs it for the first figure, after the first screen was painted.
            f'<script type="text/plain" id="plotly">{get_plotlyjs()}</script>',
            f"<script>{_asset('page.js')}</script>",
            "</body></html>\n",
        ]
    )


def embedded(value: Any) -> str:
    """JSON that no text inside can break out of a script element with; NaN is refused."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _chunk(kind: str, name: str, value: Any) -> str:
    """A value in an inert script element, which ``page.js`` reads when it is looked at."""
    text, form = embedded(value), "json"
    if len(text) > _LONG:
        text, form = b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode(), "gzip"
    name = escape(name)
    return f'<script type="application/{form}" data-{kind}="{name}">{text}</script>'


def _data(parts: Sequence[PagePart], pages: PlanetPages) -> list[str]:
    figures = {name: figure for part in parts for name, figure in part.figures.items()}
    return [
        *(_chunk("figure", name, figure) for name, figure in figures.items()),
        *(_chunk("planet", name, chunk) for name, chunk in pages.chunks.items()),
        _chunk("shared", "shared", pages.shared),
    ]


def _asset(name: str) -> str:
    return files("spectramind.plotting").joinpath(name).read_text(encoding="utf-8")


def _header(title: str, provenance: Mapping[str, str]) -> str:
    chips = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
        for key, value in provenance.items()
    )
    return f"<header><h1>{escape(title)}</h1><dl>{chips}</dl></header>"


def _navigation(present: Sequence[PagePart], planets: bool) -> str:
    """Links to chapters, or to sections where there are none, and the search for planets."""
    chapters = dict.fromkeys(part.chapter for part in present if part.chapter)
    links = {_chapter_anchor(name): name for name in chapters}
    links = links or {part.anchor: part.title for part in present}
    items = "".join(f'<a href="#{anchor}">{escape(text)}</a>' for anchor, text in links.items())
    find = (
        '<div id="find" role="search"><input type="search" aria-label="find a planet by its id" '
        'placeholder="find a planet" list="planet-ids" autocomplete="off"></div>'
        '<datalist id="planet-ids"></datalist>'
    )
    return f'<nav aria-label="chapters">{items}{find if planets else ""}</nav>'


def _chapter_anchor(chapter: str) -> str:
    return "chapter-" + "-".join(
        "".join(c if c.isalnum() else " " for c in chapter.lower()).split()
    )


def _chapters(present: Sequence[PagePart]) -> list[str]:
    """Sections, each chapter's below its heading."""
    out = []
    for chapter, parts in groupby(present, key=lambda part: part.chapter):
        sections = [_section(part, 3 if chapter else 2) for part in parts]
        if chapter:
            anchor = _chapter_anchor(chapter)
            head = f'<h2 id="{anchor}" class="chapter">{escape(chapter)}</h2>'
            sections.insert(0, head)
        out += sections
    return out


def _section(part: PagePart, level: int) -> str:
    head = f"<h{level}>{escape(part.title)}</h{level}>"
    return f'<section id="{part.anchor}">{head}{part.html}</section>'


def _planet_page(pages: PlanetPages) -> list[str]:
    """The page of the chosen planet, hidden until one is chosen."""
    if not pages.chunks:
        return []
    chooser = (
        '<div class="chooser"><a class="back" href="#main">‹ all planets</a>'
        '<button type="button" id="previous" aria-label="previous planet">‹</button>'
        '<select id="planet" aria-label="planet"></select>'
        '<button type="button" id="next" aria-label="next planet">›</button></div>'
    )
    return [
        '<main id="planet-page" hidden>',
        f'<section id="planet-head"><h2 id="planet-title" tabindex="-1"></h2>{chooser}'
        '<p id="planet-note" class="lead"></p></section>',
        *(_section(part, 3) for part in pages.parts),
        "</main>",
    ]


def _missing(missing: Sequence[AbsentPart]) -> str:
    if not missing:
        return ""
    items = "".join(
        f"<li>{escape(part.what)}: {f'{escape(part.reason)}: ' if part.reason else ''}"
        f"<code>spectramind {escape(part.command)}</code></li>"
        for part in grouped(missing)
    )
    return (
        '<section id="absent"><h2>Not in this report</h2>'
        '<p class="lead">What is missing, and the command that makes it.</p>'
        f"<ul>{items}</ul></section>"
    )
