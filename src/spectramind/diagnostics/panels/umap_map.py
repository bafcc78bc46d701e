"""Planets on a plane by UMAP, which keeps near what is near."""

from spectramind.diagnostics.planet_map import plane_panel

PANEL = plane_panel("umap", "UMAP")
