"""A figure of groups below one another: what was found, its error, and the band of chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.plotting import plot
from spectramind.plotting.plot import Figure, Trace, axis_key, axis_ref

OUTSIDE = "#c93c3c"
_ROW_PX, _GAP, _BAND_PX = 23, 0.035, 13
_LABELS_PX = 132


@dataclass(frozen=True)
class Measure:
    """One column of the figure.

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


def forest(rows: Sequence[Mapping[str, Any]], measures: Sequence[Measure]) -> Figure:
    """Dots outside their band are red; a bar is two standard errors, a row of ``group`` None titles
    those below it.
    """
    width = (1 + _GAP) / len(measures)
    labels = [_label(row) for row in rows]
    layout: dict[str, Any] = {
        "height": _ROW_PX * len(rows) + 110,
        "margin": {"l": _LABELS_PX, "r": 14, "t": 40, "b": 48},
        "showlegend": False,
        "shapes": [],
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": labels,
            "range": [len(rows) - 0.4, -0.6],
            "fixedrange": True,
            "showgrid": False,
        },
    }
    traces: list[Trace] = []
    for number, measure in enumerate(measures, 1):
        left = (number - 1) * width
        scale = {"tickformat": ".0%", "nticks": 4} if measure.percent else {"type": "log"}
        ticks = {} if measure.percent else {"tickvals": [0.1, 0.3, 1, 3, 10, 30, 100]}
        layout[axis_key("x", number)] = {
            "domain": [left, min(left + width - _GAP, 1.0)],
            "title": {"text": measure.title, "standoff": 6},
            "anchor": "y",
            **scale,
            **ticks,
        }
        layout["shapes"].append(_expected(measure.expected, number))
        traces += [_bands(rows, measure, number), _found(rows, measure, number)]
    return {"data": traces, "layout": layout}


def _label(row: Mapping[str, Any]) -> str:
    if row["group"] is None:
        return f"<b>{row['grouping']}</b>"
    return f"{row['group']} ({row['planets']})"


def _expected(value: float, number: int) -> dict[str, Any]:
    line = {"color": plot.NEUTRAL, "width": 1.3, "dash": "dash"}
    ends = {"x0": value, "x1": value, "y0": 0, "y1": 1}
    axes = {"xref": axis_ref("x", number), "yref": "paper"}
    return {"type": "line", "layer": "below", "line": line, **axes, **ends}


def _bands(rows: Sequence[Mapping[str, Any]], measure: Measure, number: int) -> Trace:
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
        "xaxis": axis_ref("x", number),
        "yaxis": "y",
        "line": {"color": plot.NEUTRAL, "width": _BAND_PX},
        "opacity": 0.28,
        "hoverinfo": "skip",
    }


def _found(rows: Sequence[Mapping[str, Any]], measure: Measure, number: int) -> Trace:
    values = [row.get(measure.key) for row in rows]
    errors = [2 * (row.get(f"{measure.key}_error") or 0.0) for row in rows]
    shown = "%{x:.1%}" if measure.percent else "%{x:.3f}"
    return {
        "type": "scatter",
        "mode": "markers",
        "x": values,
        "y": list(range(len(rows))),
        "xaxis": axis_ref("x", number),
        "yaxis": "y",
        "marker": {"size": 8, "color": [_color(row, measure.key) for row in rows]},
        "error_x": {"type": "data", "array": errors, "thickness": 1.3, "width": 0},
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
