"""What moves mu beside what the symbolic rules would move, bin by bin."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.shap_titles import COMMAND, TOPIC, figure_of, region_title
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Row, per_bin

COLUMNS = (
    Column("where", "region"),
    Column("rule", "strongest rule"),
    Column("rule_share", "of all pushes", ".0%"),
    Column("attribution_ppm", "moved [ppm]", ".1f"),
    Column("attribution_error", "± [ppm]", ".1f"),
    Column("push", "push [10⁻⁹ / ppm]", ",.0f"),
    Column("push_error", "± [10⁻⁹ / ppm]", ",.0f"),
)
_UNITS = 1e9  # of a push, so that axes carry no powers


def collect(context: ReportContext) -> Values | Lack:
    """Mean sizes by bin, their rank correlation, and a row a region."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack):
        return found
    if found["overlay"] is None:
        return Lack(f"{found['no_overlay']}; then spectramind {COMMAND} again", "audit")
    return {"wavelength_um": plain(context.data.wavelength_um), **found["overlay"]}


def draw(values: Values) -> PanelBody:
    """Two curves over wavelength with the strongest rules written above, and the regions' table."""
    rows = [_row(row) for row in values["regions"]]
    html = place("shap-rules") + tables.table(COLUMNS, rows)
    brief = [
        {
            "region": row["where"],
            "strongest rule": row["rule"],
            "moved [ppm]": row["attribution_ppm"],
            "push [1e-9/ppm]": row["push"],
        }
        for row in rows
    ]
    return PanelBody(
        html,
        _note(values),
        {"shap-rules": figure(values)},
        tables={"shap_rules": values["regions"]},
        brief=brief,
    )


def _row(row: dict[str, Any]) -> dict[str, Any]:
    error = row["influence_error"]
    return row | {
        "where": region_title(row["region"]),
        "push": _UNITS * row["influence"],
        "push_error": None if error is None else _UNITS * error,
    }


def _note(values: Values) -> str:
    told = (
        f"Above: how far a planet's inputs, its level apart, moved μ. Below: |∂L/∂μ| of all rules "
        f"with their weights, from spectramind audit. Means over {values['planets']} planets."
    )
    if values["rank"] is None:
        return told + " No rule pushes anywhere in AIRS."
    low, high = values["rank_low"], values["rank_high"]
    ranks = f"{values['rank']:.2f} ({low:.2f} to {high:.2f} at 90 %)".replace("-", "−")
    return f"{told} Rank correlation over AIRS: {ranks}."


def figure(values: Values) -> Figure:
    """Attribution above, the rules' push below."""
    um = values["wavelength_um"]
    push = np.asarray(values["influence"], dtype=np.float64) * _UNITS
    traces = per_bin(um, values["attribution_ppm"], "moved by inputs", plot.MODEL, 0)
    traces += per_bin(um, push, "pushed by rules", plot.TRUTH, 1)
    rows = [Row("moved μ [ppm]"), Row("push [10⁻⁹ / ppm]")]
    layout = plot.spectral_layout(rows, 460)
    return figure_of(traces, layout | {"annotations": _rules(values)})


def _rules(values: Values) -> list[dict[str, Any]]:
    """The strongest rule of each region where it stands, once where neighbours share it."""
    middles = {"H2O": 2.55, "CO2": 2.74, "CH4": 3.35, "CO": 2.37, "NH3": 2.24, "continuum": 3.75}
    named = [row for row in values["regions"] if row["rule"] and row["region"] in middles]
    return [
        {
            "text": f"{region_title(row['region'])}: {row['rule'].replace('_', ' ')}",
            "x": middles[row["region"]],
            "xref": "x2",
            "y": 0.47,
            "yref": "paper",
            "textangle": -90,
            "yanchor": "top",
            "showarrow": False,
            "font": {"size": 10},
        }
        for row in named
    ]


PANEL = Panel(
    topic=TOPIC,
    anchor="shap-symbolic",
    title="Inputs beside symbolic rules",
    needs="what moves μ beside what the rules would",
    command=COMMAND,
    look_for="A region where the rules push hard and inputs move little is one where the spectrum "
    "comes from the prior alone and still looks wrong to a rule.",
    collect=collect,
    draw=draw,
)
