"""A planet's nearest planets, over all quantities of a space; on the planet's own page."""

from collections.abc import Mapping
from html import escape
from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import lead, slot
from spectramind.plotting.html_tables import Column

_SLOT = "neighbours-list"
COLUMNS = (
    Column("page", "planet"),
    Column("set", "of"),
    Column("distance", "distance", ".2f"),
    Column("score", "score", ".3f"),
)


def collect(context: ReportContext) -> Values | Lack:
    """Every new planet's neighbours: a row each, with the space."""
    kept = context.kept("pca")
    if isinstance(kept, Lack):
        return kept
    return {"rows": [row for space in kept["spaces"] for row in _rows(kept, space)]}


def _rows(kept: Mapping[str, Any], space: Values) -> list[Values]:
    """A row for every planet and neighbour, the nearest first."""
    rows = []
    for planet, others in zip(space["ids"], space["neighbours"], strict=True):
        for other in others:
            scores = kept["seen_scores" if other["labelled"] else "scores"]
            rows.append(
                {
                    "of_planet": planet,
                    "space": space["title"],
                    "neighbour": other["planet"],
                    "set": "labelled" if other["labelled"] else "new",
                    "distance": other["distance"],
                    "score": scores.get(other["planet"]),
                }
            )
    return rows


def draw(values: Values) -> PanelBody:
    """The place of the list; all rows beside the page."""
    place = slot(_SLOT)
    return PanelBody(place, tables={"neighbours": values["rows"]})


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """A planet's neighbours, and how far it is from what the labels cover."""
    kept = context.data.stored.get("pca")
    if kept is None:
        return None
    planet_id, html = context.data.planet_ids[row], ""
    for space in kept["spaces"]:
        if planet_id not in space["ids"]:
            continue
        i = space["ids"].index(planet_id)
        mine = [one for one in _rows(kept, space) if one["of_planet"] == planet_id]
        html += f"<h3>{escape(space['title'])}</h3>{lead(_place(space, i))}"
        html += tables.table(COLUMNS, [one | _linked(one) for one in mine])
    return PlanetBody(html={_SLOT: html}) if html else None


def _linked(row: Values) -> Values:
    """A new planet has a page of its own, a labelled one has none."""
    return {"page": row["neighbour"], "has_page": row["set"] == "new"}


def _place(space: Values, i: int) -> str:
    """Where it lies in words."""
    if space["distance"] is None:
        return "No labelled planet is at hand to tell whether it lies outside."
    distance = space["distance"][i]
    text = f"Distance to the labelled planets {distance:.2f}; 1 is the edge of what they cover: "
    return text + (f"outside, by {space['why'][i]}." if distance > 1 else "inside.")


PANEL = Panel(
    topic="pca",
    anchor="neighbours",
    title="Neighbours",
    needs="every planet's neighbours",
    command="diagnose pca",
    look_for="The planets most like this one over all quantities, not in a picture of them: where "
    "they score badly, this one's σ deserves a second look.",
    collect=collect,
    draw=draw,
    planet=planet,
)
