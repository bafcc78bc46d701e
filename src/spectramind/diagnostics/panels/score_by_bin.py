"""What each bin loses of the score: to a wide sigma, and to errors."""

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.score_losses import losses
from spectramind.evaluation.official import bin_weights
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Row, per_bin

_COSTLIEST = 6


def collect(context: ReportContext) -> Values | Lack:
    """Per bin (283,): losses as shares of what the bin weighs, and the weighted mean of z^2."""
    found = losses(context)
    if isinstance(found, Lack):
        return found
    return {
        "wavelength_um": plain(context.data.wavelength_um),
        "total": plain(found.by_bin),
        "width": plain(found.of_bin(found.width)),
        "error": plain(found.of_bin(found.error)),
        "honest": plain(found.of_bin(found.nat) / 2),
        "points": plain(found.total.sum(axis=0)),
    }


def draw(values: Values) -> PanelBody:
    """The curve, and its numbers as a file."""
    weights = bin_weights() / bin_weights().sum()
    keys = ("wavelength_um", "total", "width", "error", "points")
    rows = [
        {"bin": number, **dict(zip(keys, found, strict=True)), "weight": float(weight)}
        for number, (*found, weight) in enumerate(
            zip(*(values[key] for key in keys), weights, strict=True)
        )
    ]
    costly = np.argsort(values["total"])[::-1][:_COSTLIEST]
    brief = [
        {
            "bin": int(number),
            "µm": round(values["wavelength_um"][number], 3),
            "lost of bin": round(values["total"][number], 3),
            "wide σ": round(values["width"][number], 3),
            "errors": round(values["error"][number], 3),
            "lost of score": round(values["points"][number], 5),
        }
        for number in costly
    ]
    note = (
        "Each bin's loss is told as a share of what the bin weighs (0: ideal, 1: no better than "
        "one mean depth for all planets), so that FGS1 and AIRS can be compared. Dashed: what "
        "errors cost an honest σ of this width."
    )
    return PanelBody(
        place("gll-bins"),
        note,
        {"gll-bins": figure(values)},
        tables={"score_bins": rows},
        brief=brief,
    )


def figure(values: Values) -> Figure:
    """Total loss and its part by width above, the part by errors below."""
    um = values["wavelength_um"]
    rows = [Row("lost of a bin's weight"), Row("by errors", 0.7)]
    traces = per_bin(um, values["total"], "lost", plot.NEUTRAL, 0)
    traces += _dashed(per_bin(um, values["width"], "because σ is wide", plot.MODEL, 0), "dot")
    traces += per_bin(um, values["error"], "because depths are off", plot.TRUTH, 1)
    honest = per_bin(um, values["honest"], "an honest σ's errors", plot.NEUTRAL, 1)
    traces += _dashed(honest, "dash")
    layout = plot.spectral_layout(rows, 460)
    layout["yaxis"]["rangemode"] = layout["yaxis2"]["rangemode"] = "tozero"
    return {"data": traces, "layout": layout}


def _dashed(traces: list[plot.Trace], dash: str) -> list[plot.Trace]:
    """FGS1's marker open, AIRS's line dashed."""
    fgs1, airs = traces
    symbol = "diamond-open" if dash == "dash" else "circle-open"
    marker = fgs1["marker"] | {"symbol": symbol, "size": 10}
    return [fgs1 | {"marker": marker}, airs | {"line": airs["line"] | {"dash": dash}}]


PANEL = Panel(
    topic="gll",
    anchor="gll-by-bin",
    title="What each bin costs",
    needs="what each bin costs (no planet here has a known truth)",
    command="score",
    look_for="A hump of the upper curve names wavelengths where depths are known badly; errors "
    "above the dashed line name those where σ is too small, below it those where it is too wide.",
    collect=collect,
    draw=draw,
)
