"""Errors per bin beside sigma, coverage with the bands of chance, z-scores, sigma against error."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.plain_verdicts import sigma_words
from spectramind.diagnostics.statistics import (
    Scored,
    coverage,
    interval_chance,
    rms,
    sigma_against_error,
    sigma_chance,
)
from spectramind.evaluation.group_coverage import CHANCE
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.molecule_strip import strip_words, with_strip
from spectramind.plotting.plot import Figure, Row, Trace, axis_key, band, dots, line, per_bin

PPM = 1e6
Z_LIMIT = 5.0
SIGMA_GROUPS = 12
_AIRS_WIDTH, _FGS1_WIDTH = 0.25, 1.0  # of the classes of z


def collect(context: ReportContext) -> Values | Lack:
    """Per bin (283,) [ppm] and shares; classes of z; pairs of rms sigma and rms error [ppm]."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    m = len(score.ids)
    error, sigma = score.error * PPM, score.sigma * PPM
    with_interval = score.half_width is not None and data.coverage_level is not None
    chance = None if data.corel is None else interval_chance(data.corel.n, data.corel.alpha, m)
    return {
        "planets": list(score.ids),
        "wavelength_um": plain(data.wavelength_um),
        "sticks": context.sticks,
        "rms_error_ppm": plain(rms(error)),
        "rms_sigma_ppm": plain(rms(sigma)),
        "bias_ppm": plain(error.mean(axis=0)),
        "bias_error_ppm": plain(error.std(axis=0) / np.sqrt(m)),
        "inside_sigma": plain(coverage(score.error, score.sigma)),
        "inside_all": float((np.abs(score.z) <= 1).mean()),
        "sigma_chance": list(sigma_chance(m)),
        "level": data.coverage_level if with_interval else None,
        "inside_interval": None
        if score.half_width is None
        else plain(coverage(score.error, score.half_width)),
        "interval_chance": None if chance is None else list(chance),
        "z": {
            "AIRS-CH0": _classes(score.z[:, 1:], _AIRS_WIDTH),
            "FGS1": _classes(score.z[:, :1], _FGS1_WIDTH),
        },
        "z_beyond": float((np.abs(score.z) > Z_LIMIT).mean()),
        "sigma_error": _sigma_error(score),
    }


def _classes(z: NDArray[np.floating], width: float) -> dict[str, list[Any]]:
    """Middles of the classes up to the limit, and the density of all z in them."""
    edges = np.arange(-Z_LIMIT, Z_LIMIT + width / 2, width)
    density = np.histogram(z, edges)[0] / z.size / width
    return {"z": plain((edges[1:] + edges[:-1]) / 2), "density": plain(density)}


def _sigma_error(score: Scored) -> dict[str, list[Any]]:
    """Rms sigma and rms error [ppm], each a list: planet by planet, and grouped by sigma."""
    sigma, error = score.sigma * PPM, score.error * PPM
    few = min(5, len(score.ids))
    return {
        "planets": plain([rms(sigma[:, 1:], 1), rms(error[:, 1:], 1)]),
        "airs": plain(sigma_against_error(sigma[:, 1:], error[:, 1:], SIGMA_GROUPS).T),
        "fgs1": plain(sigma_against_error(sigma[:, :1], error[:, :1], few).T),
    }


def draw(values: Values) -> PanelBody:
    """Per bin above, z and sigma against error below."""
    law = "binomial"
    if values["inside_interval"] is not None:
        law = (
            "±1σ: binomial; interval: the Beta(k, n+1−k) law of one calibration set of n planets, "
            "counted on these planets"
        )
    bands = (
        f"{len(values['planets'])} planets. Grey and green: where {CHANCE:.0%} of the bins fall by "
        f"chance ({law}). Shaded vertically: molecule windows. "
        f"{strip_words(values['sticks'])}"
    )
    z_note = f"{values['z_beyond']:.2%} of the values lie beyond ±{Z_LIMIT:g} and are not drawn."
    pair = (
        f'<div class="pair"><div><h3>z-scores</h3>{lead(z_note)}{place("z-scores", False)}</div>'
        f"<div><h3>Predicted σ and actual error</h3>{lead('Above the diagonal: overconfident.')}"
        f"{place('sigma-error', False)}</div></div>"
    )
    drawn = {
        "residuals": residuals(values),
        "z-scores": z_histogram(values["z"]),
        "sigma-error": sigma_calibration(values["planets"], values["sigma_error"]),
    }
    return PanelBody(
        place("residuals") + pair,
        bands,
        drawn,
        tables={"errors": _bin_rows(values)},
        brief=_brief(values),
        verdict=sigma_words(values["inside_all"], values["sigma_chance"][1:]),
    )


def _bin_rows(values: Values) -> list[dict[str, Any]]:
    """For the file beside the page, a row a bin."""
    keys = ["wavelength_um", "rms_error_ppm", "rms_sigma_ppm", "bias_ppm", "bias_error_ppm"]
    keys.append("inside_sigma")
    columns = zip(*(values[key] for key in keys), strict=True)
    return [
        {"bin": number, **dict(zip(keys, found, strict=True))}
        for number, found in enumerate(columns)
    ]


def _brief(values: Values) -> list[dict[str, Any]]:
    """FGS1 and AIRS: errors beside sigma, bias, and coverage."""
    parts = {"FGS1": slice(0, 1), "AIRS-CH0": slice(1, None)}

    def mean(key: str, part: slice) -> float:
        return float(np.mean(values[key][part]))

    return [
        {
            "detector": name,
            "rms error [ppm]": round(mean("rms_error_ppm", part), 1),
            "rms σ [ppm]": round(mean("rms_sigma_ppm", part), 1),
            "bias [ppm]": round(mean("bias_ppm", part), 1),
            "inside ±1σ": round(mean("inside_sigma", part), 3),
        }
        for name, part in parts.items()
    ]


def residuals(values: Values) -> Figure:
    """Per bin: rms error beside sigma, bias with its standard error, coverage with chance bands."""
    um = values["wavelength_um"]
    rows = [Row("rms error [ppm]", log=True), Row("bias [ppm]"), Row("inside ±1σ")]
    traces = per_bin(um, values["rms_error_ppm"], "rms error", plot.MODEL, 0)
    traces += per_bin(um, values["rms_sigma_ppm"], "rms predicted σ", plot.TRUTH, 0)
    traces += _bias(values)
    traces += per_bin(um, values["inside_sigma"], "coverage ±1σ", plot.NEUTRAL, 2)
    expected, low, high = values["sigma_chance"]
    marks = [plot.horizontal(0, 1), plot.strip(low, high, 2, plot.NEUTRAL_BAND)]
    marks.append(plot.horizontal(expected, 2))
    level = values["level"]
    if level is not None:
        rows.append(Row(f"inside {level:.0%} interval"))
        traces += per_bin(um, values["inside_interval"], "coverage of the interval", plot.GOOD, 3)
        chance = values["interval_chance"]
        marks += [plot.strip(chance[0], chance[1], 3, plot.GOOD_BAND)] if chance else []
        marks.append(plot.horizontal(level, 3))
    drawn = with_strip(traces, rows, 190 * len(rows) + 210, values["sticks"], share=0.6)
    layout = drawn["layout"]
    for row in range(2, len(rows)):
        layout[axis_key("y", row + 1)]["tickformat"] = ".0%"
    return drawn | {"layout": layout | {"shapes": layout["shapes"] + marks}}


def _bias(values: Values) -> list[Trace]:
    """Bias with a band of two standard errors."""
    wavelength, bias = np.array(values["wavelength_um"]), np.array(values["bias_ppm"])
    x, error = wavelength[1:], np.array(values["bias_error_ppm"])
    ring = np.concatenate([(bias + 2 * error)[1:], (bias - 2 * error)[:0:-1]])
    around = band("", "±2 standard errors", plot.MODEL_LIGHT_BAND, "y2")
    around |= {"x": plot.listed(np.concatenate([x, x[::-1]]), 5), "y": plot.listed(ring, 3)}
    fgs1, airs = per_bin(wavelength, bias, "bias", plot.MODEL, 1)
    bar = {"type": "data", "array": plot.listed(2 * error[:1], 3), "thickness": 1.6, "width": 4}
    return [around, fgs1 | {"error_y": bar}, airs | {"showlegend": False}]


def z_histogram(classes: Values) -> Figure:
    """Density of error / sigma for FGS1 and AIRS beside the standard normal one."""
    traces = []
    for name, color in (("AIRS-CH0", plot.MODEL), ("FGS1", plot.GOOD)):
        found = classes[name]
        step = {"line": {"color": color, "shape": "hvh", "width": 1.7}}
        traces.append(line(found["z"], found["density"], name, color) | step)
    traces[0] |= {"fill": "tozeroy", "fillcolor": plot.MODEL_LIGHT_BAND}
    fine = np.linspace(-Z_LIMIT, Z_LIMIT, 201)
    traces.append(line(fine, stats.norm.pdf(fine), "N(0, 1)", plot.TRUTH))
    axes = {
        "xaxis": {"title": {"text": "z = (μ − truth) / σ"}, "range": [-Z_LIMIT, Z_LIMIT]},
        "yaxis": {"title": {"text": "density"}},
    }
    return {"data": traces, "layout": plot.single_layout() | axes}


def sigma_calibration(planets: list[str], pairs: Values) -> Figure:
    """Predicted sigma against the error that came, on logarithmic axes; honest is the diagonal."""
    span = np.concatenate([np.ravel(pairs[key]) for key in ("planets", "airs", "fgs1")])
    ends = np.array([span[span > 0].min() / 1.3, span.max() * 1.3]) if (span > 0).any() else [1, 2]
    pale = {"color": plot.NEUTRAL, "size": 5, "opacity": 0.55}
    hover = "planet %{text}<br>σ %{x:.1f}, error %{y:.1f}"
    single, airs, fgs1 = (pairs[key] for key in ("planets", "airs", "fgs1"))
    traces = [
        line(ends, ends, "honest", plot.TRUTH, hoverinfo="skip"),
        dots(single[0], single[1], "a planet, AIRS", plot.NEUTRAL)
        | {"marker": pale, "text": planets, "hovertemplate": hover},
        dots(airs[0], airs[1], "AIRS, by σ", plot.MODEL, mode="lines+markers"),
        dots(fgs1[0], fgs1[1], "FGS1, by σ", plot.GOOD, mode="lines+markers"),
    ]
    axes = {
        "xaxis": {"title": {"text": "predicted σ, rms [ppm]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {"title": {"text": "error, rms [ppm]"}, **plot.LOG, "dtick": "D2"},
    }
    return {"data": traces, "layout": plot.single_layout() | axes}


PANEL = Panel(
    topic="coverage",
    anchor="errors",
    title="Errors and coverage",
    needs="errors and coverage (no planet here has a known truth)",
    command="score",
    look_for="An honest σ lies on the rms error in every bin and keeps the coverage inside the "
    "bands; a bias beyond two standard errors over many bins is systematic.",
    collect=collect,
    draw=draw,
)
