"""New planets beside the labelled ones, trait by trait: what the drift alarm saw."""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace, axis_key, axis_ref

COLUMNS = (
    Column("said", "trait"),
    Column("p_told", "p"),
    Column("how", "labelled → new, median"),
    Column("reading", "reading"),
)
_SHOWN = 6  # traits whose distributions are drawn
_ACROSS = 2
_FEW = 8  # rows on a terminal
_ROW_PX, _GAP = 215, 0.085


def collect(context: ReportContext) -> Values | Lack:
    """What ``diagnose drift`` kept."""
    return context.kept("drift")


def draw(values: Values) -> PanelBody:
    """Distributions of the traits that differ most, and the table of all."""
    rows = _rows(values)
    compared = [row for row in rows if row["p"] is not None]
    shown = [row["name"] for row in compared if row["name"] != "doubted"][:_SHOWN]
    by_name = {trait["name"]: trait for trait in values["traits"]}
    note = (
        f"{values['n_new']} new planets (solid) beside the {values['n_seen']} labelled ones that "
        f"calibration saw (dashed); the {len(shown)} traits with the smallest p. A p is corrected "
        f"for the {len(compared)} traits compared (Holm); all traits at once: p "
        f"{_p(values['together'])}. It is predict's own alarm (`spectramind predict` says the "
        f"same): below {values['level']:g} no promise of σ or of intervals holds."
    )
    csv = [{key: row[key] for key in ("name", "said", "p", "how", "reading")} for row in rows]
    brief = [
        {"trait": row["said"], "p": _p(row["p"]), "median": row["how"], "reading": row["reading"]}
        for row in compared[:_FEW]
    ]
    html = place("drift-traits") + tables.table(COLUMNS, rows)
    return PanelBody(
        html,
        note,
        {"drift-traits": figure([by_name[name] for name in shown])},
        tables={"drift": csv},
        brief=brief,
        verdict=verdict(values),
    )


def _rows(values: Values) -> list[dict[str, Any]]:
    """One a trait, the smallest p first; what was not compared comes last."""
    rows = [
        {
            "name": trait["name"],
            "said": trait["said"],
            "p": trait["p"],
            "p_told": _p(trait["p"]),
            "how": trait["how"].replace(" -> ", " → "),
            "reading": _reading(trait, values["differing"]),
        }
        for trait in values["traits"]
    ]
    return sorted(rows, key=lambda row: (row["p"] is None, row["p"] or 0.0))


def _reading(trait: Values, differing: list[str]) -> str:
    if trait["p"] is None:
        return "not compared: too few planets tell it"
    return "differs" if trait["name"] in differing else "not told apart"


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return f"{p:.2g}" if p >= 1e-3 else "<\u00a00.001"


def verdict(values: Values) -> PlainWords:
    """The alarm in plain words."""
    new, seen = values["n_new"], values["n_seen"]
    if not values["alarm"]:
        return PlainWords(
            "good",
            f"The {new} new planets look like the {seen} labelled ones in every trait compared "
            f"(p {_p(values['p'])}): nothing speaks against σ's promise.",
        )
    said = {trait["name"]: trait["said"] for trait in values["traits"]}
    names = [said[name] for name in values["differing"]]
    what = f"they differ in {len(names)} traits, most in {names[0]}" if names else "all traits told"
    return PlainWords(
        "bad",
        f"These {new} planets are unlike the {seen} labelled ones ({what}; p {_p(values['p'])}): "
        "σ and intervals promise nothing for them.",
    )


def figure(traits: list[Values]) -> Figure:
    """Cumulative distributions of both sets, a small frame a trait."""
    down = max(-(-len(traits) // _ACROSS), 1)
    height = _ROW_PX * down + 60
    top = 1.0
    unit = (top - _GAP * 2.2 * (down - 1)) / down
    traces: list[Trace] = []
    layout: dict[str, Any] = {}
    for number, trait in enumerate(traits):
        row, column = divmod(number, _ACROSS)
        roof = top - row * (unit + _GAP * 2.2)
        left = column * (0.5 + _GAP / 2)
        layout[axis_key("x", number + 1)] = {
            "domain": [left, left + 0.5 - _GAP / 2],
            "anchor": axis_ref("y", number + 1),
            "title": {"text": _axis_title(trait), "font": {"size": 11}, "standoff": 4},
            "nticks": 4,
            "tickangle": 0,
            **(plot.LOG if trait["logarithm"] else {}),
        }
        layout[axis_key("y", number + 1)] = {
            "domain": [max(roof - unit, 0.0), roof],
            "anchor": axis_ref("x", number + 1),
            "range": [0, 1.02],
            "tickformat": ".0%",
            "nticks": 5,
            "showticklabels": column == 0,
            **({"title": {"text": "planets below"}} if column == 0 else {}),
        }
        traces += [_steps(trait, "seen", number), _steps(trait, "new", number)]
    legend = {"orientation": "h", "y": 1.0 + 14 / height, "yanchor": "bottom", "x": 0}
    margin = {"l": 64, "r": 12, "t": 44, "b": 54}
    return {
        "data": traces,
        "layout": {"height": height, "legend": legend, "margin": margin, **layout},
    }


def _axis_title(trait: Values) -> str:
    unit = f" [{trait['unit']}]" if trait["unit"] else ""
    text = str(trait["said"]) + unit
    at = text.rfind(" ", 0, 34) if len(text) > 34 else -1
    return text if at < 0 else f"{text[:at]}<br>{text[at + 1 :]}"


def _steps(trait: Values, which: str, number: int) -> Trace:
    """The share of planets that lie below, as steps."""
    known = np.sort(np.array([value for value in trait[which] if value is not None], dtype=float))
    shown = (np.exp(known) if trait["logarithm"] else known) * trait["scale"]
    share = np.arange(1, len(known) + 1) / max(len(known), 1)
    name, color = ("new", plot.MODEL) if which == "new" else ("labelled", plot.TRUTH)
    style = {"color": color, "width": 1.9, "shape": "hv"}
    if which == "seen":
        style["dash"] = "dash"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [float(f"{value:.4g}") for value in shown],
        "y": plot.listed(share, 4),
        "name": name,
        "legendgroup": name,
        "showlegend": number == 0,
        "line": style,
        "xaxis": axis_ref("x", number + 1),
        "yaxis": axis_ref("y", number + 1),
        "hovertemplate": f"%{{y:.0%}} below %{{x:.4g}}<extra>{name}</extra>",
    }


PANEL = Panel(
    topic="drift",
    anchor="drift-alarm",
    title="New planets beside the labelled ones",
    needs="how the new planets compare with the labelled ones",
    command="calibrate-temp",
    look_for="The two lines of a frame must lie on one another but for chance: where they part, "
    "σ was calibrated on planets of another kind.",
    collect=collect,
    draw=draw,
)
