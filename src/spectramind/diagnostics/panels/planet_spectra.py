"""A planet's spectrum with its bands, and its error where the truth is known.

The figure carries no numbers: each of its traces names a series in ``meta``.
"""

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
from spectramind.instrument.grid import bin_wavelengths
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.molecule_strip import Sticks, strip_words, with_strip
from spectramind.plotting.plot import Figure, Row, Trace, band, listed, per_bin

PPM = 1e6
FGS1_AT = round(float(bin_wavelengths()[0]), 5)


def collect(context: ReportContext) -> Values | Lack:
    """What is known of the planets in general; their spectra are their pages'."""
    data = context.data
    if not data.planet_ids:
        return Lack(data.problems.get("mu", ""))
    return {
        "pages": len(context.rows),
        "of": len(data.planet_ids),
        "truth": data.truth is not None,
        "interval": data.half_width is not None,
        "level": data.coverage_level,
        "problem": data.problems.get("half_width", ""),
        "sticks": context.sticks,
    }


def planet(context: ReportContext, row: int) -> PlanetBody:
    """Depth, sigma, truth and interval of one planet [ppm, to 0.1]."""
    data = context.data
    mu, sigma = _ppm(data.mu, row), _ppm(data.sigma, row)
    truth, half = _ppm(data.truth, row), _ppm(data.half_width, row)
    error = _less(mu, truth)
    zero = _less(error, error)
    series = {
        "interval": _ring(mu, half),
        "sigma": _ring(mu, sigma),
        "mu": _airs(mu),
        "truth": _airs(truth),
        "error": _airs(error),
        "error.interval": _ring(zero, half),
        "error.sigma": _ring(zero, sigma),
        "fgs1.mu": _fgs1(mu, sigma),
        "fgs1.interval": _fgs1(mu, half),
        "fgs1.error.interval": _fgs1(error, half),
        "fgs1.truth": _fgs1(truth),
        "fgs1.error": _fgs1(error, sigma),
    }
    return PlanetBody({"spectrum": series})


def _ppm(values: Any, row: int) -> list[float | None]:
    if values is None or not np.isfinite(values[row]).any():
        return []
    return listed(values[row] * PPM, 1)


def _less(first: list[float | None], second: list[float | None]) -> list[float | None]:
    """First less second, to 0.1 ppm; empty where one of both is."""
    pairs = zip(first, second, strict=bool(second))
    return [None if a is None or b is None else round(a - b, 1) for a, b in pairs]


def _airs(values: list[float | None]) -> dict[str, Any]:
    return {"x": "airs", "y": values[1:]}


def _ring(centre: list[float | None], half: list[float | None]) -> dict[str, Any]:
    """AIRS's band; nothing where one of both is not known."""
    known = bool(centre and half)
    return {"x": "airs", "y": centre[1:] if known else [], "half": half[1:] if known else [None]}


def _fgs1(values: list[float | None], bar: list[float | None] | None = None) -> dict[str, Any]:
    error = {} if bar is None else {"error_y": {"array": bar[:1]}}
    return {"x": [FGS1_AT], "y": values[:1], **error}


def draw(values: Values) -> PanelBody:
    """The figure, to be filled."""
    bands = "±1σ is dark, the conformal interval light; a bin without a finite one has none."
    if not values["interval"]:
        why = values["problem"] or "they come with spectramind calibrate-corel and predict"
        bands = f"±1σ is shaded; no conformal intervals: {why}."
    axis = "The wavelength axis is broken between FGS1 and AIRS-CH0."
    below = strip_words(values["sticks"])
    drawn = figure(values["truth"], values["interval"], values["level"], values["sticks"])
    return PanelBody(place("spectrum"), f"{bands} {axis} {below}", {"spectrum": drawn})


def figure(
    with_truth: bool, with_interval: bool, level: float | None, sticks: Sticks | None = None
) -> Figure:
    """The spectrum with its bands, below it the error, and what each gas alone would draw."""
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
    return with_strip(traces, rows, 640 if with_truth else 500, sticks)


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
    title="Spectrum",
    needs="spectra",
    command="predict",
    look_for="The truth should leave the ±1σ band in about a third of the bins, and follow the "
    "prediction through the molecule windows.",
    collect=collect,
    draw=draw,
    planet=planet,
)
