"""Planets on a plane by UMAP, which keeps near what is near."""

from spectramind.diagnostics.panel import Panel, PanelBody, Values
from spectramind.diagnostics.planet_map import collector, draw_maps


def draw(values: Values) -> PanelBody:
    """The maps."""
    return draw_maps("umap", values, lambda _: ("UMAP 1 (no unit)", "UMAP 2 (no unit)"))


PANEL = Panel(
    topic="umap",
    anchor="umap",
    title="Map of planets: UMAP",
    needs="the map of planets by UMAP",
    command="diagnose umap",
    look_for="Only who is near whom counts, not how far apart groups lie: new planets should be "
    "mixed with the pale labelled ones, a group of new planets alone is of another kind.",
    collect=collector("umap"),
    draw=draw,
)
