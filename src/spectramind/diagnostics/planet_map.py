"""The panel of a map of planets, whatever drew the map."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from spectramind.contracts.spectra import name_some
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.planet_colours import SCALE, planet_colours
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace, listed

OUTSIDERS = (
    Column("page", "planet"),
    Column("distance", "distance", ".2f"),
    Column("score", "score", ".3f"),
    Column("sigma_ppm", "σ [ppm]", ",.0f"),
    Column("why", "stands out by"),
    Column("doubt", "doubted"),
)
_FEW = 8  # rows on a terminal
_MANY_BY_CHANCE = 0.01  # so many planets outside are not by chance
_MOST = 0.2  # share of planets outside beyond which the set is another one


def collector(topic: str) -> Callable[[ReportContext], Values | Lack]:
    """What a panel of that topic collects: what was kept, and what points are coloured by."""

    def collect(context: ReportContext) -> Values | Lack:
        kept = context.kept(topic)
        if isinstance(kept, Lack):
            return kept
        return {**kept, "spaces": [_with_planets(context, kept, one) for one in kept["spaces"]]}

    return collect


def plane_panel(topic: str, method: str) -> Panel:
    """The panel of a map whose axes mean nothing, by t-SNE or UMAP."""

    def draw(values: Values) -> PanelBody:
        return draw_maps(
            topic, values, lambda _: (f"{method} 1 (no unit)", f"{method} 2 (no unit)")
        )

    return Panel(
        topic=topic,
        anchor=topic,
        title=f"Map of planets: {method}",
        needs=f"the map of planets by {method}",
        command=f"diagnose {topic}",
        look_for="Only who is near whom counts, not how far apart groups lie: new planets should "
        "be mixed with the pale labelled ones, a group of new planets alone is of another kind.",
        collect=collector(topic),
        draw=draw,
    )


def _with_planets(context: ReportContext, kept: Mapping[str, Any], space: Values) -> Values:
    """A space with what the report knows of its new planets."""
    data = context.data
    row = {planet: i for i, planet in enumerate(data.planet_ids)}
    there = [i for i, planet in enumerate(space["ids"]) if planet in row]
    new = ("ids", "x", "y", "distance", "why")
    space = space | {k: [space[k][i] for i in there] for k in new if space.get(k) is not None}
    ids = space["ids"]
    rows = [row[planet] for planet in ids]
    colours = planet_colours(data, ids, kept["scores"], kept["severity"])
    doubts = [""] * len(ids) if data.traits is None else [data.traits.doubt[i] for i in rows]
    return {
        **space,
        "sigma_ppm": listed(np.median(data.sigma[rows], axis=1) * 1e6, 1),
        "depth_ppm": listed(data.mu[rows].mean(axis=1) * 1e6, 0),
        "score": [kept["scores"].get(planet) for planet in ids],
        "seen_score": [kept["seen_scores"].get(planet) for planet in space["seen_ids"]],
        "doubt": doubts,
        "colours": [{"title": one.title, **one.restyle()} for one in colours],
    }


def draw_maps(topic: str, values: Values, axes: Callable[[Values], tuple[str, str]]) -> PanelBody:
    """A map a space, and the table of planets outside.

    Args:
        topic: what the figures are called by. values: as collected.
        axes: a space's axis titles.
    """
    html, figures, rows = "", {}, []
    for space in values["spaces"]:
        name = f"{topic}-{space['name']}"
        figures[name] = figure(space, *axes(space))
        html += f"<h3>{escape(space['title'])}</h3>{lead(_said(space))}"
        html += _chooser(name, space["colours"]) + place(name)
        rows += [row | {"space": space["name"]} for row in outsider_rows(space)]
    html += "".join(lead(_rule(space)) for space in values["spaces"] if space["distance"])
    if rows:
        html += tables.table(
            OUTSIDERS, [row | {"page": row["planet"], "has_page": True} for row in rows]
        )
    brief = [
        {"planet": r["planet"], "distance": r["distance"], "stands out by": r["why"].split(", ")[0]}
        for r in rows[:_FEW]
    ]
    return PanelBody(
        html,
        " ".join(_notes(values)),
        figures,
        tables={f"{topic}_map": _csv(values), f"{topic}_outside": rows}
        if rows
        else {f"{topic}_map": _csv(values)},
        brief=brief or _no_outsiders(values),
    )


def _said(space: Values) -> str:
    seen, new = len(space["seen_ids"]), len(space["ids"])
    beside = f", {seen} labelled ones pale beside them" if seen else ""
    return f"{new} new planets{beside}; {space['quantities']} quantities: {space['said']}."


def _rule(space: Values) -> str:
    return (
        f"{space['title']}: {_told(space)}. Outside, and ringed: the mean distance to the "
        f"{space['nearest']} nearest labelled planets, over all quantities and not in this "
        f"picture, is larger than that of {space['quantile']:.0%} of the labelled planets among "
        "themselves (which is a distance of 1)."
    )


def _notes(values: Values) -> list[str]:
    first = values["spaces"][0]
    notes = ["A dot is a new planet, the paler the larger its σ; choose one to open its page."]
    if first["distance"] is None:
        notes.append(f"Nothing is marked as outside: {values['reference']}.")
    elif first["name"] == "traits":
        notes.append(
            f"Features of what training saw are not at hand ({values['reference']}); beside the "
            "new planets are those that calibration saw, by the traits it kept."
        )
    if values["network"]:
        notes.append(f"No latents of a network: {values['network']}.")
    if values["unmeasured"]:
        some = name_some(values["unmeasured"])
        notes.append(f"Not on the map, for nothing was measured of them: {some}.")
    return notes


def _told(space: Values) -> str:
    outside, n = _outside(space), len(space["ids"])
    verb = "lies" if outside == 1 else "lie"
    return (
        f"{outside} of {n} planets {verb} outside what the labels cover "
        f"({space['chance'] * n:.1f} by chance)"
    )


def _outside(space: Values) -> int:
    return sum(distance > 1 for distance in space["distance"])


def verdict(values: Values) -> PlainWords | None:
    """Whether the labels cover the new planets; None where there are none to tell."""
    space = values["spaces"][0]
    if space["distance"] is None:
        return None
    told, share = _told(space), _outside(space) / len(space["ids"])
    if space["p"] >= _MANY_BY_CHANCE:
        return PlainWords("good", f"{told}: as expected.")
    if share < _MOST:
        return PlainWords("look", f"{told}: trust their σ less.")
    return PlainWords("bad", f"{told}: σ was not calibrated on such planets.")


def outsider_rows(space: Values) -> list[Values]:
    """A row a planet outside, the furthest first."""
    if space["distance"] is None:
        return []
    order = np.argsort(-np.array(space["distance"]), kind="stable")
    keys = ("distance", "why", "score", "sigma_ppm", "doubt")
    return [
        {"planet": space["ids"][i], **{key: space[key][i] for key in keys}}
        for i in order.tolist()
        if space["distance"][i] > 1
    ]


def _no_outsiders(values: Values) -> list[Values]:
    """For a terminal, what there is on the maps."""
    return [
        {
            "space": space["title"],
            "new": len(space["ids"]),
            "labelled": len(space["seen_ids"]),
            "outside": None if space["distance"] is None else _outside(space),
        }
        for space in values["spaces"]
    ]


def _csv(values: Values) -> list[Values]:
    rows = []
    for space in values["spaces"]:
        distance = space["distance"] or [None] * len(space["ids"])
        new = zip(space["ids"], space["x"], space["y"], distance, space["score"], strict=True)
        rows += [
            {
                "space": space["name"],
                "planet": p,
                "set": "new",
                "x": x,
                "y": y,
                "distance": d,
                "score": s,
            }
            for p, x, y, d, s in new
        ]
        seen = zip(
            space["seen_ids"], space["seen_x"], space["seen_y"], space["seen_score"], strict=True
        )
        rows += [
            {
                "space": space["name"],
                "planet": p,
                "set": "labelled",
                "x": x,
                "y": y,
                "distance": None,
                "score": s,
            }
            for p, x, y, s in seen
        ]
    return rows


def _chooser(name: str, colours: Sequence[Values]) -> str:
    """What the points are coloured by: ``page.js`` restyles the figure with ``layout.meta``."""
    options = "".join(
        f'<option value="{i}">{escape(colour["title"])}</option>'
        for i, colour in enumerate(colours)
    )
    return (
        f'<div class="chooser"><label>colour: <select class="restyle" data-figure="{name}">'
        f"{options}</select></label></div>"
    )


def figure(space: Values, x_title: str, y_title: str) -> Figure:
    """The map. ``layout.meta.restyle`` holds what each choice of a colour changes of the trace
    whose ``meta`` is "planets" and whose ``customdata`` are planets' names.
    """
    traces: list[Trace] = []
    if space["seen_ids"]:
        traces.append(_labelled(space))
    traces.append(_planets(space))
    if space["distance"] is not None and _outside(space):
        traces.append(_rings(space))
    restyle = [{k: v for k, v in one.items() if k != "title"} for one in space["colours"]]
    layout: dict[str, Any] = {
        **plot.single_layout(),
        "height": 500,
        "hovermode": "closest",
        "xaxis": {"title": {"text": x_title, "standoff": 6}, "nticks": 6},
        "yaxis": {"title": {"text": y_title}, "nticks": 6},
        "margin": {"l": 52, "r": 8, "t": 44, "b": 118},
        "meta": {"restyle": restyle},
    }
    return {"data": traces, "layout": layout}


def _labelled(space: Values) -> Trace:
    texts = [
        f"{escape(planet)}<br>labelled{_line('score', score, '.3f')}"
        for planet, score in zip(space["seen_ids"], space["seen_score"], strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": space["seen_x"],
        "y": space["seen_y"],
        "name": "labelled",
        "hovertext": texts,
        "hoverinfo": "text",
        "marker": {"symbol": "diamond-open", "size": 6, "color": plot.NEUTRAL, "opacity": 0.55},
    }


def _planets(space: Values) -> Trace:
    colour = space["colours"][0]
    marker = {
        "size": 10,
        "color": colour["marker.color"][0],
        "cmin": colour["marker.cmin"],
        "cmax": colour["marker.cmax"],
        "colorscale": SCALE,
        "opacity": _confidence(space["sigma_ppm"]),
        "line": {"width": 0.8, "color": plot.NEUTRAL},
        "colorbar": {
            "orientation": "h",
            "thickness": 9,
            "len": 0.7,
            "y": -0.2,
            "yanchor": "top",
            "outlinewidth": 0,
            "nticks": 5,
            "title": {"text": colour["title"], "side": "top"},
            "tickvals": colour["marker.colorbar.tickvals"][0],
            "ticktext": colour["marker.colorbar.ticktext"][0],
        },
    }
    return {
        "type": "scatter",
        "mode": "markers",
        "meta": "planets",
        "customdata": space["ids"],
        "x": space["x"],
        "y": space["y"],
        "name": "new",
        "hovertext": [_hover(space, i) for i in range(len(space["ids"]))],
        "hoverinfo": "text",
        "marker": marker,
    }


def _confidence(sigma: Sequence[float]) -> list[float]:
    """Opacity: 1 for the smallest sigma, 0.45 for the largest, by rank."""
    rank = np.argsort(np.argsort(np.array(sigma), kind="stable"), kind="stable")
    return [float(v) for v in np.round(1 - 0.55 * rank / max(len(rank) - 1, 1), 2)]


def _hover(space: Values, i: int) -> str:
    distance = None if space["distance"] is None else space["distance"][i]
    lines = [
        f"<b>{escape(space['ids'][i])}</b>",
        f"depth {space['depth_ppm'][i]:,.0f} ppm, σ {space['sigma_ppm'][i]:,.0f} ppm",
    ]
    text = "<br>".join(lines)
    text += _line("score", space["score"][i], ".3f") + _line("distance", distance, ".2f")
    if distance is not None and distance > 1:
        text += f"<br>outside: {escape(space['why'][i])}"
    doubt = space["doubt"][i]
    return text + (f"<br>doubted: {escape(doubt[:80])}" if doubt else "")


def _line(name: str, value: float | None, spec: str) -> str:
    return "" if value is None else f"<br>{name} {value:{spec}}"


def _rings(space: Values) -> Trace:
    rows = [i for i, distance in enumerate(space["distance"]) if distance > 1]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [space["x"][i] for i in rows],
        "y": [space["y"][i] for i in rows],
        "name": "outside the labels",
        "hoverinfo": "skip",
        "marker": {
            "symbol": "circle-open",
            "size": 17,
            "color": plot.TRUTH,
            "line": {"width": 2.2},
        },
    }
