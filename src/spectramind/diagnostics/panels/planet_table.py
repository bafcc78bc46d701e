"""All planets in one table: each line leads to the planet's page."""

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.statistics import log_likelihood, rms
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

PPM = 1e6
COLUMNS = (
    Column("planet", "planet"),
    Column("depth", "mean depth [ppm]", ",.0f"),
    Column("sigma", "AIRS rms σ [ppm]", ",.0f"),
    Column("fgs1", "FGS1 error [ppm]", "+,.0f"),
    Column("airs", "AIRS rms error [ppm]", ",.0f"),
    Column("z", "rms z", ".2f"),
    Column("log_likelihood", "log L a bin [nat]", ".2f"),
    Column("star", "star [K]", ",.0f"),
    Column("impact", "impact b [R★]", ".2f"),
    Column("doubt", "doubt"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a planet, in the order of the prediction; depths in ppm."""
    data, traits, score = context.data, context.data.traits, context.score
    if not data.planet_ids:
        return Lack(data.problems.get("mu", ""))
    rows = [
        {
            "planet": planet_id,
            "depth": float(data.mu[i].mean() * PPM),
            "sigma": float(rms(data.sigma[i, 1:]) * PPM),
            **({} if traits is None else _traits(context, i)),
        }
        for i, planet_id in enumerate(data.planet_ids)
    ]
    if score is not None:
        likelihood, z, airs = log_likelihood(score), rms(score.z, 1), rms(score.error[:, 1:], 1)
        for k, i in enumerate(data.labelled.tolist()):
            rows[i] |= {
                "fgs1": float(score.error[k, 0] * PPM),
                "airs": float(airs[k] * PPM),
                "z": float(z[k]),
                "log_likelihood": float(likelihood[k]),
            }
    return {"planets": rows, "pages": len(context.rows)}


def _traits(context: ReportContext, row: int) -> dict[str, object]:
    traits = context.data.traits
    assert traits is not None
    star, impact = float(traits.star_k[row]), float(traits.impact[row])
    return {
        "star": star if np.isfinite(star) else None,
        "impact": impact if np.isfinite(impact) else None,
        "doubt": traits.doubt[row] or None,
    }


def draw(values: Values) -> PanelBody:
    """The table, sorted by a click on a column's head."""
    rows, pages = values["planets"], values["pages"]
    note = "A click on a column's head sorts by it."
    if pages < len(rows):
        note += f" {pages} of {len(rows)} have pages (diag.max_planets): the worst, and the others "
        note += "evenly over the ranks."
    return PanelBody(tables.table(COLUMNS, rows), note)


PANEL = Panel(
    topic="overview",
    anchor="planets",
    title="All planets",
    needs="planets",
    command="predict",
    look_for="Choose a planet to open its page: spectrum, light curves, what made its μ.",
    collect=collect,
    draw=draw,
)
