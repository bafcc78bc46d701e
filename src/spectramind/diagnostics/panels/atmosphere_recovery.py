"""Simulated planets: the truth beside what retrieval found."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.panels.atmosphere_table import COMPONENT, PARAMETER
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace, listed

_FIGURE = "atmosphere-recovery-figure"
_ACROSS = 3
_COLUMNS = (
    Column("name", "parameter"),
    Column("planets", "planets", "d"),
    Column("bias_sd", "bias [σ]", "+.2f"),
    Column("bias_error", "±", ".2f"),
    Column("within_68", "truth within 68 %", ".0%"),
    Column("within_95", "within 95 %", ".0%"),
    Column("told", "planets that tell of it", "d"),
)
_SEEN = (Column("component", "component"), Column("planets", "planets that show it at 3 σ", "d"))
_FAR = 3.0  # binomial errors


def collect(context: ReportContext) -> Values | Lack:
    """What ``retrieve --all`` found, by parameter."""
    found = context.data.recovery
    if found is None or not found["parameters"]:
        return Lack(context.data.problems.get("recovery", ""))
    return dict(found)


def draw(values: Values) -> PanelBody:
    """Truth against median, and the table."""
    rows = [
        {"name": PARAMETER.get(name, name)} | {key: one[key] for key in one if key != "rows"}
        for name, one in values["parameters"].items()
    ]
    seen = [
        {"component": COMPONENT.get(name, name), "planets": count}
        for name, count in values["seen_at_3_sigma"].items()
    ]
    note = (
        f"{values['converged_with_truth']} of {values['planets']} planets count: those that "
        "converged and whose truth the fitted model holds."
    )
    html = place(_FIGURE) + tables.table(_COLUMNS, rows) + tables.table(_SEEN, seen)
    return PanelBody(
        html,
        note,
        {_FIGURE: figure(values["parameters"])},
        tables={"atmosphere_recovery": rows},
        verdict=_verdict(rows),
    )


def figure(parameters: dict[str, Any]) -> Figure:
    """A small plot a parameter: median and 68 % interval over truth, and where they are equal."""
    down = -(-len(parameters) // _ACROSS)
    wide, high = 0.27, 0.72 / down
    traces: list[Trace] = []
    layout: dict[str, Any] = plot.single_layout() | {"height": 240 * down, "showlegend": False}
    for number, (name, one) in enumerate(parameters.items(), start=1):
        row, column = divmod(number - 1, _ACROSS)
        x, y = plot.axis_ref("x", number), plot.axis_ref("y", number)
        left, top = column * 0.365, 1 - row / down
        label = PARAMETER.get(name, name)
        layout[plot.axis_key("x", number)] = {
            "domain": [left, left + wide],
            "anchor": y,
            "title": {"text": f"true {label}"},
        }
        layout[plot.axis_key("y", number)] = {"domain": [top - high, top], "anchor": x}
        truth, median, low, upper = (
            np.array([point[key] for point in one["rows"]])
            for key in ("truth", "median", "low_68", "high_68")
        )
        ends = [float(truth.min()), float(truth.max())]
        on = {"xaxis": x, "yaxis": y}
        bars = {
            "type": "data",
            "symmetric": False,
            "array": listed(upper - median, 4),
            "arrayminus": listed(median - low, 4),
            "thickness": 1,
            "width": 0,
        }
        traces.append(plot.dots(truth, median, label, plot.MODEL, error_y=bars, **on))
        traces.append(plot.line(ends, ends, "equal", plot.NEUTRAL, **on))
    return {"data": traces, "layout": layout}


def _verdict(rows: list[dict[str, Any]]) -> PlainWords:
    share = float(np.mean([row["within_68"] for row in rows]))
    error = float(np.sqrt(0.68 * 0.32 / max(row["planets"] for row in rows)))
    text = f"{share:.0%} of true parameters lie within the 68 % intervals of retrieval."
    off = abs(share - 0.68) / error
    return PlainWords("good" if off < _FAR else "look", text)


PANEL = Panel(
    topic="retrieval",
    anchor="atmosphere-recovery",
    title="Were true atmospheres found again",
    needs="how well retrieval finds simulated atmospheres",
    command="retrieve --all",
    look_for="Points should scatter around the line as their bars say; a parameter that no "
    "spectrum tells of stays at the middle of its prior.",
    collect=collect,
    draw=draw,
)
