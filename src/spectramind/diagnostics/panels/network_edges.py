"""Which types of edge of the bin graph the network attends to, and which it needs."""

from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.shap_titles import (
    COMMAND,
    TOPIC,
    figure_of,
    network,
    pair_layout,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, dots

SAYS = {
    "self": "the bin itself",
    "detector": "FGS1–AIRS",
    "adjacent": "neighbours in λ",
    "molecule": "same molecule",
}
EDGES = (
    Column("edge", "edge"),
    Column("edges", "edges", "d"),
    Column("cut", "change without them [σ]", ".3g"),
    Column("cut_error", "± [σ]", ".2g"),
    Column("mask", "GNNExplainer's mask", ".3f"),
    Column("mask_error", "±", ".3f"),
)
ATTENTION = (
    Column("layer", "layer", "d"),
    Column("edge", "edge"),
    Column("share", "attention", ".1%"),
    Column("error", "±", ".1%"),
    Column("even", "if even", ".1%"),
)
_MARKS = ("circle", "diamond", "square", "triangle-up", "cross", "x")


def collect(context: ReportContext) -> Values | Lack:
    """Rows by layer and type of edge, and by type of edge."""
    found = network(context)
    if isinstance(found, Lack):
        return found
    _, own = found
    if not own["edges"]:
        return Lack("the network that was kept adds nothing to physics", "train")
    kept = {key: own[key] for key in ("attention", "no_attention", "edges", "members")}
    return kept | {"planets": len(own["planets"])}


def draw(values: Values) -> PanelBody:
    """Attention on the left, what cutting the edges changes on the right, both as tables."""
    edges = [row | {"edge": SAYS[row["type"]]} for row in values["edges"]]
    looks = [row | {"edge": SAYS[row["type"]]} for row in values["attention"]]
    html = place("network-edges") + tables.table(EDGES, edges)
    if looks:
        html += f"<details><summary>Attention by layer</summary>{tables.table(ATTENTION, looks)}"
        html += "</details>"
    else:
        html += lead(f"No attention to show: {values['no_attention']}.")
    brief = [
        {
            "edge": row["edge"],
            "edges": row["edges"],
            "change without [σ]": row["cut"],
            "mask": row["mask"],
        }
        for row in edges
    ]
    return PanelBody(
        html,
        _note(values),
        {"network-edges": figure(values)},
        tables={"network_edges": edges} | ({"network_attention": looks} if looks else {}),
        brief=brief,
        verdict=_verdict(edges),
    )


def _note(values: Values) -> str:
    first = " The first member of the ensemble." if values["members"] > 1 else ""
    return (
        f"Means over {values['planets']} planets with standard errors. Open marks: where attention "
        "would lie if every edge got the same. Right: how far the correction moves, in σ of "
        "physics, when all edges of a type are cut; GNNExplainer's mask (0 to 1) tells which "
        f"edges a sparse copy of the network would keep.{first}"
    )


def _verdict(edges: list[dict[str, Any]]) -> PlainWords:
    most = max(edges, key=lambda row: row["cut"])
    text = (
        f"The network's correction hangs most on edges to {most['edge']}: without them it moves "
        f"by {most['cut']:.2g} σ."
    )
    return PlainWords("good", text)


def figure(values: Values) -> Figure:
    """A row a type of edge."""
    types = [row["type"] for row in values["edges"]]
    traces = []
    layers = sorted({row["layer"] for row in values["attention"]})
    for number, layer in enumerate(layers):
        rows = [r for r in values["attention"] if r["layer"] == layer and r["type"] in types]
        y = [types.index(r["type"]) + 0.3 * (number - (len(layers) - 1) / 2) for r in rows]
        mark = _MARKS[number % len(_MARKS)]
        for key, name, symbol in (
            ("share", f"layer {layer}", mark),
            ("even", "if even", f"{mark}-open"),
        ):
            color = plot.MODEL if key == "share" else plot.NEUTRAL
            trace = dots([r[key] for r in rows], y, name, color, legendgroup=name)
            trace["showlegend"] = key == "share" or number == 0
            trace["hovertemplate"] = "%{x:.1%}<extra>%{fullData.name}</extra>"
            trace["marker"] |= {"symbol": symbol, "size": 9 if key == "share" else 15}
            if key == "share":
                width = [r["error"] or 0.0 for r in rows]
                trace["error_x"] = {"type": "data", "array": width, "width": 0, "thickness": 1.4}
            traces.append(trace)
    traces.append(_cuts(values, types))
    axes = (
        {"title": {"text": "share of attention", "standoff": 6}, "tickformat": ".0%", "nticks": 5},
        {"title": {"text": "change without [σ]", "standoff": 6}, "rangemode": "tozero"},
    )
    layout = pair_layout([SAYS[name] for name in types], axes)
    return figure_of(traces, layout | {"height": 62 * len(types) + 130})


def _cuts(values: Values, types: list[str]) -> dict[str, Any]:
    rows = values["edges"]
    cuts = [row["cut"] for row in rows]
    width = [row["cut_error"] or 0.0 for row in rows]
    trace = dots(cuts, list(range(len(types))), "without the edges", plot.TRUTH)
    trace["marker"] |= {"symbol": "square", "size": 9}
    bar = {"type": "data", "array": width, "width": 0, "thickness": 1.4}
    hover = "%{x:.3g} σ<extra>without them</extra>"
    return trace | {"xaxis": "x2", "yaxis": "y2", "error_x": bar, "hovertemplate": hover}


PANEL = Panel(
    topic=TOPIC,
    anchor="network-edges-section",
    title="Which edges the network needs",
    needs="attention and edges that the network needs",
    command=COMMAND,
    look_for="Attention far from even that the answer does not hang on is decoration: trust what "
    "changes the correction when it is cut.",
    collect=collect,
    draw=draw,
)
