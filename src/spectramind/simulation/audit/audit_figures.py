"""Figures that set simulated telemetry, spectra and star tables beside real ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.instrument.grid import bin_wavelengths
from spectramind.plotting import plot
from spectramind.plotting.molecule_strip import Sticks, with_strip
from spectramind.plotting.plot import Figure, Trace, dots, line, listed
from spectramind.simulation.audit.telemetry import COUNT_EDGES, Array, View

Views = Mapping[str, View]  # "simulated", and "real" where there is real data

COLORS = {"simulated": plot.MODEL, "real": plot.TRUTH}
STAR_COLUMNS = ("Rs", "Ms", "Ts", "Mp", "P", "sma", "i")
_PPM = 1e6
_SPECTRA = 12


def _layout(x: str, y: str, height: int = 340, **more: Any) -> dict[str, Any]:
    return {
        "height": height,
        "xaxis": {"title": {"text": x}},
        "yaxis": {"title": {"text": y}},
        "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        "margin": {"l": 78, "r": 16, "t": 34, "b": 46},
        **more,
    }


def counts(views: Views) -> Figure:
    """Share of raw reads by count; trees that sum cycles reach higher counts."""
    centre = (COUNT_EDGES[1:] + COUNT_EDGES[:-1]) / 2
    traces = []
    for name, seen in views.items():
        filled = np.where(seen.counts > 0, seen.counts, np.nan)
        traces.append(dots(centre, np.log10(filled), name, COLORS[name]))
    return {"data": traces, "layout": _layout("raw count", "log₁₀ share of reads")}


def image(views: Views) -> Figure:
    """Mean images below one another, log10 of electrons a cycle."""
    traces: list[Trace] = []
    axes: dict[str, Any] = {}
    for number, (name, seen) in enumerate(views.items()):
        suffix = "" if number == 0 else str(number + 1)
        shown = np.log10(np.clip(seen.image, 3, None))
        traces.append(
            {
                "type": "heatmap",
                "z": [listed(row, 2) for row in shown],
                "name": name,
                "coloraxis": "coloraxis",
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
            }
        )
        height = 1 / len(views)
        top = 1 - number * height
        domain = [top - height + 0.07, top - 0.06]
        if seen.image.shape[0] == seen.image.shape[1]:
            left = number / len(views)
            axes[f"xaxis{suffix}"] = {"domain": [left, left + 0.42], "anchor": f"y{suffix}"}
            domain = [0.0, 0.92]
        else:
            axes[f"xaxis{suffix}"] = {"domain": [0, 1], "anchor": f"y{suffix}"}
        title = {"text": f"{name}: row"}
        axes[f"yaxis{suffix}"] = {"domain": domain, "title": title, "anchor": f"x{suffix}"}
    color = {"colorscale": "Viridis", "colorbar": {"title": {"text": "log₁₀ e"}}}
    return {
        "data": traces,
        "layout": _layout("column", "row", 170 + 130 * len(views)) | axes | {"coloraxis": color},
    }


def transfer(views: Views) -> Figure:
    """Variance against mean, pixel by pixel, beside shot and read noise."""
    mean = np.geomspace(1, 6e4, 80)
    read = float(np.median(next(iter(views.values())).read))
    traces: list[Trace] = []
    for name, seen in views.items():
        use = seen.good & (seen.image > 1) & (seen.variance > 0)
        marker = {"color": COLORS[name], "size": 3, "opacity": 0.45}
        x, y = seen.image[use], seen.variance[use]
        keep = np.linspace(0, x.size - 1, min(x.size, 4000)).astype(int)
        traces.append(dots(x[keep], y[keep], name, COLORS[name]) | {"marker": marker})
    traces.append(line(mean, mean + 2 * read**2, "shot + read", plot.NEUTRAL))
    layout = _layout("mean [e a cycle]", "variance [e²]")
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"type": "log", "dtick": 1, "exponentformat": "power"}
    return {"data": traces, "layout": layout}


def frames(views: Views) -> Figure:
    """Sorted reference frames: flat, dark and read noise as cumulative shares of pixels."""
    panels = (("flat", "flat"), ("dark", "dark [e/s]"), ("read", "read noise [e]"))
    series = {
        key: {name: getattr(seen, key)[seen.good] for name, seen in views.items()}
        for key, _ in panels
    }
    return _cumulative(series, dict(panels))


def star_table(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The star table's columns as cumulative shares of planets."""
    series = {
        column: {name: table[column].to_numpy() for name, table in tables.items()}
        for column in STAR_COLUMNS
    }
    return _cumulative(series, {column: column for column in STAR_COLUMNS})


def _cumulative(series: Mapping[str, Mapping[str, Array]], titles: Mapping[str, str]) -> Figure:
    """Cumulative distributions in panels side by side, their outermost hundredths cut."""
    share = np.linspace(0.005, 0.995, 199)
    layout = _layout("", "share")
    traces, gap = [], 0.035
    width = (1 + gap) / len(series) - gap
    for number, (key, named) in enumerate(series.items()):
        suffix = "" if number == 0 else str(number + 1)
        left = number * (width + gap)
        for name, values in named.items():
            axes = {"xaxis": f"x{suffix}", "yaxis": "y", "legendgroup": name}
            once = {"showlegend": number == 0}
            traces.append(
                line(np.quantile(values, share), share, name, COLORS[name], **axes, **once)
            )
        layout[f"xaxis{suffix}"] = {
            "domain": [left, left + width],
            "title": {"text": titles[key]},
            "nticks": 4,
        }
    return {"data": traces, "layout": layout}


def linearity(views: Views) -> Figure:
    """The published correction of the middle pixel."""
    electrons = np.geomspace(1e3, 9e4, 80)
    traces = []
    for name, seen in views.items():
        corrected = sum(
            float(np.median(c)) * electrons**k for k, c in enumerate(seen.linearity[:, seen.good])
        )
        traces.append(line(electrons, 100 * (corrected / electrons - 1), name, COLORS[name]))
    return {"data": traces, "layout": _layout("measured [e]", "correction [%]")}


def spectra(depths: Mapping[str, NDArray[np.float64]], sticks: Sticks | None = None) -> Figure:
    """Some spectra, each less its AIRS mean, above what each gas alone would draw."""
    wavelength = bin_wavelengths()
    traces: list[Trace] = []
    for name, table in depths.items():
        for number, spectrum in enumerate(table[:_SPECTRA]):
            shape = _PPM * (spectrum - spectrum[1:].mean())
            pair = plot.per_bin(wavelength, shape, name, COLORS[name], 0)
            thin = {"width": 1.2, "color": COLORS[name]}
            pair[1] |= {"line": thin, "opacity": 0.8, "showlegend": number == 0}
            pair[0] |= {"opacity": 0.8}
            traces += pair
    drawn = with_strip(traces, [plot.Row("depth less its AIRS mean [ppm]", 3)], 560, sticks)
    return drawn | {"layout": drawn["layout"] | {"hovermode": "closest"}}


def scatter(depths: Mapping[str, NDArray[np.float64]]) -> Figure:
    """Step from FGS1 to AIRS against the AIRS scatter, planet by planet."""
    traces = [
        dots(
            _PPM * table[:, 1:].std(1),
            _PPM * (table[:, 0] - table[:, 1:].mean(1)),
            name,
            COLORS[name],
        )
        for name, table in depths.items()
    ]
    return {"data": traces, "layout": _layout("AIRS scatter [ppm]", "FGS1 − AIRS [ppm]")}
