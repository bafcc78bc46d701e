"""On a planet's page: its atmosphere's posterior, and what the model makes of its spectrum."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.retrieved import Retrieved
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.diagnostics.panels.atmosphere_table import COMPONENT, PARAMETER
from spectramind.instrument.grid import bin_wavelengths
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place, slot
from spectramind.plotting.html_tables import Column, shown
from spectramind.plotting.molecule_strip import Sticks, strip_words, with_strip
from spectramind.plotting.plot import Figure, Row, Trace, band, listed, per_bin

PPM = 1e6
FGS1_AT = round(float(bin_wavelengths()[0]), 5)
_SPECTRUM, _CORNER, _SLOT = "atmosphere-spectrum", "atmosphere-corner", "atmosphere-numbers"
_SHOWN = 5  # parameters of the corner plot
_DOTS, _STEPS = 150, 24
_COLORS = ("#3f7fdc", "#d64d4d", "#c98a10", "#8b5cf6", "#2c9f73", "#8b93a1", "#e8820c", "#6d7fa8")
_PARAMETERS = (
    Column("name", "parameter"),
    Column("unit", "unit"),
    Column("median", "median", ".4g"),
    Column("low_68", "68 % from", ".4g"),
    Column("high_68", "to", ".4g"),
    Column("low_95", "95 % from", ".4g"),
    Column("high_95", "to", ".4g"),
)
_COMPONENTS = (
    Column("component", "component"),
    Column("ln_bayes", "ln Bayes factor", "+.2f"),
    Column("error", "±", ".2f"),
    Column("sigma", "σ", ".1f"),
    Column("method", "by"),
)


def collect(context: ReportContext) -> Values | Lack:
    """What the figures hold for every planet: parameters, by how much spectra tell of them."""
    data = context.data
    if not data.retrieved:
        return Lack(data.problems.get("retrieved", ""))
    first = next(iter(data.retrieved.values()))
    return {
        "planets": len(data.retrieved),
        "of": len(data.planet_ids),
        "parameters": chosen(list(data.retrieved.values())),
        "components": list(first.components),
        "sticks": context.sticks,
    }


def chosen(found: Sequence[Retrieved]) -> list[str]:
    """Parameters of the corner plot: those whose posteriors differ most from planet to planet's
    whole span, the radius left out.
    """
    names = [name for name in found[0].names if name != "radius_ratio"]

    def narrow(name: str) -> float:
        each = [one.draws[:, one.names.index(name)] for one in found if name in one.names]
        whole = np.concatenate(each)
        span = np.ptp(whole) or 1.0
        return float(np.mean([values.std() for values in each]) / span)

    best = sorted(names, key=narrow)[:_SHOWN]
    return [name for name in names if name in best]


def draw(values: Values) -> PanelBody:
    """The figures and the tables, to be filled."""
    note = (
        "Bands hold 68 and 95 % of the spectra that the posterior predicts. Below: how much depth "
        "each component adds at the likeliest sample. The corner shows the parameters that spectra "
        "tell most of; tables hold all of them. "
    )
    html = slot(_SLOT) + place(_SPECTRUM) + place(_CORNER)
    figures = {
        _SPECTRUM: spectrum(values["components"], values["sticks"]),
        _CORNER: corner(values["parameters"]),
    }
    return PanelBody(html, note + strip_words(values["sticks"]), figures)


def spectrum(components: Sequence[str], sticks: Sticks | None = None) -> Figure:
    """Measured depths, predictions, what components add, and what each gas alone would draw."""
    traces: list[Trace] = [
        band("band95", "95 %", plot.MODEL_LIGHT_BAND),
        band("band68", "68 %", plot.MODEL_DARK_BAND),
    ]
    traces += _both("measured", "measured", plot.NEUTRAL, 0)
    traces += _both("median", "model", plot.MODEL, 0)
    for name, color in zip(components, _COLORS, strict=False):
        traces += _both(name, COMPONENT.get(name, name), color, 1)
    rows = [Row("transit depth [ppm]", 2.0), Row("added depth [ppm]")]
    return with_strip(traces, rows, 680, sticks)


def _both(meta: str, name: str, color: str, row: int) -> list[Trace]:
    fgs1, airs = per_bin([], [], name, color, row)
    if meta == "measured":
        fgs1["error_y"] = {"type": "data", "thickness": 1.6, "width": 4}
    return [fgs1 | {"meta": f"fgs1.{meta}"}, airs | {"meta": meta}]


def corner(names: Sequence[str]) -> Figure:
    """Marginals on the diagonal, pairs of parameters below it."""
    size, gap = len(names), 0.02
    width = (1 - gap * (size - 1)) / size
    traces: list[Trace] = []
    layout: dict[str, Any] = {
        "height": 150 * size + 80,
        "showlegend": False,
        "margin": {"l": 70, "r": 16, "t": 20, "b": 60},
    }
    for row in range(size):
        for column in range(row + 1):
            number = row * size + column + 1
            x, y = plot.axis_ref("x", number), plot.axis_ref("y", number)
            left, bottom = column * (width + gap), 1 - (row + 1) * width - row * gap
            last, first = row == size - 1, column == 0 and row > 0
            layout[plot.axis_key("x", number)] = {
                "domain": [left, left + width],
                "anchor": y,
                "showticklabels": last,
                "nticks": 4,
                "title": {"text": _title(names[column]) if last else ""},
            }
            layout[plot.axis_key("y", number)] = {
                "domain": [max(bottom, 0.0), bottom + width],
                "anchor": x,
                "showticklabels": first,
                "nticks": 4,
                "title": {"text": _title(names[row]) if first else ""},
            }
            on = {"xaxis": x, "yaxis": y, "meta": f"{names[column]}|{names[row]}"}
            if row == column:
                traces.append(plot.line([], [], "", plot.MODEL, **on))
            else:
                marker = {"color": plot.MODEL, "size": 3, "opacity": 0.45}
                traces.append(plot.dots([], [], "", plot.MODEL, **on) | {"marker": marker})
    return {"data": traces, "layout": layout}


def _title(name: str) -> str:
    return PARAMETER.get(name, name)


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """One planet's predictions [ppm], samples and tables."""
    data = context.data
    found = data.retrieved.get(data.planet_ids[row])
    if found is None:
        return None
    names = chosen(list(data.retrieved.values()))
    return PlanetBody(
        {_SPECTRUM: _spectrum_series(found), _CORNER: _corner_series(found, names)},
        {_SLOT: numbers(found)},
    )


def _spectrum_series(found: Retrieved) -> dict[str, dict[str, Any]]:
    spectra = found.spectra * PPM
    lines = {"measured": found.measured * PPM, "median": spectra[2]}
    lines |= {
        name: values * PPM
        for name, values in zip(found.components, found.contributions, strict=True)
    }
    series: dict[str, dict[str, Any]] = {}
    for name, values in lines.items():
        series[name] = {"x": "airs", "y": listed(values[1:], 1)}
        series[f"fgs1.{name}"] = {"x": [FGS1_AT], "y": listed(values[:1], 1)}
    series["fgs1.measured"]["error_y"] = {"array": listed(found.sigma[:1] * PPM, 1)}
    for name, low, high in (("band95", 0, 4), ("band68", 1, 3)):
        centre, half = (spectra[low] + spectra[high]) / 2, (spectra[high] - spectra[low]) / 2
        series[name] = {"x": "airs", "y": listed(centre[1:], 1), "half": listed(half[1:], 1)}
    return series


def _corner_series(found: Retrieved, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    series: dict[str, dict[str, Any]] = {}
    columns = {n: found.draws[:, found.names.index(n)] for n in names if n in found.names}
    for place_, (name, values) in enumerate(columns.items()):
        series[f"{name}|{name}"] = _histogram(values)
        for other in list(columns)[:place_]:
            x, y = columns[other][:_DOTS], values[:_DOTS]
            series[f"{other}|{name}"] = {"x": listed(x, 4), "y": listed(y, 4)}
    return series


def _histogram(values: NDArray[np.float64]) -> dict[str, Any]:
    """Steps of a density whose highest is 1."""
    count, edge = np.histogram(values, _STEPS)
    x, y = np.repeat(edge, 2), np.concatenate([[0], np.repeat(count / max(count.max(), 1), 2), [0]])
    return {"x": listed(x, 4), "y": listed(y, 3)}


def numbers(found: Retrieved) -> str:
    """How it was found, all parameters, all components."""
    told = found.summary
    words = (
        f"ln Z = {told['ln_z']:.2f} ± {told['ln_z_error']:.2f}; {told['effective']:.0f} effective "
        f"samples by {told['path']} sampling ({told['why']}); posterior-predictive p = "
        f"{told['p_value']:.2g}. {told['warning']}"
    )
    parameters = [one | {"name": _title(one["name"])} for one in told["parameters"]]
    evidence = [
        one | {"component": COMPONENT.get(one["component"], one["component"])}
        for one in told["components"]
    ]
    return (
        f"<p>{shown(words)}</p>{tables.table(_PARAMETERS, parameters)}"
        f"{tables.table(_COMPONENTS, evidence)}"
    )


PANEL = Panel(
    topic="retrieval",
    anchor="planet-atmosphere",
    title="What this planet's atmosphere is",
    needs="the posterior over a planet's atmosphere",
    command="retrieve PLANET",
    look_for="The measured depths should stay within the bands as often as noise allows; a "
    "component counts as seen from ln Bayes factors of about 5.",
    collect=collect,
    draw=draw,
    planet=planet,
)
