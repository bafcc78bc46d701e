"""The chosen planet's spectrum with its bands, and its error where the truth is known.

The figure carries no numbers: each of its traces names a series in ``meta``, which ``page.js``
fills from the embedded planets when one is chosen.
"""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.report_data import ReportData
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Row, Trace, band, listed, per_bin

PPM = 1e6
_CHOOSER = (
    '<div class="chooser"><button type="button" id="previous" aria-label="previous planet">‹'
    '</button><select id="planet" aria-label="planet"></select><button type="button" id="next"'
    ' aria-label="next planet">›</button><span id="planet-note"></span></div>'
)


def collect(context: ReportContext) -> Values | Lack:
    """Depths, sigma, truth and interval of the planets to choose from [ppm, to 0.1]."""
    data = context.data
    if not data.planet_ids:
        return Lack(data.problems.get("mu", ""))
    return {
        "wavelength_um": listed(data.wavelength_um, 5),
        "planets": [_planet(data, int(row)) for row in context.rows],
        "of": len(data.planet_ids),
        "truth": data.truth is not None,
        "interval": data.half_width is not None,
        "level": data.coverage_level,
        "problem": data.problems.get("half_width", ""),
    }


def _planet(data: ReportData, row: int) -> dict[str, Any]:
    return {
        "id": data.planet_ids[row],
        "note": _note(data, row),
        "mu": listed(data.mu[row] * PPM, 1),
        "sigma": listed(data.sigma[row] * PPM, 1),
        "truth": _ppm_or_none(data.truth, row),
        "half": _ppm_or_none(data.half_width, row),
    }


def _ppm_or_none(values: Any, row: int) -> list[float | None] | None:
    if values is None or not np.isfinite(values[row]).any():
        return None
    return listed(values[row] * PPM, 1)


def _note(data: ReportData, row: int) -> str:
    """Depth, and the error where the truth is known."""
    text = f"mean depth {data.mu[row].mean() * PPM:,.0f} ppm"
    if row in data.labelled and data.truth is not None:
        error = data.mu[row] - data.truth[row]
        z = np.sqrt(np.mean((error / data.sigma[row]) ** 2))
        text += f", rms error {np.sqrt(np.mean(error**2)) * PPM:,.0f} ppm, rms z {z:.2f}"
    return text


def draw(values: Values) -> PanelBody:
    """The selector and the figure."""
    bands = "±1σ is dark, the conformal interval light; a bin without a finite one has none."
    if not values["interval"]:
        why = values["problem"] or "they come with spectramind calibrate-corel and predict"
        bands = f"±1σ is shaded; no conformal intervals: {why}."
    shown, of = len(values["planets"]), values["of"]
    how = ": the worst, and the others evenly over the ranks" if shown < of else ""
    axis = "The wavelength axis is broken between FGS1 and AIRS-CH0."
    return PanelBody(
        _CHOOSER + place("spectrum"),
        f"{bands} {axis} {shown} of {of} planets to choose from{how}.",
        {"spectrum": figure(values["truth"], values["interval"], values["level"])},
        {"wavelength": values["wavelength_um"], "planets": values["planets"]},
    )


def figure(with_truth: bool, with_interval: bool, level: float | None) -> Figure:
    """The spectrum with its bands, and below it the error."""
    promised = "" if level is None else f" {level:.0%}"
    traces = [band("interval", f"conformal{promised}", plot.MODEL_LIGHT_BAND)] * with_interval
    traces += [_fgs1_interval("fgs1.interval", 0)] * with_interval
    traces += [band("sigma", "±1σ", plot.MODEL_DARK_BAND)]
    traces += _line("mu", "prediction μ", plot.MODEL, 0)
    if with_truth:
        traces += _line("truth", "truth", plot.TRUTH, 0)
        traces += [band("error.interval", "", plot.MODEL_LIGHT_BAND, "y2")] * with_interval
        traces += [_fgs1_interval("fgs1.error.interval", 1)] * with_interval
        traces += [band("error.sigma", "", plot.MODEL_DARK_BAND, "y2")]
        error = _line("error", "μ − truth", plot.MODEL, 1)
        traces += [trace | {"showlegend": False} for trace in error]
    rows = [Row("transit depth [ppm]", 2.6), Row("μ − truth [ppm]")][: 1 + with_truth]
    return {"data": traces, "layout": plot.spectral_layout(rows, 560 if with_truth else 420)}


def _fgs1_interval(meta: str, row: int) -> Trace:
    """FGS1's conformal interval: a broad pale bar behind the marker."""
    fgs1, _ = per_bin([], [], "", "rgba(0,0,0,0)", row)
    bar = {"type": "data", "thickness": 9, "width": 0, "color": plot.MODEL_LIGHT_BAND}
    return fgs1 | {"meta": meta, "error_y": bar, "hoverinfo": "skip"}


def _line(meta: str, name: str, color: str, row: int) -> list[Trace]:
    """FGS1's marker (with a 1 sigma bar where it is a prediction) and AIRS's line."""
    fgs1, airs = per_bin([], [], name, color, row)
    if meta != "truth":
        fgs1["error_y"] = {"type": "data", "thickness": 1.6, "width": 4}
    return [fgs1 | {"meta": f"fgs1.{meta}"}, airs | {"meta": meta}]


PANEL = Panel(
    topic="overview",
    anchor="spectra",
    title="Spectra",
    needs="spectra",
    command="predict",
    look_for="The truth should leave the ±1σ band in about a third of the bins, and follow the "
    "prediction through the molecule windows.",
    collect=collect,
    draw=draw,
)
