"""Settings of the report page."""

from pathlib import Path

from pydantic import Field

from spectramind.config.base import Section


class HtmlConfig(Section):
    """Where the page is written, and whether the browser opens it at the end."""

    open: bool
    out: Path


class ExplainConfig(Section):
    """What made every mu.

    Attributes:
        sample_planets: planets whose light curves are fitted again, about half a second each, to
            tell which samples made their depths; they are spread evenly over those predicted.
    """

    sample_planets: int = Field(ge=0, le=2000)


class DashboardConfig(Section):
    """The report page.

    Attributes:
        html: the file.
        max_planets: planets to choose from in the page (the statistics always use all of them).
        worst_planets: rows of the table of worst planets; these are always among the former.
        light_curve_points: samples a light curve is binned to before it is embedded.
        explain: what made every mu.
    """

    html: HtmlConfig
    max_planets: int = Field(ge=1, le=2000)
    worst_planets: int = Field(ge=1, le=200)
    light_curve_points: int = Field(ge=20, le=5000)
    explain: ExplainConfig
