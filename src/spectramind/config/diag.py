"""Settings of the report page."""

from pathlib import Path

from pydantic import Field

from spectramind.config.base import Section


class HtmlConfig(Section):
    """Where the page is written.

    Attributes:
        open: whether the browser opens it at the end.
        out: the file; ``{N}`` in its name becomes the number after the last that is there.
    """

    open: bool
    out: Path


class DashboardConfig(Section):
    """The report page.

    Attributes:
        html: the file.
        max_planets: planets that get a page of their own (the statistics always use all of them).
        worst_planets: rows of the table of worst planets; these are always among the former.
        light_curve_points: samples a light curve is binned to before it is embedded.
    """

    html: HtmlConfig
    max_planets: int = Field(ge=1, le=2000)
    worst_planets: int = Field(ge=1, le=200)
    light_curve_points: int = Field(ge=20, le=5000)
