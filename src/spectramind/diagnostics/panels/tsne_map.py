"""Planets on a plane by t-SNE, which keeps near what is near."""

from spectramind.diagnostics.planet_map import plane_panel

PANEL = plane_panel("tsne", "t-SNE")
