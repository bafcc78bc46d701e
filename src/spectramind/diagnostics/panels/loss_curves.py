"""Losses and scores by epoch, beside the physics estimate without the network."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, axis_key, axis_ref, line


def collect(context: ReportContext) -> Values | Lack:
    """One row an epoch, the physics estimate's values for the same keys, and the epoch kept."""
    data = context.data
    if not data.history:
        return Lack(data.problems.get("history", ""))
    return {
        "epochs": [_plain_row(row) for row in data.history],
        "baseline": _plain_row(data.baseline),
        "chosen": data.chosen_epoch,
    }


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: plain([value])[0] if isinstance(value, float) else value for key, value in row.items()
    }


def draw(values: Values) -> PanelBody:
    """The figure."""
    drawn = {"history": figure(values["epochs"], values["baseline"], values["chosen"])}
    note = "Dashed: the physics estimate without the network, on the same planets."
    return PanelBody(place("history"), note, drawn)


def figure(
    epochs: Sequence[Mapping[str, Any]], baseline: Mapping[str, float], chosen: int | None
) -> Figure:
    """Losses and scores by epoch, the physics estimate as a level, the chosen epoch marked."""
    keys = dict.fromkeys(key for row in epochs for key in row)
    panels = [[k for k in keys if k.endswith(suffix)] for suffix in ("_loss", "_score")]
    panels = [names for names in panels if names]
    x = [row["epoch"] for row in epochs]
    traces, shapes = [], []
    for number, names in enumerate(panels):
        axes = {"xaxis": axis_ref("x", number + 1), "yaxis": axis_ref("y", number + 1)}
        for name in names:
            color = plot.NEUTRAL if name.startswith("train") else plot.MODEL
            y = [np.nan if row.get(name) is None else row[name] for row in epochs]
            label = name.replace("_", " ")
            traces.append(line(x, y, label, color, mode="lines+markers", **axes))
            if name in baseline:
                level = line(
                    [min(x), max(x)], [baseline[name]] * 2, f"{label}, physics only", plot.TRUTH
                )
                flat = {"color": plot.TRUTH, "dash": "dash", "width": 1.5}
                traces.append(level | axes | {"line": flat})
        if chosen is not None:
            shapes.append(_chosen_mark(chosen, axes["xaxis"], axes["yaxis"]))
    return {"data": traces, "layout": _layout(panels) | {"shapes": shapes}}


def _chosen_mark(epoch: int, xaxis: str, yaxis: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": xaxis,
        "yref": f"{yaxis} domain",
        "x0": epoch,
        "x1": epoch,
        "y0": 0,
        "y1": 1,
        "line": {"color": plot.GOOD, "width": 1.5, "dash": "dot"},
        "label": {
            "text": f"kept: epoch {epoch}",
            "textangle": 0,
            "textposition": "start",
            "xanchor": "left",
            "yanchor": "bottom",
            "padding": 6,
        },
    }


def _layout(panels: Sequence[Sequence[str]]) -> dict[str, Any]:
    margin = {"l": 78, "r": 16, "t": 44, "b": 46}
    layout = plot.single_layout() | {"height": 350, "margin": margin}
    for number, names in enumerate(panels):
        width = (1 - 0.08 * (len(panels) - 1)) / len(panels)
        left = number * (width + 0.08)
        layout[axis_key("x", number + 1)] = {
            "domain": [left, left + width],
            "anchor": axis_ref("y", number + 1),
            "title": {"text": "epoch"},
        }
        layout[axis_key("y", number + 1)] = {
            "anchor": axis_ref("x", number + 1),
            "title": {"text": names[0].rsplit("_", 1)[1]},
        }
    return layout


PANEL = Panel(
    topic="runs",
    anchor="training",
    title="Training",
    needs="loss curves",
    command="train",
    look_for="The network earned its place only where the validation loss falls below the dashed "
    "line and stays there; training loss alone falling is overfitting.",
    collect=collect,
    draw=draw,
)
