"""A figure of groups below one another: what was found, its error, and the band of chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.plotting import plot
from spectramind.plotting.plot import Figure, Trace

OUTSIDE = "#c93c3c"
_ROW_PX, _BAND_PX, _LABELS_PX = 23, 13, 118
_RATIO = {"type": "log", "tickvals": [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]}


@dataclass(frozen=True)
class Measure:
    """What a figure shows of every group.

    Attributes:
        key: of the rows; ``{key}_error``, ``{key}_low`` and ``{key}_high`` stand beside it.
        title: of its axis.
        expected: where an honest value lies.
        percent: a share of 0..1; else a ratio on a logarithmic axis.
    """

    key: str
    title: str
    expected: float
    percent: bool = True


def forest(rows: Sequence[Mapping[str, Any]], measure: Measure) -> Figure:
    """Dots outside their band are red; a bar is two standard errors, a row of ``group`` None titles
    those below it.
    """
    scale = {"tickformat": ".0%", "nticks": 5} if measure.percent else _RATIO
    line = {"color": plot.NEUTRAL, "width": 1.3, "dash": "dash"}
    across = {"x0": measure.expected, "x1": measure.expected, "y0": 0, "y1": 1, "yref": "paper"}
    layout: dict[str, Any] = {
        "height": _ROW_PX * len(rows) + 92,
        "margin": {"l": _LABELS_PX, "r": 14, "t": 34, "b": 46},
        "showlegend": False,
        "shapes": [{"type": "line", "layer": "below", "line": line, **across}],
        "xaxis": {"title": {"text": measure.title, "standoff": 6}, **scale},
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": [_label(row) for row in rows],
            "range": [len(rows) - 0.4, -0.6],
            "fixedrange": True,
            "showgrid": False,
        },
    }
    return {"data": [_bands(rows, measure), _found(rows, measure)], "layout": layout}


def _label(row: Mapping[str, Any]) -> str:
    if row["group"] is None:
        return f"<b>{row['grouping']}</b>"
    return f"{row['group']} ({row['planets']})"


def _bands(rows: Sequence[Mapping[str, Any]], measure: Measure) -> Trace:
    x: list[float | None] = []
    y: list[float | None] = []
    for place, row in enumerate(rows):
        ends = row.get(f"{measure.key}_low"), row.get(f"{measure.key}_high")
        x += [*ends, None] if None not in ends else [None, None, None]
        y += [place, place, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": y,
        "line": {"color": plot.NEUTRAL, "width": _BAND_PX},
        "opacity": 0.28,
        "hoverinfo": "skip",
    }


def _found(rows: Sequence[Mapping[str, Any]], measure: Measure) -> Trace:
    values = [row.get(measure.key) for row in rows]
    errors = [2 * (row.get(f"{measure.key}_error") or 0.0) for row in rows]
    pairs = list(zip(values, errors, strict=True))
    up = [e if v is None or not measure.percent else min(e, 1 - v) for v, e in pairs]
    down = [e if v is None or not measure.percent else min(e, v) for v, e in pairs]
    shown = "%{x:.1%}" if measure.percent else "%{x:.3f}"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": list(range(len(rows))),
        "marker": {"size": 8, "color": [_color(row, measure.key) for row in rows]},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": up,
            "arrayminus": down,
            "color": plot.NEUTRAL,
            "thickness": 1.4,
            "width": 0,
        },
        "text": [_hover(row, measure) for row in rows],
        "hovertemplate": f"%{{text}}<br>{shown}<extra></extra>",
    }


def _color(row: Mapping[str, Any], key: str) -> str:
    value, low, high = row.get(key), row.get(f"{key}_low"), row.get(f"{key}_high")
    if value is None or low is None or high is None or low <= value <= high:
        return plot.MODEL
    return OUTSIDE


def _hover(row: Mapping[str, Any], measure: Measure) -> str:
    low, high = row.get(f"{measure.key}_low"), row.get(f"{measure.key}_high")
    if row["group"] is None:
        return ""
    name = f"{row['grouping']}, {row['group']}, {row['planets']} planets"
    if low is None or high is None:
        return name
    spec = ".1%" if measure.percent else ".2f"
    return f"{name}<br>by chance {low:{spec}} to {high:{spec}}"
