"""Visits whose transit fit is doubted: why, and what that costs their planet."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.report_data import DoubtedVisit, ReportData
from spectramind.diagnostics.statistics import log_likelihood, rms
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

PPM = 1e6
COLUMNS = (
    Column("planet", "planet"),
    Column("visit", "visit"),
    Column("reason", "why its fit is doubted"),
    Column("instead", "what stands in its place"),
    Column("sigma_ppm", "rms σ [ppm]", ",.0f"),
    Column("wider", "σ, times the usual", ".1f"),
    Column("cost_nat", "log L a bin, beside the usual [nat]", "+.2f"),
)
_BRIEF = 8
# Shares of planets that are doubted beyond which one should look, and beyond which it is bad.
_MANY, _TOO_MANY = 0.1, 0.3

Array = NDArray[np.float64]
Level = Literal["good", "look", "bad"]


def collect(context: ReportContext) -> Values | Lack:
    """One row a doubted visit, the widest sigma first."""
    data = context.data
    if data.doubted is None or not data.planet_ids:
        return Lack(data.problems.get("mu" if not data.planet_ids else "light_curves", ""))
    visits = [one for one in data.doubted if one.planet_id in data.planet_ids]
    doubted = {one.planet_id for one in visits if one.alone}
    trusted = np.array([name not in doubted for name in data.planet_ids])
    sigma = rms(data.sigma, 1) * PPM
    likelihood = _likelihood(context)
    usual = [_median(values[trusted]) for values in (sigma, likelihood)]
    rows = [_row(one, data, sigma, likelihood, usual) for one in visits]
    return {
        "visits": sorted(rows, key=lambda row: -row["sigma_ppm"]),
        "doubted": len(doubted),
        "planets": len(data.planet_ids),
    }


def _median(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else np.nan


def _likelihood(context: ReportContext) -> Array:
    """Of each planet a bin [nat], NaN where no truth is known."""
    found = np.full(len(context.data.planet_ids), np.nan)
    if context.score is not None:
        found[context.data.labelled] = log_likelihood(context.score)
    return found


def _row(
    one: DoubtedVisit, data: ReportData, sigma: Array, likelihood: Array, usual: list[float]
) -> Values:
    at = data.planet_ids.index(one.planet_id)
    cost, wider = likelihood[at] - usual[1], sigma[at] / usual[0]
    return {
        "planet": one.planet_id,
        "visit": one.visit,
        "reason": one.reason,
        "alone": one.alone,
        "instead": "a depth with a wide σ, or none" if one.alone else "its other visit",
        "sigma_ppm": float(sigma[at]),
        "wider": plain([wider])[0],
        "cost_nat": plain([cost])[0],
    }


def draw(values: Values) -> PanelBody:
    """The table, and in words how many there are."""
    visits, doubted, planets = values["visits"], values["doubted"], values["planets"]
    if not visits:
        words = PlainWords(
            "good", f"No planet was doubted: all {planets} transit fits are trusted."
        )
        return PanelBody(f"<p>{words.text}</p>", verdict=words)
    share = doubted / planets
    level: Level = "bad" if share > _TOO_MANY else "look" if share > _MANY else "good"
    wider = [row["wider"] for row in visits if row["alone"] and row["wider"] is not None]
    costs = f"; their σ is {np.median(wider):.1f} times the usual" if doubted and wider else ""
    rescued = len({row["planet"] for row in visits}) - doubted
    saved = f"; {rescued} more have a doubted visit beside one that is trusted" if rescued else ""
    words = PlainWords(
        level, f"Of {doubted} of {planets} planets the transit fit is doubted{costs}{saved}."
    )
    note = (
        "A doubted fit says so, and its planet's σ is made as wide as what is not known; the "
        "usual is the median of the planets that are trusted."
    )
    brief = [
        {"planet": row["planet"], "why": row["reason"], "σ, times the usual": row["wider"]}
        for row in visits[:_BRIEF]
    ]
    return PanelBody(
        tables.table(COLUMNS, visits), note, tables={"doubted": visits}, brief=brief, verdict=words
    )


PANEL = Panel(
    topic="lightcurves",
    anchor="doubted",
    title="Doubted planets",
    needs="doubted planets",
    command="features",
    look_for="Each doubt should name something that is wrong with that planet's data; many alike "
    "are one fault of the data, or of the fit.",
    collect=collect,
    draw=draw,
)
