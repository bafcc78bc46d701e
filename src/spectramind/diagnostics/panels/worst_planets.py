"""The planets the likelihood punishes most."""

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.statistics import Scored, coverage, log_likelihood, rms
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

PPM = 1e6
COLUMNS = (
    Column("planet", "planet"),
    Column("log_likelihood", "log L a bin [nat]", ".2f"),
    Column("fgs1", "FGS1 error [ppm]", "+,.0f"),
    Column("airs", "AIRS rms error [ppm]", ",.0f"),
    Column("sigma", "AIRS rms σ [ppm]", ",.0f"),
    Column("z", "rms z", ".2f"),
    Column("inside", "bins inside interval", ".0%"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a planet, the lowest likelihood first; depths in ppm."""
    score = context.score
    if score is None:
        problems = context.data.problems
        return Lack(problems.get("truth", "") or problems.get("mu", ""))
    likelihood, z = log_likelihood(score), rms(score.z, 1)
    airs, sigma = rms(score.error[:, 1:], 1) * PPM, rms(score.sigma[:, 1:], 1) * PPM
    rows = [
        {
            "planet": score.ids[i],
            "log_likelihood": float(likelihood[i]),
            "fgs1": float(score.error[i, 0] * PPM),
            "airs": float(airs[i]),
            "sigma": float(sigma[i]),
            "z": float(z[i]),
            "inside": _share_inside(score, int(i)),
        }
        for i in np.argsort(likelihood)[: context.worst]
    ]
    return {"planets": rows}


def _share_inside(score: Scored, row: int) -> float | None:
    if score.half_width is None:
        return None
    inside = coverage(score.error[row : row + 1], score.half_width[row : row + 1])
    return float(np.nanmean(inside)) if np.isfinite(inside).any() else None


def draw(values: Values) -> PanelBody:
    """Their table; a click on a name shows the planet above."""
    note = "Lowest Gaussian log-likelihood first, depths in ppm. Choose one to open its page."
    return PanelBody(tables.table(COLUMNS, values["planets"]), note)


PANEL = Panel(
    topic="overview",
    anchor="worst",
    title="Worst planets",
    needs="worst planets (no planet here has a known truth)",
    command="score",
    look_for="A large rms z is a σ that promised too much: what these planets have in common is "
    "what the estimator does not know.",
    collect=collect,
    draw=draw,
)
