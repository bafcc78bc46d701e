"""Planets on a plane by t-SNE, which keeps near what is near."""

from spectramind.diagnostics.panel import Panel, PanelBody, Values
from spectramind.diagnostics.planet_map import collector, draw_maps


def draw(values: Values) -> PanelBody:
    """The maps."""
    return draw_maps("tsne", values, lambda _: ("t-SNE 1 (no unit)", "t-SNE 2 (no unit)"))


PANEL = Panel(
    topic="tsne",
    anchor="tsne",
    title="Map of planets: t-SNE",
    needs="the map of planets by t-SNE",
    command="diagnose tsne",
    look_for="Only who is near whom counts, not how far apart groups lie: new planets should be "
    "mixed with the pale labelled ones, a group of new planets alone is of another kind.",
    collect=collector("tsne"),
    draw=draw,
)
