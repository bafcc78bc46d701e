"""Earlier reports of this work folder: what was reported, and how good it was."""

from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.short_names import clock, short_hash
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

_NUMBERS = ("score", "low", "high", "coverage")
_BRIEF = 8
COLUMNS = (
    Column("path", "report"),
    Column("date", "written"),
    Column("config", "config"),
    Column("git", "git"),
    Column("score", "score", ".4f"),
    Column("low", "CI low", ".4f"),
    Column("high", "CI high", ".4f"),
    Column("change", "beside the one before", "+.4f"),
    Column("coverage", "inside ±1σ", ".1%"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a report that was written, oldest first; the one in hand is not among them yet."""
    data = context.data
    if not data.runs.versions:
        return Lack(data.problems.get("versions", ""))
    rows: list[dict[str, Any]] = []
    for line in data.runs.versions:
        row: dict[str, Any] = {key: line.get(key) for key in ("path", "config")}
        row["date"] = clock(line.get("date"))
        row["git"] = short_hash(line.get("git"))
        row |= {key: _number(line.get(key)) for key in _NUMBERS}
        before = rows[-1]["score"] if rows else None
        both = None not in (before, row["score"])
        rows.append(row | {"change": row["score"] - before if both else None})
    return {"versions": rows}


def _number(value: Any) -> float | None:
    return plain([value])[0] if isinstance(value, (int, float)) else None


def draw(values: Values) -> PanelBody:
    """The table, newest first, and the score over versions where there are two."""
    rows = values["versions"]
    scored = [row for row in rows if row["score"] is not None]
    drawn = {"version-scores": figure(scored)} if len(scored) > 1 else {}
    brief = [
        {
            "report": row["path"],
            "written": row["date"],
            "config": row["config"],
            "score": row["score"],
            "change": row["change"],
        }
        for row in rows[-_BRIEF:]
    ]
    return PanelBody(
        "".join(place(name) for name in drawn) + tables.table(COLUMNS, rows[::-1]),
        f"{len(rows)} reports were written before this one.",
        drawn,
        tables={"versions": rows},
        brief=brief,
        verdict=verdict(scored),
    )


def verdict(scored: list[Values]) -> PlainWords | None:
    """The last change; None before there is one."""
    if len(scored) < 2 or scored[-1]["change"] is None:
        return None
    change, last = scored[-1]["change"], scored[-1]["score"]
    if abs(change) < 5e-5:
        return PlainWords("good", f"The last two reports have the same score, {last:.4f}.")
    word = "rose" if change > 0 else "fell"
    told = f"The score {word} by {abs(change):.4f} from one report to the next, to {last:.4f}."
    return PlainWords("good" if change > 0 else "look", told)


def figure(rows: list[Values]) -> Figure:
    """The score of each report with its interval."""
    score = [row["score"] for row in rows]
    up = [None if row["high"] is None else row["high"] - row["score"] for row in rows]
    down = [None if row["low"] is None else row["score"] - row["low"] for row in rows]
    names = [str(row["path"]) for row in rows]
    dots = plot.dots([], [], "score", plot.MODEL) | {
        "mode": "lines+markers",
        "x": list(range(1, len(rows) + 1)),
        "y": plot.listed(score, 5),
        "text": [tables.shown(name) for name in names],
        "hovertemplate": "%{text}: %{y:.4f}<extra></extra>",
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": up,
            "arrayminus": down,
            "color": plot.NEUTRAL,
            "thickness": 1.4,
            "width": 0,
        },
    }
    layout = plot.single_layout() | {
        "height": 280,
        "margin": {"l": 60, "r": 16, "t": 20, "b": 46},
        "showlegend": False,
        "xaxis": {"title": {"text": "report, the newest right"}, "dtick": 1 + len(rows) // 12},
        "yaxis": {"title": {"text": "official score"}},
    }
    return {"data": [dots], "layout": layout}


PANEL = Panel(
    topic="runs",
    anchor="versions",
    title="Earlier reports",
    needs="history of reports (it begins with the second one)",
    command="diagnose dashboard",
    look_for="A change of the score that is small beside its interval says nothing; one with "
    "another config or git hash tells which change of settings or code it came with.",
    collect=collect,
    draw=draw,
)
