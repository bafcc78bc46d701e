"""Reduced chi2 and coverage by what the planets are like."""

import numpy as np

from spectramind.diagnostics import group_rows
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.plain_verdicts import groups_words
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import scored_errors
from spectramind.evaluation.planet_groups import PlanetGroup, group_by_doubt, group_by_edges
from spectramind.plotting.document import lead

PERCENT, MILLION = 100.0, 1e6
# Half decades: decades alone would hold nearly all planets in one group.
DEPTH_EDGES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
FLUX_EDGES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
STAR_EDGES = (3900.0, 5300.0, 6000.0, 7300.0)  # M | K | G | F | A
IMPACT_EDGES = (0.2, 0.4, 0.6, 0.8)

_TRAITS = (
    " Depth: as predicted; flux: FGS1's electrons an exposure; star: its temperature in the table; "
    "impact: parameter that the fit found; fit: whether one of the planet's fits is trusted."
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a group (``GroupCoverage``), all planets first, and what could not be grouped by."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    judge = scored_errors(data, score)
    groupings, missing = _groupings(data)
    found = [judge.of(name, group) for name, groups in groupings.items() for group in groups]
    level = None if judge.half_width is None else data.coverage_level
    return group_rows.values_of(found, level) | {
        "missing": missing,
        "problem": data.problems.get("traits", ""),
    }


def _groupings(data: ReportData) -> tuple[dict[str, list[PlanetGroup]], list[str]]:
    """Groups of the scored planets by grouping, and groupings of which nothing is known."""
    rows = data.labelled
    depth = data.mu[rows].mean(axis=1).astype(np.float64) * PERCENT
    found = {
        "planets": [PlanetGroup("all", np.arange(len(rows)))],
        "depth [%]": group_by_edges(depth, DEPTH_EDGES, "g"),
    }
    names = ("flux [10⁶ e]", "star [K]", "impact", "fit")
    if data.traits is None:
        return found, list(names)
    flux, star, impact = (
        np.asarray(values, dtype=np.float64)[rows]
        for values in (data.traits.flux, data.traits.star_k, data.traits.impact)
    )
    more = (
        group_by_edges(flux / MILLION, FLUX_EDGES, ".3g"),
        group_by_edges(star, STAR_EDGES, ".0f"),
        group_by_edges(impact, IMPACT_EDGES, ".2g"),
        group_by_doubt([data.traits.doubt[row] for row in rows]),
    )
    known = (np.isfinite(flux).any(), np.isfinite(star).any(), np.isfinite(impact).any(), True)
    found |= {name: groups for name, groups, k in zip(names, more, known, strict=True) if k}
    return found, [name for name, k in zip(names, known, strict=True) if not k]


def draw(values: Values) -> PanelBody:
    """The figure, and the table of its numbers."""
    rows = values["groups"]
    note = group_rows.verdict(rows)
    if values["missing"]:
        reason = values["problem"] or "features is not there"
        note += f" Not known: {', '.join(values['missing'])} ({reason})."
    figures = group_rows.figures("group", values)
    html = lead(group_rows.HOW + _TRAITS) + group_rows.places(figures) + group_rows.table(rows)
    return PanelBody(
        html,
        note,
        figures,
        tables={"groups": group_rows.csv_rows(rows)},
        brief=group_rows.brief(rows),
        verdict=groups_words(rows, "kinds of planets"),
    )


PANEL = Panel(
    topic="coverage",
    anchor="groups",
    title="σ by kind of planet",
    needs="reduced χ² and coverage by kind of planet (no planet here has a known truth)",
    command="score",
    look_for="A reduced χ² of 1 and a coverage on the dashed line in every group is a σ that can "
    "be believed whatever the planet; a group outside its band is one that σ does not know.",
    collect=collect,
    draw=draw,
)
