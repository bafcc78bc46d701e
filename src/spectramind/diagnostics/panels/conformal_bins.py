"""COREL's quantile and factor per bin."""

import math
from typing import Any

import numpy as np
from scipy import stats

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.planet_links import for_files, with_pages
from spectramind.evaluation.coverage import promise
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Row, per_bin

COLUMNS = (
    Column("bin", "bin"),
    Column("wavelength", "µm", ".4f"),
    Column("q", "q [σ]", ".3f"),
    Column("factor", "factor on σ", ".3f"),
)
PLANETS = (
    Column("planet", "planet"),
    Column("furthest", "furthest error, in half widths", ".2f"),
    Column("at_um", "at µm", ".3f"),
    Column("outside", "bins outside", ".0%"),
)
LEVELS = (
    Column("level", "intervals", ".0%"),
    Column("group", "planets"),
    Column("taught_by", "taught by"),
    Column("planets", "of them", "d"),
    Column("median", "q in the median bin [σ]", ".2f"),
    Column("largest", "largest q [σ]", ".2f"),
    Column("normal", "q of a normal σ", ".2f"),
)
WHAT = (
    "q is measured, not assumed: on planets with known truth it is how many σ an interval had to "
    "reach so that the truth lay inside as often as promised, bin by bin. An interval is μ ± q σ; "
    "the factor below it is what the submitted σ was multiplied by."
)
# Of the normal value: nearer than this q says that sigma was about right.
HONEST = (0.8, 1.25)
_WORST = 8
_DASHES = ("dash", "dot", "dashdot", "longdash")


def collect(context: ReportContext) -> Values | Lack:
    """Per bin (283,): q in units of sigma, None where it is infinite, and the factor on sigma; q of
    every further level and group; scored planets by how far they lie outside their intervals.
    """
    data, step = context.data, context.data.corel
    if step is None:
        return Lack(data.problems.get("corel", ""))
    return {
        "wavelength_um": plain(data.wavelength_um),
        "q": plain(step.q),
        "factor": plain(step.factor),
        "alpha": float(step.alpha),
        "kind": step.kind,
        "planets": int(step.n),
        "rows": [
            {
                "alpha": float(row.alpha),
                "group": row.group,
                "planets": int(row.n),
                "taught_by": row.taught_by,
                "q": plain(row.q),
            }
            for row in step.rows
        ],
        "outside": _outside(context),
    }


def _outside(context: ReportContext) -> list[dict[str, Any]]:
    """The planets that leave their intervals furthest, worst first; empty without truth."""
    score = context.score
    if score is None or score.half_width is None:
        return []
    reach = np.abs(score.error) / score.half_width  # NaN where there is no finite interval
    known = np.isfinite(reach)
    furthest = np.where(known, reach, -np.inf).max(axis=1)
    order = [i for i in np.argsort(-furthest) if known[i].any()][: context.worst]
    rows = [
        {
            "planet": score.ids[i],
            "furthest": float(furthest[i]),
            "at_um": float(context.data.wavelength_um[int(np.nanargmax(reach[i]))]),
            "outside": float((reach[i][known[i]] > 1).mean()),
        }
        for i in order
    ]
    return with_pages(context, rows)


def draw(values: Values) -> PanelBody:
    """What q is, the figure, and tables of the worst bins and planets."""
    alpha = values["alpha"]
    text = (
        f"α = {alpha:g}, {values['planets']} calibration planets: "
        f"{promise(values['kind'], alpha)}. Dashed: the value for normal z."
    )
    bins = _bin_rows(values)
    worst = sorted(bins, key=_need, reverse=True)[:_WORST]
    html = lead(WHAT) + place("corel-bins") + _level_table(values)
    html += '<div class="pair"><div><h3>Bins that need most</h3>'
    html += f"{tables.table(COLUMNS, worst)}</div>"
    if values["outside"]:
        html += "<div><h3>Planets furthest outside</h3>"
        html += f"{tables.table(PLANETS, values['outside'])}</div>"
    html += (
        f"</div><details><summary>Table of all {len(bins)} bins</summary>"
        f"{tables.table(COLUMNS, bins)}</details>"
    )
    brief = [
        {
            "bin": row["bin"],
            "µm": round(row["wavelength"], 3),
            "q [σ]": "infinite" if row["q"] is None else round(row["q"], 3),
            "factor on σ": None if row["factor"] is None else round(row["factor"], 3),
        }
        for row in worst
    ]
    files = {"q_bins": bins}
    if values["outside"]:
        files["q_planets"] = for_files(values["outside"])
    return PanelBody(
        html,
        text,
        {"corel-bins": figure(values)},
        tables=files,
        brief=brief,
        verdict=verdict(values),
    )


def _bin_rows(values: Values) -> list[dict[str, Any]]:
    columns = (values[key] for key in ("wavelength_um", "q", "factor"))
    return [
        {"bin": i, "wavelength": um, "q": q, "factor": factor}
        for i, (um, q, factor) in enumerate(zip(*columns, strict=True))
    ]


def _need(row: Values) -> float:
    """q, infinite where there is none."""
    return math.inf if row["q"] is None else float(row["q"])


def _level_table(values: Values) -> str:
    """A row a level and group, where there are several."""
    rows = values["rows"]
    if len(rows) < 2:
        return ""
    shown = [
        {
            "level": 1 - row["alpha"],
            "group": row["group"],
            "taught_by": row["taught_by"],
            "planets": row["planets"],
            "median": _median(row["q"]),
            "largest": max((q for q in row["q"] if q is not None), default=None),
            "normal": float(stats.norm.isf(row["alpha"] / 2)),
        }
        for row in rows
    ]
    return tables.table(LEVELS, shown)


def _median(quantiles: list[float | None]) -> float | None:
    known = [q for q in quantiles if q is not None]
    return float(np.median(known)) if known else None


def verdict(values: Values) -> PlainWords:
    """How far the intervals reach in the median bin, against a normal sigma of the right size."""
    alpha, middle = values["alpha"], _median(values["q"])
    if middle is None or any(q is None for q in values["q"]):
        told = f"{values['planets']} planets are too few to calibrate {1 - alpha:.0%} intervals"
        return PlainWords("bad", f"{told} in every bin.")
    normal = float(stats.norm.isf(alpha / 2))
    words = (
        f"On calibration planets {1 - alpha:.0%} intervals had to reach {middle:.2f} σ in the "
        f"median bin ({normal:.2f} if σ is honest and normal)"
    )
    ratio = middle / normal
    if ratio > HONEST[1]:
        return PlainWords("look", f"{words}: σ was too small there.")
    if ratio < HONEST[0]:
        return PlainWords("look", f"{words}: σ was too wide there.")
    return PlainWords("good", f"{words}: σ was about right.")


def figure(values: Values) -> Figure:
    """The conformal quantile q_i and the factor on sigma, per bin; further levels in pale."""
    um = values["wavelength_um"]
    rows = [Row("q [σ]"), Row("factor on σ", 0.8)]
    traces = per_bin(um, values["q"], "q, half width in σ", plot.GOOD, 0)
    traces += per_bin(um, values["factor"], "factor on σ", plot.MODEL, 1)
    further = [row for row in values["rows"] if row["q"] != values["q"]]
    for number, row in enumerate(further):
        name = f"q, {1 - row['alpha']:.0%}, {row['group']}"
        fgs1, airs = per_bin(um, row["q"], name, plot.NEUTRAL, 0)
        dash = _DASHES[number % len(_DASHES)]
        traces += [fgs1, airs | {"line": airs["line"] | {"dash": dash}}]
    normal = float(stats.norm.isf(values["alpha"] / 2))
    layout = plot.spectral_layout(rows, 400)
    marks = [plot.horizontal(normal, 0), plot.horizontal(1.0, 1)]
    return {"data": traces, "layout": layout | {"shapes": layout["shapes"] + marks}}


PANEL = Panel(
    topic="coverage",
    anchor="corel",
    title="COREL",
    needs="COREL quantiles q per bin",
    command="calibrate-corel",
    look_for="A factor near 1 is a σ that was honest before; a run of bins with a large one names "
    "the wavelengths where it was not.",
    collect=collect,
    draw=draw,
)
