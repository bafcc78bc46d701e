"""How long each stage of the chain took."""

from collections.abc import Mapping, Sequence
from typing import Any

from spectramind.contracts.stages import STAGES
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

_ROW_PX = 27
COLUMNS = (
    Column("cmd", "stage"),
    Column("took", "took", "s"),
    Column("share", "of the chain", ".1%"),
    Column("runs", "runs in all", "d"),
    Column("failed", "of them failed", "d"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a stage that ran well, in the chain's order; durations in milliseconds."""
    data = context.data
    rows = [row for cmd in STAGES if (row := _stage(cmd, data.events)) is not None]
    if not rows:
        return Lack(data.problems.get("events", ""))
    whole = sum(row["duration_ms"] for row in rows)
    return {
        "stages": [row | {"share": row["duration_ms"] / whole if whole else None} for row in rows],
        "whole_ms": whole,
    }


def _stage(cmd: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The longest good run with the settings of the last one: a repeat finds its work done."""
    mine = [event for event in events if event.get("cmd") == cmd]
    good = [
        event
        for event in mine
        if event.get("status") in ("ok", "warn") and _duration(event) is not None
    ]
    if not good:
        return None
    same = [event for event in good if event.get("science_hash") == good[-1].get("science_hash")]
    return {
        "cmd": cmd,
        "duration_ms": max(_duration(event) or 0.0 for event in same),
        "runs": len(mine),
        "failed": sum(event.get("status") == "fail" for event in mine),
    }


def _duration(event: Mapping[str, Any]) -> float | None:
    value = event.get("duration_ms")
    return float(value) if isinstance(value, (int, float)) else None


def draw(values: Values) -> PanelBody:
    """Bars, and their table."""
    rows = [row | {"took": tables.duration(row["duration_ms"])} for row in values["stages"]]
    whole = tables.duration(values["whole_ms"])
    note = (
        f"{whole} for all stages that ran here. Of several runs with the same settings the longest "
        "counts: a repeat finds its work done."
    )
    brief = [
        {"stage": row["cmd"], "took": row["took"], "of the chain %": _percent(row["share"])}
        for row in rows
    ]
    figures = {"stage-timings": figure(rows)}
    html = place("stage-timings") + tables.table(COLUMNS, rows)
    return PanelBody(html, note, figures, tables={"timings": values["stages"]}, brief=brief)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def figure(rows: list[Values]) -> Figure:
    """A bar a stage, the first on top."""
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": [round(row["duration_ms"] / 1000, 2) for row in rows],
        "y": [row["cmd"] for row in rows],
        "text": [_text(row) for row in rows],
        "textposition": "auto",
        "marker": {"color": plot.MODEL},
        "hovertemplate": "%{y}: %{text}<extra></extra>",
    }
    layout = plot.single_layout() | {
        "height": 76 + _ROW_PX * len(rows),
        "margin": {"l": 132, "r": 16, "t": 10, "b": 46},
        "showlegend": False,
        "xaxis": {"title": {"text": "time [s]"}, "rangemode": "tozero"},
        "yaxis": {"type": "category", "autorange": "reversed", "showgrid": False},
    }
    return {"data": [bars], "layout": layout}


def _text(row: Values) -> str:
    share = "" if row["share"] is None else f" ({row['share']:.0%})"
    return f"{row['took']}{share}"


PANEL = Panel(
    topic="runs",
    anchor="timings",
    title="Where the time goes",
    needs="how long each stage took",
    command="calibrate",
    look_for="The longest bar is the stage to make faster, or to give more workers (env.workers); "
    "stages whose inputs did not change take no time when they are repeated.",
    collect=collect,
    draw=draw,
)
