"""How the topic "shap" calls inputs and outputs, and what of its values several panels need."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.diagnostics.panel import Lack, ReportContext, Values
from spectramind.plotting import plot
from spectramind.plotting.plot import Figure

Array = NDArray[np.float64]
TOPIC = "shap"
COMMAND = "diagnose shap"
LEVEL = "level"
FORMULA = {"h2o": "H₂O", "co2": "CO₂", "ch4": "CH₄", "co": "CO", "nh3": "NH₃"}
# By group of inputs (``estimators.masked_inputs``): short, for axes, and what it is.
GROUPS = {
    LEVEL: ("level", "mean measured depth of AIRS's bins"),
    "fgs1": ("FGS1 depth", "measured, less the level"),
    **{
        name: (f"{formula} depths", "measured in that window, less the level")
        for name, formula in FORMULA.items()
    },
    "continuum": ("other depths", "measured in AIRS outside all windows, less the level"),
    "noise_fgs1": ("FGS1 noise", "stated variance of FGS1's depth alone"),
    "noise_airs": ("AIRS noise", "stated variance of each AIRS bin alone"),
    "common": (
        "shared errors",
        "what orbit, limb darkening, drift, star row and doubts leave open in all bins together",
    ),
    "set": ("other planets", "how many stars of the set seem to have spots"),
    "transit_shape": ("transit shape", "the fitted transit, as the network sees it"),
    "residuals": ("residuals", "what the fit leaves of the light curves, as the network sees it"),
    "jitter": ("jitter", "FGS1's pointing, as the network sees it"),
}
QUANTITIES = {"mu": "μ", "sigma": "σ"}


def network(context: ReportContext) -> tuple[Values, Values] | Lack:
    """The topic's values and the network's part, if one was kept."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack):
        return found
    if found["network"] is None:
        return Lack(str(found["no_network"]), "train")
    return found, dict(found["network"])


def title(group: str) -> str:
    """Of a group of inputs, short."""
    return GROUPS[group][0]


def region_title(region: str) -> str:
    """Of an output or a band: FGS1, a molecule's formula, or AIRS's parts."""
    return FORMULA.get(region.lower(), {"continuum": "other", "fgs1": "FGS1"}.get(region, region))


def row_axis(titles: list[str]) -> dict[str, Any]:
    """A y axis with rows from the top down."""
    return {
        "tickvals": list(range(len(titles))),
        "ticktext": titles,
        "range": [len(titles) - 0.4, -0.6],
        "fixedrange": True,
        "showgrid": False,
        "zeroline": False,
    }


def pair_layout(titles: list[str], axes: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """Layout of two columns that share their rows."""
    shared = row_axis(titles)
    return {
        "height": 25 * len(titles) + 110,
        "margin": {"l": 104, "r": 14, "t": 40, "b": 48},
        "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        "xaxis": {"domain": [0, 0.475], **axes[0]},
        "xaxis2": {"domain": [0.525, 1], **axes[1], "anchor": "y2"},
        "yaxis": shared,
        "yaxis2": {**shared, "anchor": "x2", "showticklabels": False},
    }


def zero_line(column: int) -> dict[str, Any]:
    """A line at 0 across the rows of a column."""
    style = {"color": plot.NEUTRAL, "width": 1.2}
    ref = plot.axis_ref("x", column)
    return {
        "type": "line",
        "layer": "below",
        "xref": ref,
        "yref": "paper",
        "x0": 0,
        "x1": 0,
        "y0": 0,
        "y1": 1,
        "line": style,
    }


def figure_of(data: list[dict[str, Any]], layout: dict[str, Any]) -> Figure:
    """A figure."""
    return {"data": data, "layout": layout}
