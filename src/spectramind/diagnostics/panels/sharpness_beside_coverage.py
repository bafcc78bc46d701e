"""How much each estimator promises, beside how often it keeps that."""

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class _Axes:
    """Keys of a row and titles."""

    x: str
    title_x: str
    y: str
    title_y: str


_SIGMA = _Axes("sigma_airs_median", "median σ, AIRS [ppm]", "inside_sigma", "inside ±1σ")
_INTERVAL = _Axes("width_median", "median half width [ppm]", "inside_interval", "inside interval")


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
    drawn = {
        "sharp-sigma": figure(rows, _SIGMA, WITHIN_1_SIGMA, values["sigma_chance"]),
        "sharp-interval": figure(rows, _INTERVAL, values["level"], values["interval_chance"]),
    }
    drawn = {name: found for name, found in drawn.items() if found["data"][0]["x"]}
    places = "".join(f"<div>{place(name, False)}</div>" for name in drawn)
    html = f'<div class="pair">{places}</div>{tables.table(COLUMNS, rows, first="model")}'
    return PanelBody(html, note, drawn, tables={"sharpness": rows}, brief=_brief(rows))


def _brief(rows: list[Values]) -> list[Values]:
    """For a terminal: how much each promises, and what of it holds."""
    keys = {
        "estimator": "name",
        "σ AIRS [ppm]": "sigma_airs_median",
        "σ FGS1 [ppm]": "sigma_fgs1_median",
        "inside ±1σ": "inside_sigma",
        "inside interval": "inside_interval",
    }
    return [{title: row.get(key) for title, key in keys.items()} for row in rows]


def figure(
    rows: list[Values], axes: _Axes, level: float | None, band: list[float] | None
) -> Figure:
    """Coverage over width, an estimator a dot; empty where none has both."""
    there = [row for row in rows if None not in (row.get(axes.x), row.get(axes.y))]
    x, y = [row[axes.x] for row in there], [row[axes.y] for row in there]
    dots = plot.dots(x, y, axes.title_y, plot.NEUTRAL)
    dots |= {
        "mode": "markers+text",
        "text": [str(row["name"]) for row in there],
        "textposition": [("top right", "bottom right")[n % 2] for n in range(len(there))],
        "cliponaxis": False,
        "hovertemplate": "%{text}: %{x:,.1f} ppm, %{y:.1%}<extra></extra>",
    }
    dots["marker"] = {
        "size": 9,
        "color": [plot.MODEL if row is rows[0] else plot.NEUTRAL for row in there],
    }
    span = [*y, *(band or ()), *([] if level is None else [level])]
    shapes = [] if band is None else [plot.strip(band[0], band[1], 0, plot.NEUTRAL_BAND)]
    if level is not None:
        shapes.append(plot.horizontal(level, 0))
    layout = plot.single_layout() | {
        "height": 330,
        "margin": {"l": 60, "r": 16, "t": 34, "b": 48},
        "showlegend": False,
        "shapes": shapes,
        "xaxis": {"title": {"text": axes.title_x}, **plot.LOG},
        "yaxis": {"title": {"text": axes.title_y}, "tickformat": ".0%"},
    }
    if x:
        ends = np.log10([min(x) / 1.6, max(x) * 2.2])
        layout["xaxis"]["dtick"] = "D1" if max(x) < 2 * min(x) else "D2"
        layout["xaxis"]["range"] = plot.listed(ends, 4)
        layout["yaxis"]["range"] = plot.listed([min(span) - 0.03, max(span) + 0.03], 4)
    return {"data": [dots], "layout": layout}


PANEL = Panel(
    topic="coverage",
    anchor="sharpness",
    title="Sharpness",
    needs="sharpness beside coverage (no planet here has a known truth)",
    command="score",
    look_for="The best estimator lies furthest left at a coverage inside the grey band: a small σ "
    "is worth nothing below it, and a σ above it gives precision away.",
    collect=collect,
    draw=draw,
)
