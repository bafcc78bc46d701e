"""On a planet's page: what its mu is the sum of, bin by bin and band by band."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.instrument.grid import AIRS_BINS, bin_wavelengths
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place, slot
from spectramind.plotting.html_tables import Column, shown
from spectramind.plotting.molecule_strip import Sticks, strip_words, with_strip
from spectramind.plotting.plot import Figure, Row, Trace, listed, per_bin

PPM = 1e6
FGS1_AT = round(float(bin_wavelengths()[0]), 5)
_WIDTHS = listed(np.gradient(bin_wavelengths()[AIRS_BINS]), 5)
_FIGURE, _SLOT = "planet-mu-parts", "planet-mu-sum"
# Light and dark of one hue for what belongs together; patterns tell them apart without colour.
_PARTS = {
    "own": ("measured: the bin itself", "#1f4f9c", ""),
    "band": ("measured: its band", plot.MODEL, ""),
    "elsewhere": ("measured: AIRS elsewhere", "#9dc1f2", ""),
    "fgs1": ("measured: FGS1", "#6d7fa8", "."),
    "first": ("prior, likeliest kind", plot.TRUTH, "/"),
    "others": ("prior, other kinds", "#f4bf7f", "\\"),
    "patches": ("spots and faculae undone", plot.GOOD, "x"),
    "network": ("network", "#8b5cf6", "+"),
}


def collect(context: ReportContext) -> Values | Lack:
    """Which planets have parts; the parts themselves are their pages'."""
    found = context.kept("explain")
    if isinstance(found, Lack):
        return found
    ids = [context.data.planet_ids[int(row)] for row in context.rows]
    planets = [name for name in ids if name in found["planets"]]
    return {
        "planets": planets,
        "of": len(ids),
        "network": found["network"],
        "sticks": context.sticks,
    }


def draw(values: Values) -> PanelBody:
    """The figure and the sum, to be filled."""
    note = (
        "Bars above zero lift μ over the planet's level (AIRS's mean μ), those below lower it; the "
        "line is μ less the level as submitted, so bars must end on it once added up. What is "
        "lent by other bins comes through the prior's correlations. Calibrators change σ alone. "
    )
    html = place(_FIGURE) + slot(_SLOT)
    drawn = figure(values["network"], values["sticks"])
    return PanelBody(html, note + strip_words(values["sticks"]), {_FIGURE: drawn})


def figure(network: bool, sticks: Sticks | None = None) -> Figure:
    """Parts stacked per bin, mu on top of them, below what each gas alone would draw."""
    traces: list[Trace] = []
    for key, style in _PARTS.items():
        if key != "network" or network:
            traces += _bars(key, *style)
    for trace, meta in zip(per_bin([], [], "μ less level", plot.NEUTRAL, 0), _BOTH, strict=True):
        traces.append(trace | {"meta": meta.format("mu")})
    drawn = with_strip(traces, [Row("part of μ [ppm]", 3.6)], 640, sticks)
    return drawn | {"layout": drawn["layout"] | {"barmode": "relative", "bargap": 0}}


_BOTH = ("fgs1.{}", "{}")


def _bars(key: str, name: str, color: str, pattern: str) -> list[Trace]:
    """FGS1's bar and AIRS's, one legend entry."""
    marker: dict[str, Any] = {"color": color, "line": {"width": 0}}
    if pattern:
        marker["pattern"] = {"shape": pattern, "size": 5, "fillmode": "overlay", "fgopacity": 0.6}
    bar = {"type": "bar", "name": name, "marker": marker, "legendgroup": key, "yaxis": "y"}
    return [
        bar | {"meta": f"fgs1.{key}", "xaxis": "x", "width": 0.12, "showlegend": False},
        bar | {"meta": key, "xaxis": "x2", "width": _WIDTHS},
    ]


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """One planet's parts [ppm, to 0.1], their sum by band and how exactly they add up."""
    data = context.data
    planets: Mapping[str, Any] = data.stored.get("explain", {}).get("planets", {})
    one = planets.get(data.planet_ids[row])
    if one is None:
        return None
    series: dict[str, dict[str, Any]] = {}
    parts = {key: values for key, values in one["parts_ppm"].items() if values}
    for key, values in (parts | {"mu": listed(data.mu[row] * PPM - one["level_ppm"], 1)}).items():
        series[f"fgs1.{key}"] = {"x": [FGS1_AT], "y": values[:1]}
        series[key] = {"x": "airs", "y": values[1:]}
    bands = data.stored["explain"]["bands"]
    return PlanetBody({_FIGURE: series}, {_SLOT: sum_table(one, list(bands))})


def sum_table(one: Mapping[str, Any], bands: list[str]) -> str:
    """Where each band's mu comes from, in words and as a table [ppm]."""
    kinds = ", ".join(f"{name} {share:.0%}" for name, share in one["kinds"].items())
    words = (
        f"Level {one['level_ppm']:,.1f} ppm, of which the prior makes {one['prior_of_level']:.2%}; "
        f"taking spots and faculae back moved it by {shown(one['lifted_ppm'], '+,.1f')} ppm. "
        f"{one['measured']:.1f} independent numbers were measured. Kind of planet: {kinds}; hazy "
        f"{one['hazy']:.0%}; its star has spots or faculae with a chance of {one['patchy']:.0%}. "
        f"All parts miss μ by {one['residual']:.0e} of it."
    )
    columns = [Column("part", "part [ppm]")]
    columns += [Column(name, f"to {name}", ",.1f") for name in bands]
    rows = [
        {"part": name} | dict(zip(bands, values, strict=True))
        for name, values in one["by_band_ppm"].items()
    ]
    return f"<p>{shown(words)}</p>{tables.table(columns, rows)}"


PANEL = Panel(
    topic="explain",
    anchor="planet-mu-parts-section",
    title="What this planet's μ is made of",
    needs="what made each bin's μ of a planet",
    command="diagnose explain",
    look_for="Blue is measured, orange was known before, green is what spots and faculae are taken "
    "to have done, undone. A feature that is orange alone was not seen in this planet.",
    collect=collect,
    draw=draw,
    planet=planet,
)
