"""HTML of tables and cards. Every text goes through ``escape`` here and nowhere else."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

NOTHING = "–"


@dataclass(frozen=True)
class Column:
    """One column: key of the row, title, format specification (text without one)."""

    key: str
    title: str
    spec: str = ""


def shown(value: Any, spec: str = "") -> str:
    """A value as escaped text; a dash for None, NaN and infinities."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING
    return escape(format(value, spec).replace("-", "−") if spec else str(value))


def duration(milliseconds: float | None) -> str | None:
    """``850 ms``, ``12.3 s`` or ``4 min 05 s``."""
    if milliseconds is None:
        return None
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], first: str = "") -> str:
    """A table; numeric columns stand right; ``first`` is the class of the first row.

    A column that no row fills is left out; ``page.js`` sorts by a column when its head is clicked.
    Column ``planet`` opens the planet's page, unless the row's ``page`` is false: it has none.
    """
    used = [c for c in columns if any(row.get(c.key) is not None for row in rows)]
    head = "".join(f"<th{_numeric(c)}>{escape(c.title)}</th>" for c in used)
    body = []
    for number, row in enumerate(rows):
        cells = "".join(f"<td{_numeric(c)}>{_cell(c, row)}</td>" for c in used)
        mark = f' class="{first}"' if first and number == 0 else ""
        body.append(f"<tr{mark}>{cells}</tr>")
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="table"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def planet_link(planet_id: str) -> str:
    """A link to a planet's page."""
    return f'<a href="#planet={quote(planet_id, safe="")}">{escape(planet_id)}</a>'


def card(title: str, value: str, note: str) -> str:
    """One figure that matters, with a line below it."""
    return (
        f'<div class="card"><div class="label">{escape(title)}</div>'
        f'<div class="value">{escape(value)}</div><div class="note">{escape(note)}</div></div>'
    )


def whiskers(rows: Sequence[Mapping[str, Any]]) -> str:
    """Scores on a line from 0 to 1 with their confidence intervals, one estimator below another."""
    parts = []
    for number, row in enumerate(rows):
        score, low, high = (_clipped(row.get(key)) for key in ("score", "low", "high"))
        marks = ""
        if low is not None and high is not None:
            marks += f'<i class="ci" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'
        if score is not None:
            marks += f'<b class="dot" style="left:{score:.2f}%"></b>'
        kind = "model" if number == 0 else "reference"
        parts.append(
            f'<div class="whisker {kind}"><span>{shown(row.get("name"))}</span>'
            f'<div class="track">{marks}</div><em>{shown(row.get("score"), ".3f")}</em></div>'
        )
    scale = '<div class="whisker scale"><span></span><div class="track">'
    scale += "".join(f'<u style="left:{t}%">{t / 100:g}</u>' for t in (0, 25, 50, 75, 100))
    return f'<div class="whiskers">{"".join(parts)}{scale}</div><em></em></div></div>'


def _numeric(column: Column) -> str:
    return ' class="n"' if column.spec else ""


def _cell(column: Column, row: Mapping[str, Any]) -> str:
    value = row.get(column.key)
    text = shown(value, column.spec if isinstance(value, (int, float)) else "")
    if column.key == "status":
        return f'<span class="status {text}">{text}</span>'
    if column.key == "planet" and value is not None and row.get("page", True):
        return f'<button type="button" class="pick" data-planet="{text}">{text}</button>'
    if column.key == "page" and row.get("has_page"):
        return planet_link(str(value))
    return text


def _clipped(score: float | None) -> float | None:
    """Per cent of the 0..1 line, None where there is no number."""
    if score is None or not math.isfinite(score):
        return None
    return min(max(score, 0.0), 1.0) * 100
