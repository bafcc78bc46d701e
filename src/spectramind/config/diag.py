"""Settings of the report page."""

from pathlib import Path

from pydantic import Field

from spectramind.config.base import Section
from spectramind.config.diag_latents import PcaConfig, TsneConfig, UmapConfig


class HtmlConfig(Section):
    """Where the page is written, and whether the browser opens it at the end."""

    open: bool
    out: Path


class DashboardConfig(Section):
    """The report page.

    Attributes:
        html: the file.
        max_planets: planets to choose from in the page (the statistics always use all of them).
        worst_planets: rows of the table of worst planets; these are always among the former.
        light_curve_points: samples a light curve is binned to before it is embedded.
        pca, umap, tsne: the maps of planets.
    """

    html: HtmlConfig
    max_planets: int = Field(ge=1, le=2000)
    worst_planets: int = Field(ge=1, le=200)
    light_curve_points: int = Field(ge=20, le=5000)
    pca: PcaConfig
    umap: UmapConfig
    tsne: TsneConfig
