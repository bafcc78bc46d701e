"""A planet's white light curves with the fitted transit."""

from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.diagnostics.report_data import LightCurve
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Row, Trace, axis_key, axis_ref, dots, line, listed

PPM = 1e6


def collect(context: ReportContext) -> Values | Lack:
    """Whether there are curves and fits; the curves are the planets' pages'."""
    data = context.data
    if not data.planet_ids or not data.light_curves:
        problem = data.problems.get("light_curves" if data.planet_ids else "mu", "")
        return Lack(problem, "" if data.planet_ids or not problem else "predict")
    fitted = any(
        curve.model_fgs1 is not None or curve.model_airs is not None
        for curve in data.light_curves.values()
    )
    return {"fitted": fitted, "problem": data.problems.get("light_curves", "")}


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """Binned curves of one planet [to a ppm]; None without."""
    curve = context.data.light_curves.get(context.data.planet_ids[row])
    return None if curve is None else PlanetBody({"light-curves": _series(curve)})


def _series(curve: LightCurve) -> dict[str, Any]:
    pairs = {
        "fgs1": (curve.fgs1, curve.model_fgs1),
        "airs": (curve.airs_white, curve.model_airs),
    }
    time = listed(curve.time_h, 4)
    series = {}
    for name, (flux, model) in pairs.items():
        series[name] = {"x": time, "y": listed(flux, 6)}
        series[f"{name}.model"] = {"x": time, "y": [] if model is None else listed(model, 6)}
        residual = [] if model is None else listed((flux - model) * PPM, 0)
        series[f"{name}.residual"] = {"x": time, "y": residual}
    return series


def draw(values: Values) -> PanelBody:
    """FGS1 on the left, AIRS on the right."""
    problem = values["problem"]
    return PanelBody(
        place("light-curves"),
        "Binned white light, the fitted transit, what is left."
        + (f" Not here: {problem}." if problem else ""),
        {"light-curves": figure(values["fitted"])},
    )


def figure(with_model: bool) -> Figure:
    """White light curves of FGS1 (left) and AIRS (right), and their residuals."""
    rows = [Row("relative flux", 2.2), Row("residual [ppm]")][: 1 + with_model]
    axes = plot.stack(rows, 0.93, 0.06)
    traces: list[Trace] = []
    for column, detector in enumerate(("fgs1", "airs")):
        for row in range(len(rows)):
            number = row + 1 + column * 2
            axis = axes["yaxis" if row == 0 else "yaxis2"]
            axes[axis_key("y", number)] = {**axis, "anchor": axis_ref("x", column + 1)}
            traces += _traces(detector, row, axis_ref("x", column + 1), axis_ref("y", number))
        axes[axis_key("x", column + 1)] = {
            "domain": [0, 0.465] if column == 0 else [0.535, 1],
            "anchor": axis_ref("y", len(rows) + column * 2),
            "title": {"text": "time [h]"},
        }
    titles = [
        {"text": text, "x": x, "y": 1, "xref": "paper", "yref": "paper", "showarrow": False}
        for text, x in (("<b>FGS1</b>", 0.23), ("<b>AIRS-CH0</b>", 0.77))
    ]
    margin = {"l": 78, "r": 16, "t": 12, "b": 46}
    layout = {"height": 430, "annotations": titles, "showlegend": False, "margin": margin}
    return {"data": traces, "layout": axes | layout}


def _traces(detector: str, row: int, xaxis: str, yaxis: str) -> list[Trace]:
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


PANEL = Panel(
    topic="lightcurves",
    anchor="light-curves-section",
    title="Light curves",
    needs="light curves",
    command="features",
    look_for="The residuals should be flat noise: a step, a slope or a dip at the transit's edges "
    "is a drift or a geometry that the fit missed.",
    collect=collect,
    draw=draw,
    planet=planet,
)
