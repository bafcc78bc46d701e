"""Each planet's white light curves with the fitted transit and drift, on the planet's page."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.report_data import Array, Contacts, LightCurve
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Row, Trace, axis_ref, dots, line, listed

PPM = 1e6
DETECTORS = (("fgs1", "FGS1"), ("airs", "AIRS-CH0"))
_ROWS = (Row("relative flux", 2.4), Row("drift [ppm]"), Row("residual [ppm]"))
_MARGIN = 0.06  # of the flux's range, by which the shading is taller


def collect(context: ReportContext) -> Values | Lack:
    """One row a planet that has a light curve: drift, residuals, contacts."""
    data = context.data
    if not data.planet_ids or not data.light_curves:
        problem = data.problems.get("light_curves" if data.planet_ids else "mu", "")
        return Lack(problem, "" if data.planet_ids or not problem else "predict")
    curves = {
        name: data.light_curves[name] for name in data.planet_ids if name in data.light_curves
    }
    return {
        "planets": [_told(name, curve) for name, curve in curves.items()],
        "problem": data.problems.get("light_curves", ""),
    }


def _told(name: str, curve: LightCurve) -> Values:
    when = curve.contacts
    found: Values = {
        "planet": name,
        "middle_h": None if when is None else plain([when.middle])[0],
        "duration_h": None if when is None else plain([when.last - when.first])[0],
        "ingress_h": None if when is None else plain([when.second - when.first])[0],
    }
    for key, flux, model, drift in _parts(curve):
        left = None if model is None else (flux - model) * PPM
        found[f"{key}_drift_ppm"] = None if drift is None else _spread(drift)
        found[f"{key}_residual_ppm"] = None if left is None else plain([_rms(left)])[0]
    return found


def _parts(curve: LightCurve) -> list[tuple[str, Array, Array | None, Array | None]]:
    """By detector, flux without drift, transit model and drift, this one of level 1."""
    both = (
        (curve.fgs1, curve.model_fgs1, curve.drift_fgs1),
        (curve.airs_white, curve.model_airs, curve.drift_airs),
    )
    return [
        (key, flux, model, None if drift is None else drift / np.nanmean(drift))
        for (key, _), (flux, model, drift) in zip(DETECTORS, both, strict=True)
    ]


def _spread(drift: Array) -> float | None:
    """From the least to the most that a drift reaches [ppm]."""
    there = drift[np.isfinite(drift)]
    return float(np.ptp(there) * PPM) if there.size else None


def _rms(values: Array) -> float:
    there = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(there**2))) if there.size else float("nan")


def draw(values: Values) -> PanelBody:
    """FGS1 on the left, AIRS on the right; the numbers are the planet's."""
    planets, problem = values["planets"], values["problem"]
    brief = []
    for key, name in DETECTORS:
        drift, left = (
            [row[f"{key}_{what}_ppm"] for row in planets if row[f"{key}_{what}_ppm"] is not None]
            for what in ("drift", "residual")
        )
        brief.append(
            {
                "detector": name,
                "planets": len(planets),
                "median drift [ppm]": float(np.median(drift)) if drift else None,
                "largest drift [ppm]": max(drift, default=None),
                "median residual [ppm]": float(np.median(left)) if left else None,
            }
        )
    note = (
        "Hours from mid-transit; ingress and egress are shaded. The drift (with what follows the "
        "telescope's pointing) is drawn alone in the middle, beside the light without transit."
    )
    without = sum(row["fgs1_drift_ppm"] is None for row in planets)
    if without:
        note += (
            f" {without} of {len(planets)} light curves were fitted by a version that did not keep "
            "the drift: spectramind features makes them anew."
        )
    note += f" Not here: {problem}." if problem else ""
    places = "".join(
        f"<div><h4>{name}</h4>{place(f'light-curves-{key}', wide=False)}</div>"
        for key, name in DETECTORS
    )
    return PanelBody(
        f'<div class="pair">{places}</div>',
        note,
        {f"light-curves-{key}": figure() for key, _ in DETECTORS},
        tables={"light_curves": planets},
        brief=brief,
    )


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """The curves of a planet: relative flux, drift and residual [ppm], hours from mid-transit."""
    curve = context.data.light_curves.get(context.data.planet_ids[row])
    if curve is None:
        return None
    when = curve.contacts
    hours = listed(curve.time_h - (0.0 if when is None else when.middle), 3)
    return PlanetBody(
        {f"light-curves-{part[0]}": _series(hours, when, *part[1:]) for part in _parts(curve)}
    )


def _series(
    hours: list[float | None],
    when: Contacts | None,
    flux: Array,
    model: Array | None,
    drift: Array | None,
) -> dict[str, dict[str, Any]]:
    """One detector's, by the traces they fill."""
    light = flux if drift is None else flux * drift
    series: dict[str, tuple[Array, int]] = {"light": (light, 6)}
    if model is not None:
        series |= {"transit": (model, 6), "residual": ((flux - model) * PPM, 0)}
    if model is not None and drift is not None:
        series |= {
            "model": (model * drift, 6),
            "drift": ((drift - 1) * PPM, 0),
            "drifting": ((flux * drift / model - 1) * PPM, 0),
        }
    filled = {meta: {"x": hours, "y": listed(*one)} for meta, one in series.items()}
    return filled if when is None else {"contacts": _shading(when, light), **filled}


def _shading(when: Contacts, light: Array) -> dict[str, Any]:
    """Rings around ingress and egress, as tall as the flux."""
    there = light[np.isfinite(light)]
    if not there.size:
        return {"x": [None], "y": [None]}
    low, high = float(there.min()), float(there.max())
    more = _MARGIN * (high - low)
    x: list[float | None] = []
    y: list[float | None] = []
    for begin, end in ((when.first, when.second), (when.third, when.last)):
        if np.isfinite([begin, end]).all():
            left, right = listed(np.array([begin, end]) - when.middle, 3)
            x += [left, right, right, left, left, None]
            y += [*listed(np.array([low, low, high, high, low]) + more * _UPDOWN, 6), None]
    return {"x": x or [None], "y": y or [None]}


_UPDOWN = np.array([-1, -1, 1, 1, -1])


def figure() -> Figure:
    """The template of either detector: flux, drift and residuals; series fill it."""
    axes = plot.stack(list(_ROWS), 1.0, 0.05)
    bottom = axis_ref("y", len(_ROWS))
    axes["xaxis"] = {"anchor": bottom, "title": {"text": "hours from mid-transit"}}
    traces = [trace for row in range(len(_ROWS)) for trace in _traces(row)]
    layout = {
        "height": 560,
        "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        "margin": {"l": 70, "r": 12, "t": 60, "b": 46},
    }
    return {"data": traces, "layout": axes | layout}


def _traces(row: int) -> list[Trace]:
    extra = {"showlegend": row == 0, "xaxis": "x", "yaxis": plot.y_name(row)}
    marker = {"marker": {"color": plot.MODEL, "size": 3.2, "opacity": 0.75}}

    def light(meta: str, name: str) -> Trace:
        return dots([], [], name, plot.MODEL, meta=meta, **extra) | marker

    if row == 2:
        return [light("residual", "residual")]
    if row == 1:
        drift = line([], [], "drift", plot.TRUTH, meta="drift", **extra)
        return [light("drifting", "light / transit"), drift]
    shade = {
        "type": "scatter",
        "mode": "lines",
        "meta": "contacts",
        "name": "ingress, egress",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": plot.NEUTRAL_BAND,
        "hoverinfo": "skip",
        **extra,
    }
    transit = line([], [], "transit alone", plot.GOOD, meta="transit", **extra)
    transit["line"] = {**transit["line"], "dash": "dash"}
    model = line([], [], "transit × drift", plot.TRUTH, meta="model", **extra)
    return [shade, light("light", "light"), transit, model]


PANEL = Panel(
    topic="lightcurves",
    anchor="light-curves-section",
    title="Light curves",
    needs="light curves",
    command="features",
    look_for="The residuals should be flat noise: a step, a slope or a dip in the shaded ingress "
    "or egress is a drift or a geometry that the fit missed.",
    collect=collect,
    draw=draw,
    planet=planet,
)
