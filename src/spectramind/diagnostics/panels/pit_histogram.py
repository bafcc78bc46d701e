"""Probability integral transform: where the truth falls in the predicted distribution."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.statistics import pit_chance, pit_counts
from spectramind.evaluation.group_coverage import CHANCE
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure

FINE, COARSE = 10, 5  # classes; the coarse ones below MANY planets
MANY = 50
_PARTS = {"FGS1": slice(0, 1), "AIRS-CH0": slice(1, None)}


def collect(context: ReportContext) -> Values | Lack:
    """Shares of Phi((truth - mu) / sigma) in equal classes, FGS1 and AIRS apart, and their band."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    m = len(score.ids)
    classes = FINE if m >= MANY else COARSE
    return {
        "planets": m,
        "classes": classes,
        "shares": {
            name: plain(pit_counts(-score.z[:, part], classes)) for name, part in _PARTS.items()
        },
        "chance": list(pit_chance(m, classes)),
    }


def draw(values: Values) -> PanelBody:
    """A histogram a detector, side by side."""
    note = (
        f"{values['planets']} planets; Gaussian with the submitted σ. Grey: where chance puts "
        f"{CHANCE:.0%} of the classes, a planet counted once: bins of a planet err alike, so for "
        "AIRS this is the widest reading."
    )
    figures = {
        f"pit-{name.lower()}": figure(name, shares, values)
        for name, shares in values["shares"].items()
    }
    places = "".join(
        f"<div><h3>{name}</h3>{place(f'pit-{name.lower()}', False)}</div>"
        for name in values["shares"]
    )
    return PanelBody(f'<div class="pair">{places}</div>', note, figures, tables=_files(values))


def figure(name: str, shares: list[float], values: Values) -> Figure:
    """Bars, the flat line of an honest sigma and the band around it."""
    classes = values["classes"]
    low, high = values["chance"]
    top = 1.12 * max(high, *shares)
    color = plot.GOOD if name == "FGS1" else plot.MODEL
    bars = {
        "type": "bar",
        "x": plot.listed((np.arange(classes) + 0.5) / classes, 5),
        "y": plot.listed(shares, 5),
        "name": name,
        "marker": {"color": color, "opacity": 0.75},
        "hovertemplate": "%{y:.1%} of the values<extra></extra>",
    }
    layout = plot.single_layout() | {
        "height": 320,
        "bargap": 0.06,
        "showlegend": False,
        "margin": {"l": 56, "r": 16, "t": 16, "b": 46},
        "xaxis": {"title": {"text": "Φ((truth − μ) / σ)"}, "range": [0, 1]},
        "yaxis": {"title": {"text": "share"}, "tickformat": ".0%", "range": [0, top]},
        "shapes": [
            plot.strip(low, high, 0, plot.NEUTRAL_BAND),
            plot.horizontal(1 / classes, 0),
        ],
    }
    return {"data": [bars], "layout": layout}


def _files(values: Values) -> dict[str, list[dict[str, Any]]]:
    low, high = values["chance"]
    return {
        "pit": [
            {
                "detector": name,
                "low": number / values["classes"],
                "high": (number + 1) / values["classes"],
                "share": share,
                "chance_low": low,
                "chance_high": high,
            }
            for name, shares in values["shares"].items()
            for number, share in enumerate(shares)
        ]
    }


PANEL = Panel(
    topic="coverage",
    anchor="pit",
    title="PIT",
    needs="PIT histograms (no planet here has a known truth)",
    command="score",
    look_for="Flat is honest: high ends mean a σ too small, a hump in the middle a σ too large, a "
    "slope depths that are too low (rising) or too high (falling).",
    collect=collect,
    draw=draw,
)
