"""The figures of the report.

The two planet figures carry no numbers: each of their traces names a series in ``meta``, which
``page.js`` fills from the embedded planets when one is chosen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from spectramind.diagnostics.data import Array, CorelTable
from spectramind.diagnostics.statistics import (
    Scored,
    coverage,
    interval_chance,
    rms,
    sigma_against_error,
    sigma_chance,
)
from spectramind.plotting import plot
from spectramind.plotting.plot import Figure, Row, Trace, dots, line, per_bin

PPM = 1e6
Z_LIMIT = 5.0
SIGMA_GROUPS = 12


def spectrum(with_truth: bool, with_interval: bool, level: float | None) -> Figure:
    """The chosen planet's spectrum with its bands, and below it the error (series from JS)."""
    promised = "" if level is None else f" {level:.0%}"
    traces = [_band("interval", f"conformal{promised}", plot.MODEL_LIGHT_BAND)] * with_interval
    traces += [_fgs1_interval("fgs1.interval", 0)] * with_interval
    traces += [_band("sigma", "±1σ", plot.MODEL_DARK_BAND)]
    traces += _planet_line("mu", "prediction μ", plot.MODEL, 0)
    if with_truth:
        traces += _planet_line("truth", "truth", plot.TRUTH, 0)
        traces += [_band("error.interval", "", plot.MODEL_LIGHT_BAND, "y2")] * with_interval
        traces += [_fgs1_interval("fgs1.error.interval", 1)] * with_interval
        traces += [_band("error.sigma", "", plot.MODEL_DARK_BAND, "y2")]
        traces += [
            t | {"showlegend": False} for t in _planet_line("error", "μ − truth", plot.MODEL, 1)
        ]
    rows = [Row("transit depth [ppm]", 2.6), Row("μ − truth [ppm]")][: 1 + with_truth]
    return {"data": traces, "layout": plot.spectral_layout(rows, 560 if with_truth else 420)}


def _band(meta: str, name: str, color: str, yaxis: str = "y") -> Trace:
    return {
        "type": "scatter",
        "meta": meta,
        "name": name,
        "showlegend": bool(name),
        "xaxis": "x2",
        "yaxis": yaxis,
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": color,
        "hoverinfo": "skip",
    }


def _fgs1_interval(meta: str, row: int) -> Trace:
    """FGS1's conformal interval: a broad pale bar behind the marker."""
    fgs1, _ = per_bin([], [], "", "rgba(0,0,0,0)", row)
    bar = {"type": "data", "thickness": 9, "width": 0, "color": plot.MODEL_LIGHT_BAND}
    return fgs1 | {"meta": meta, "error_y": bar, "hoverinfo": "skip"}


def _planet_line(meta: str, name: str, color: str, row: int) -> list[Trace]:
    """FGS1's marker (with a 1 sigma bar where it is a prediction) and AIRS's line."""
    fgs1, airs = per_bin([], [], name, color, row)
    if meta != "truth":
        fgs1["error_y"] = {"type": "data", "thickness": 1.6, "width": 4}
    return [fgs1 | {"meta": f"fgs1.{meta}"}, airs | {"meta": meta}]


def light_curves(with_model: bool) -> Figure:
    """White light curves of FGS1 (left) and AIRS (right), and their residuals (series from JS)."""
    rows = [Row("relative flux", 2.2), Row("residual [ppm]")][: 1 + with_model]
    axes = plot.stack(rows, 0.93, 0.06)
    traces: list[Trace] = []
    for column, detector in enumerate(("fgs1", "airs")):
        for row in range(len(rows)):
            number = row + 1 + column * 2
            axis = axes["yaxis" if row == 0 else "yaxis2"]
            axes[_axis("y", number)] = {**axis, "anchor": _ref("x", column + 1)}
            traces += _curve_traces(detector, row, _ref("x", column + 1), _ref("y", number))
        axes[_axis("x", column + 1)] = {
            "domain": [0, 0.465] if column == 0 else [0.535, 1],
            "anchor": _ref("y", len(rows) + column * 2),
            "title": {"text": "time [h]"},
        }
    titles = [
        {"text": text, "x": x, "y": 1, "xref": "paper", "yref": "paper", "showarrow": False}
        for text, x in (("<b>FGS1</b>", 0.23), ("<b>AIRS-CH0</b>", 0.77))
    ]
    margin = {"l": 78, "r": 16, "t": 12, "b": 46}
    layout = {"height": 430, "annotations": titles, "showlegend": False, "margin": margin}
    return {"data": traces, "layout": axes | layout}


def _curve_traces(detector: str, row: int, xaxis: str, yaxis: str) -> list[Trace]:
    axes = {"xaxis": xaxis, "yaxis": yaxis}
    marker = {"color": plot.MODEL, "size": 3.2, "opacity": 0.75}
    kind = detector if row == 0 else f"{detector}.residual"
    traces = [
        dots([], [], "data" if row == 0 else "residual", plot.MODEL, **axes) | {"marker": marker}
    ]
    traces[0]["meta"] = kind
    if row == 0:
        traces.append(line([], [], "model", plot.TRUTH, meta=f"{detector}.model", **axes))
    return traces


def _axis(letter: str, number: int) -> str:
    return f"{letter}axis{'' if number == 1 else number}"


def _ref(letter: str, number: int) -> str:
    return f"{letter}{'' if number == 1 else number}"


def residuals(
    wavelength: Array, score: Scored, level: float | None, corel: CorelTable | None
) -> Figure:
    """Per bin: rms error beside sigma, bias with its standard error, coverage with chance bands."""
    m = len(score.ids)
    rows = [Row("rms error [ppm]", log=True), Row("bias [ppm]"), Row("inside ±1σ")]
    traces = per_bin(wavelength, rms(score.error) * PPM, "rms error", plot.MODEL, 0)
    traces += per_bin(wavelength, rms(score.sigma) * PPM, "rms predicted σ", plot.TRUTH, 0)
    bias = score.error.mean(axis=0) * PPM
    traces += _bias(wavelength, bias, score.error.std(axis=0) * PPM / np.sqrt(m))
    traces += per_bin(
        wavelength, coverage(score.error, score.sigma), "coverage ±1σ", plot.NEUTRAL, 2
    )
    expected, low, high = sigma_chance(m)
    marks = [plot.horizontal(0, 1), plot.strip(low, high, 2, plot.NEUTRAL_BAND)]
    marks.append(plot.horizontal(expected, 2))
    if score.half_width is not None and level is not None:
        rows.append(Row(f"inside {level:.0%} interval"))
        inside = coverage(score.error, score.half_width)
        traces += per_bin(wavelength, inside, "coverage of the interval", plot.GOOD, 3)
        chance = None if corel is None else interval_chance(corel.n, corel.alpha, m)
        marks += [plot.strip(*chance, 3, plot.GOOD_BAND)] if chance else []
        marks.append(plot.horizontal(level, 3))
    layout = plot.spectral_layout(rows, 190 * len(rows) + 90)
    for row in range(2, len(rows)):
        layout[_axis("y", row + 1)]["tickformat"] = ".0%"
    return {"data": traces, "layout": layout | {"shapes": layout["shapes"] + marks}}


def _bias(wavelength: Array, bias: Array, error: Array) -> list[Trace]:
    """Bias with a band of two standard errors."""
    x = wavelength[1:]
    ring = np.concatenate([(bias + 2 * error)[1:], (bias - 2 * error)[:0:-1]])
    band = _band("", "±2 standard errors", plot.MODEL_LIGHT_BAND, "y2")
    band |= {"x": plot.listed(np.concatenate([x, x[::-1]]), 5), "y": plot.listed(ring, 3)}
    fgs1, airs = per_bin(wavelength, bias, "bias", plot.MODEL, 1)
    bar = {"type": "data", "array": plot.listed(2 * error[:1], 3), "thickness": 1.6, "width": 4}
    return [band, fgs1 | {"error_y": bar}, airs | {"showlegend": False}]


def z_histogram(score: Scored) -> Figure:
    """Density of error / sigma for FGS1 and AIRS beside the standard normal one."""
    traces = []
    for name, z, color, width in (
        ("AIRS-CH0", score.z[:, 1:], plot.MODEL, 0.25),
        ("FGS1", score.z[:, :1], plot.GOOD, 1.0),
    ):
        edges = np.arange(-Z_LIMIT, Z_LIMIT + width / 2, width)
        density = np.histogram(z, edges)[0] / z.size / width
        step = {"line": {"color": color, "shape": "hvh", "width": 1.7}}
        traces.append(line((edges[1:] + edges[:-1]) / 2, density, name, color) | step)
    traces[0] |= {"fill": "tozeroy", "fillcolor": plot.MODEL_LIGHT_BAND}
    fine = np.linspace(-Z_LIMIT, Z_LIMIT, 201)
    traces.append(line(fine, stats.norm.pdf(fine), "N(0, 1)", plot.TRUTH))
    axes = {"xaxis": {"title": {"text": "z = (μ − truth) / σ"}, "range": [-Z_LIMIT, Z_LIMIT]}}
    return {"data": traces, "layout": _half() | axes | {"yaxis": {"title": {"text": "density"}}}}


def sigma_calibration(score: Scored) -> Figure:
    """Predicted sigma against the error that came, on logarithmic axes; honest is the diagonal."""
    sigma, error = score.sigma * PPM, score.error * PPM
    planets = (rms(sigma[:, 1:], 1), rms(error[:, 1:], 1))
    groups = sigma_against_error(sigma[:, 1:], error[:, 1:], SIGMA_GROUPS).T
    fgs1 = sigma_against_error(sigma[:, :1], error[:, :1], min(5, len(score.ids))).T
    span = np.concatenate([np.ravel(planets), groups.ravel(), fgs1.ravel()])
    ends = np.array([span[span > 0].min() / 1.3, span.max() * 1.3]) if (span > 0).any() else [1, 2]
    pale = {"color": plot.NEUTRAL, "size": 5, "opacity": 0.55}
    hover = {
        "text": list(score.ids),
        "hovertemplate": "planet %{text}<br>σ %{x:.1f}, error %{y:.1f}",
    }
    traces = [
        line(ends, ends, "honest", plot.TRUTH, hoverinfo="skip"),
        dots(*planets, "a planet, AIRS", plot.NEUTRAL, **hover) | {"marker": pale},
        dots(groups[0], groups[1], "AIRS, by σ", plot.MODEL, mode="lines+markers"),
        dots(fgs1[0], fgs1[1], "FGS1, by σ", plot.GOOD, mode="lines+markers"),
    ]
    axes = {
        "xaxis": {"title": {"text": "predicted σ, rms [ppm]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {"title": {"text": "error, rms [ppm]"}, **plot.LOG, "dtick": "D2"},
    }
    return {"data": traces, "layout": _half() | axes}


def history(
    epochs: Sequence[Mapping[str, Any]], baseline: Mapping[str, float], chosen: int | None
) -> Figure:
    """Losses and scores by epoch, the physics estimate as a level, the chosen epoch marked."""
    keys = dict.fromkeys(key for row in epochs for key in row)
    panels = [[k for k in keys if k.endswith(suffix)] for suffix in ("_loss", "_score")]
    panels = [names for names in panels if names]
    x = [row["epoch"] for row in epochs]
    traces, shapes = [], []
    for number, names in enumerate(panels):
        axes = {"xaxis": _ref("x", number + 1), "yaxis": _ref("y", number + 1)}
        for name in names:
            color = plot.NEUTRAL if name.startswith("train") else plot.MODEL
            y = [np.nan if row.get(name) is None else row[name] for row in epochs]
            label = name.replace("_", " ")
            traces.append(line(x, y, label, color, mode="lines+markers", **axes))
            if name in baseline:
                level = line(
                    [min(x), max(x)], [baseline[name]] * 2, f"{label}, physics only", plot.TRUTH
                )
                flat = {"color": plot.TRUTH, "dash": "dash", "width": 1.5}
                traces.append(level | axes | {"line": flat})
        if chosen is not None:
            shapes.append(_chosen_mark(chosen, axes["xaxis"], axes["yaxis"]))
    return {"data": traces, "layout": _epoch_layout(panels) | {"shapes": shapes}}


def _chosen_mark(epoch: int, xaxis: str, yaxis: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": xaxis,
        "yref": f"{yaxis} domain",
        "x0": epoch,
        "x1": epoch,
        "y0": 0,
        "y1": 1,
        "line": {"color": plot.GOOD, "width": 1.5, "dash": "dot"},
        "label": {
            "text": f"kept: epoch {epoch}",
            "textangle": 0,
            "textposition": "start",
            "xanchor": "left",
            "yanchor": "bottom",
            "padding": 6,
        },
    }


def _epoch_layout(panels: Sequence[Sequence[str]]) -> dict[str, Any]:
    layout = _half() | {"height": 350, "margin": {"l": 78, "r": 16, "t": 44, "b": 46}}
    for number, names in enumerate(panels):
        width = (1 - 0.08 * (len(panels) - 1)) / len(panels)
        left = number * (width + 0.08)
        layout[_axis("x", number + 1)] = {
            "domain": [left, left + width],
            "anchor": _ref("y", number + 1),
            "title": {"text": "epoch"},
        }
        title = names[0].rsplit("_", 1)[1]
        layout[_axis("y", number + 1)] = {
            "anchor": _ref("x", number + 1),
            "title": {"text": title},
        }
    return layout


def corel(wavelength: Array, step: CorelTable) -> Figure:
    """The conformal quantile q_i and the factor on sigma, per bin."""
    rows = [Row("q [σ]"), Row("factor on σ", 0.8)]
    traces = per_bin(wavelength, step.q, "q, half width in σ", plot.GOOD, 0)
    traces += per_bin(wavelength, step.factor, "factor on σ", plot.MODEL, 1)
    normal = float(stats.norm.isf(step.alpha / 2))
    layout = plot.spectral_layout(rows, 400)
    marks = [plot.horizontal(normal, 0), plot.horizontal(1.0, 1)]
    return {"data": traces, "layout": layout | {"shapes": layout["shapes"] + marks}}


def _half() -> dict[str, Any]:
    return {
        "height": 390,
        "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        "margin": {"l": 64, "r": 16, "t": 54, "b": 46},
    }
