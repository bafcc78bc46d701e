"""One planet's shares, on its page."""

from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
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
from spectramind.plotting.plot import Figure, axis_ref, dots

FIGURE = "planet-shares"
_SHOWN = {"FGS1": (plot.MODEL, "circle"), "AIRS": (plot.TRUTH, "diamond")}


def collect(context: ReportContext) -> Values | Lack:
    """Which inputs there are, and of how many planets they are told."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack):
        return found
    groups = [group for group in found["groups"] if group != LEVEL]
    return {"groups": groups, "planets": len(found["planets"]), "of": found["of"]}


def draw(values: Values) -> PanelBody:
    """Dots without a planet's numbers."""
    some = values["planets"] < values["of"]
    few = f" Told of {values['planets']} of {values['of']} planets (diag.shap.planets)." * some
    note = "The depth's level, which moves μ by thousands of ppm, is left out." + few
    return PanelBody(place(FIGURE), note, {FIGURE: figure(values["groups"])})


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """The planet's shares [ppm]; None where it was not explained."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack) or context.data.planet_ids[row] not in found["planets"]:
        return None
    which = found["planets"].index(context.data.planet_ids[row])
    kept = [n for n, group in enumerate(found["groups"]) if group != LEVEL]
    series: dict[str, dict[str, Any]] = {}
    for key in QUANTITIES:
        for name in _SHOWN:
            output = found["outputs"].index(name)
            shares = [round(found["phi"][key][which][n][output], 1) for n in kept]
            series[f"{key}.{name}"] = {"x": shares, "y": _rows(len(kept), name)}
    return PlanetBody({FIGURE: series})


def _rows(count: int, name: str) -> list[float]:
    shift = -0.14 if name == "FGS1" else 0.14
    return [round(row + shift, 2) for row in range(count)]


def figure(groups: list[str]) -> Figure:
    """Shares of mu on the left, of sigma on the right, FGS1 and the mean of AIRS."""
    traces = []
    for column, key in enumerate(QUANTITIES):
        for name, (color, symbol) in _SHOWN.items():
            trace = dots(
                [],
                [],
                "FGS1" if name == "FGS1" else "mean of AIRS",
                color,
                meta=f"{key}.{name}",
                xaxis=axis_ref("x", column + 1),
                yaxis=axis_ref("y", column + 1),
                legendgroup=name,
                showlegend=column == 0,
                hovertemplate="%{x:.1f} ppm<extra>%{fullData.name}</extra>",
            )
            traces.append(trace | {"marker": {"color": color, "size": 8, "symbol": symbol}})
    axes = [
        {"title": {"text": f"share of {sign} [ppm]", "standoff": 6}, "zeroline": False, "nticks": 5}
        for sign in QUANTITIES.values()
    ]
    layout = pair_layout([title(group) for group in groups], (axes[0], axes[1]))
    return figure_of(traces, layout | {"shapes": [zero_line(1), zero_line(2)]})


PANEL = Panel(
    topic=TOPIC,
    anchor="planet-shap",
    title="What moves its μ and σ",
    needs="what moves this planet's μ and σ",
    command=COMMAND,
    look_for="A large share of shared errors in σ says that the fit leaves orbit, limb darkening "
    "or drift open; a large share of a band in its own μ says that the band stands out.",
    collect=collect,
    draw=draw,
    planet=planet,
)
