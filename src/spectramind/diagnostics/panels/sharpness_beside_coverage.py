"""How much each estimator promises, beside how often it keeps that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.statistics import interval_chance, sigma_chance
from spectramind.evaluation.coverage import PPM, covered, sharpness
from spectramind.evaluation.group_coverage import CHANCE, WITHIN_1_SIGMA
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

COLUMNS = (
    Column("name", "estimator"),
    Column("sigma_airs_median", "σ AIRS, median [ppm]", ",.1f"),
    Column("sigma_airs_mean", "mean", ",.1f"),
    Column("sigma_fgs1_median", "σ FGS1, median [ppm]", ",.1f"),
    Column("sigma_fgs1_mean", "mean", ",.1f"),
    Column("inside_sigma", "inside ±1σ", ".1%"),
    Column("width_median", "half width, median [ppm]", ",.1f"),
    Column("width_mean", "mean", ",.1f"),
    Column("inside_interval", "inside interval", ".1%"),
)


def collect(context: ReportContext) -> Values | Lack:
    """A row an estimator: those predicted, then those that only ``score`` worked out."""
    data, score = context.data, context.score
    if score is None or data.truth is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    rows = data.labelled
    truth = np.asarray(data.truth[rows], dtype=np.float64)
    submitted_first = sorted(data.estimates, key=lambda name: (name != SUBMITTED, name))
    found = [_row(name, data.estimates[name], rows, truth) for name in submitted_first]
    found += [_told(row) for row in data.summaries or () if row.get("name") not in data.estimates]
    if not found:
        return Lack(data.problems.get("estimates", ""))
    corel = data.corel
    band = None if corel is None else interval_chance(corel.n, corel.alpha, len(rows))
    return {
        "estimators": found,
        "level": data.coverage_level,
        "planets": len(rows),
        "sigma_chance": list(sigma_chance(len(rows))[1:]),
        "interval_chance": None if band is None else list(band),
        "problem": data.problems.get("estimates", ""),
    }


def _row(
    name: str, found: Predictive, rows: NDArray[np.intp], truth: NDArray[np.float64]
) -> Values:
    mu, sigma = found.spectra.mu[rows], found.spectra.sigma[rows]
    row: Values = {"name": name, **_sigmas(vars(sharpness(sigma)))}
    row["inside_sigma"] = float(covered(truth, mu, sigma).mean())
    if found.intervals is not None:
        half = found.intervals.half_width[rows]
        widths = half.mean(axis=1) * PPM
        row["width_mean"], row["width_median"] = plain([widths.mean(), np.median(widths)])
        row["inside_interval"] = float(covered(truth, mu, half).mean())
    return row


def _sigmas(values: Mapping[str, Any]) -> Values:
    return {f"sigma_{key}": value for key, value in values.items()}


def _told(row: Mapping[str, Any]) -> Values:
    """What score.json says; less where an earlier version wrote it."""
    keys = {
        "inside_sigma": "coverage_1sigma",
        "inside_interval": "coverage_interval",
        "width_mean": "width_mean_ppm",
        "width_median": "width_median_ppm",
    } | {c.key: f"{c.key}_ppm" for c in COLUMNS if c.key.startswith("sigma_")}
    numbers = {key: row.get(source) for key, source in keys.items()}
    told = {key: plain([value])[0] for key, value in numbers.items() if value is not None}
    return {"name": row.get("name"), **told}


def draw(values: Values) -> PanelBody:
    """The figure and the table."""
    note = (
        f"{values['planets']} planets. Medians are over planets; a mean is lifted by the few of "
        f"which hardly anything was measured. Grey: where chance puts {CHANCE:.0%} of the "
        "coverages if all bins of a planet err together."
    )
    if values["problem"]:
        note += f" {values['problem']}."
    rows = values["estimators"]
    html = place("sharpness-figure") + tables.table(COLUMNS, rows, first="model")
    return PanelBody(html, note, {"sharpness-figure": figure(values)}, tables={"sharpness": rows})


def figure(values: Values) -> Figure:
    """Coverage over width, sigma on the left and intervals on the right."""
    sides = [
        ("sigma_airs_median", "inside_sigma", WITHIN_1_SIGMA, values["sigma_chance"]),
        ("width_median", "inside_interval", values["level"], values["interval_chance"]),
    ]
    titles = "median σ, AIRS [ppm]", "median half width [ppm]"
    traces, shapes = [], []
    layout = plot.single_layout() | {
        "height": 340,
        "margin": {"l": 56, "r": 16, "t": 16, "b": 48},
        "showlegend": False,
    }
    for number, ((x, y, level, band), title) in enumerate(zip(sides, titles, strict=True), 1):
        traces.append(_names(values["estimators"], x, y, number))
        left = 0.0 if number == 1 else 0.56
        layout[plot.axis_key("x", number)] = {
            "domain": [left, left + 0.44],
            "title": {"text": title},
            "anchor": plot.axis_ref("y", number),
            **plot.LOG,
            "nticks": 5,
        }
        layout[plot.axis_key("y", number)] = {
            "tickformat": ".0%",
            "title": {"text": "inside ±1σ" if number == 1 else "inside interval"},
            "anchor": plot.axis_ref("x", number),
        }
        domain = {"xref": f"{plot.axis_ref('x', number)} domain"}
        if band is not None:
            shapes.append(plot.strip(band[0], band[1], number - 1, plot.NEUTRAL_BAND) | domain)
        if level is not None:
            shapes.append(plot.horizontal(level, number - 1) | domain)
    return {"data": traces, "layout": layout | {"shapes": shapes}}


def _names(rows: list[Values], x: str, y: str, number: int) -> plot.Trace:
    there = [row for row in rows if row.get(x) is not None and row.get(y) is not None]
    names = [str(row["name"]) for row in there]
    colors = [plot.MODEL if row is rows[0] else plot.NEUTRAL for row in there]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": [row[x] for row in there],
        "y": [row[y] for row in there],
        "text": names,
        "textposition": "top center",
        "cliponaxis": False,
        "marker": {"size": 9, "color": colors},
        "xaxis": plot.axis_ref("x", number),
        "yaxis": plot.axis_ref("y", number),
        "hovertemplate": "%{text}: %{x:,.1f} ppm, %{y:.1%}<extra></extra>",
    }


PANEL = Panel(
    anchor="sharpness",
    title="Sharpness",
    needs="sharpness beside coverage (no planet here has a known truth)",
    command="score",
    look_for="The best estimator lies furthest left at a coverage inside the grey band: a small σ "
    "is worth nothing below it, and a σ above it gives precision away.",
    collect=collect,
    draw=draw,
)
