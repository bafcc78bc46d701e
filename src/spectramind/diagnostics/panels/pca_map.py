"""Planets on the two widest principal axes, what these are made of, and who lies outside."""

from dataclasses import replace

from spectramind.diagnostics.panel import Panel, PanelBody, Values
from spectramind.diagnostics.planet_map import collector, draw_maps, verdict
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

COLUMNS = (
    Column("space", "space"),
    Column("axis", "axis"),
    Column("explained", "of the variance", ".0%"),
    Column("made_of", "made of"),
)


def draw(values: Values) -> PanelBody:
    """The maps, and a table of the axes."""
    body = draw_maps("pca", values, _axes)
    rows = [row for space in values["spaces"] for row in _rows(space)]
    html = (
        f"<details><summary>What the axes are made of</summary>{tables.table(COLUMNS, rows)}"
        "</details>"
    )
    files = {**body.tables, "pca_axes": rows}
    return replace(body, html=body.html + html, tables=files, verdict=verdict(values))


def _axes(space: Values) -> tuple[str, str]:
    first, second = space["explained"][:2]
    return f"axis 1 ({first:.0%} of the variance)", f"axis 2 ({second:.0%})"


def _rows(space: Values) -> list[Values]:
    return [
        {
            "space": space["title"],
            "axis": str(number),
            "explained": share,
            "made_of": "; ".join(
                f"{one['quantity']} ({one['weight']:+.2f})".replace("(-", "(−") for one in made_of
            ),
        }
        for number, (share, made_of) in enumerate(
            zip(space["explained"], space["loadings"], strict=True), 1
        )
    ]


PANEL = Panel(
    topic="pca",
    anchor="pca",
    title="Map of planets: PCA",
    needs="the map of planets by principal axes",
    command="diagnose pca",
    look_for="New planets should lie among the pale labelled ones; a crowd of its own, or a colour "
    "that sorts along an axis, names what decides how well a planet is known.",
    collect=collector("pca"),
    draw=draw,
)
