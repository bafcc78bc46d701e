"""Each planet's shares: which planets an input moves far, and which way."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.shap_titles import (
    COMMAND,
    LEVEL,
    QUANTITIES,
    TOPIC,
    figure_of,
    pair_layout,
    title,
    zero_line,
)
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Trace, axis_ref, dots

_SHOWN = {"FGS1": (plot.MODEL, "circle"), "AIRS": (plot.TRUTH, "diamond-open")}
_WIDTH = 0.17  # of a swarm, on either side
_EDGE = 0.995  # share of all points that the axis shows at first


def collect(context: ReportContext) -> Values | Lack:
    """Shares of every planet [ppm], without the level's: (groups, planets) by quantity, output."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack):
        return found
    kept = [row for row, group in enumerate(found["groups"]) if group != LEVEL]
    shares = {
        key: {
            name: [
                [
                    round(planet[row][found["outputs"].index(name)], 1)
                    for planet in found["phi"][key]
                ]
                for row in kept
            ]
            for name in _SHOWN
        }
        for key in QUANTITIES
    }
    return {
        "planets": list(found["planets"]),
        "groups": [found["groups"][row] for row in kept],
        "shares": shares,
    }


def draw(values: Values) -> PanelBody:
    """Swarms, and the planet each input moves furthest as rows."""
    rows = [
        {
            "quantity": key,
            "group": group,
            "output": name,
            "planet_id": planet,
            "share_ppm": share,
        }
        for key, outputs in values["shares"].items()
        for name, table in outputs.items()
        for group, row in zip(values["groups"], table, strict=True)
        for planet, share in zip(values["planets"], row, strict=True)
    ]
    note = (
        "A dot is a planet (a click opens its page): how far the input moved its μ (left) and its "
        "σ (right). The depth's level is left out: it moves μ by thousands of ppm."
    )
    figures = {"shap-swarm": figure(values)}
    return PanelBody(place("shap-swarm"), note, figures, tables={"shap_planets": rows})


def figure(values: Values) -> Figure:
    """One row an input, FGS1 above AIRS in it."""
    titles = [title(group) for group in values["groups"]]
    traces, axes = [], []
    for column, (key, sign) in enumerate(QUANTITIES.items()):
        every = np.abs(np.asarray(list(values["shares"][key].values()), dtype=np.float64))
        edge = 1.1 * float(np.quantile(every, _EDGE)) or 1.0
        axes.append(
            {
                "title": {"text": f"share of {sign} [ppm]", "standoff": 6},
                "range": [-round(edge, 1), round(edge, 1)],
                "zeroline": False,
                "nticks": 5,
            }
        )
        traces += [_swarm(values, key, name, column) for name in _SHOWN]
    layout = pair_layout(titles, (axes[0], axes[1])) | {"shapes": [zero_line(1), zero_line(2)]}
    return figure_of(traces, layout | {"height": 34 * len(titles) + 110, "hovermode": "closest"})


def _swarm(values: Values, key: str, name: str, column: int) -> Trace:
    color, symbol = _SHOWN[name]
    centre = -0.2 if name == "FGS1" else 0.2
    x: list[float] = []
    y: list[float] = []
    for row, shares in enumerate(values["shares"][key][name]):
        x += shares
        y += (row + centre + _spread(np.asarray(shares))).round(2).tolist()
    ids = values["planets"] * len(values["groups"])
    marker: dict[str, Any] = {"color": color, "size": 5, "symbol": symbol, "opacity": 0.6}
    return dots(
        x,
        y,
        "FGS1" if name == "FGS1" else "mean of AIRS",
        color,
        meta="planets",
        customdata=ids,
        hovertemplate="planet %{customdata}: %{x:.1f} ppm<extra>%{fullData.name}</extra>",
        xaxis=axis_ref("x", column + 1),
        yaxis=axis_ref("y", column + 1),
        legendgroup=name,
        showlegend=column == 0,
    ) | {"marker": marker}


def _spread(shares: np.ndarray) -> np.ndarray:
    """Where each dot of a row stands across it: the denser its neighbourhood, the farther out."""
    width = max(float(np.ptp(shares)), 1e-9) / 40
    cell = np.floor((shares - shares.min()) / width)
    place_in_cell, rng = np.zeros(len(shares)), np.random.default_rng(0)
    for one in np.unique(cell):
        inside = np.flatnonzero(cell == one)
        steps = np.arange(len(inside)) - (len(inside) - 1) / 2
        place_in_cell[inside] = rng.permutation(steps)
    most = max(float(np.abs(place_in_cell).max()), 4.0)
    return _WIDTH * place_in_cell / most


PANEL = Panel(
    topic=TOPIC,
    anchor="shap-planets",
    title="What moves each planet",
    needs="what moves μ and σ of each planet",
    command=COMMAND,
    look_for="Most dots of a row should lie close together: a planet far out in the shared errors "
    "is one whose fit leaves much open, one far out in a window has a band of its own.",
    collect=collect,
    draw=draw,
)
