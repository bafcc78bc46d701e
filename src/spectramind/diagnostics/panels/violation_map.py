"""Every symbolic rule on every planet: kept, unusual or broken, and how near to that."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values
from spectramind.diagnostics.rule_words import SEVERITY, amount
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure
from spectramind.symbolic.violation_log import Severity
from spectramind.symbolic.violation_table import entries

NAME = "rules-by-planet"
_MOST = 400  # planets in the map
_LEVELS = {Severity.OK: 0.0, Severity.WARN: 1.5, Severity.FAIL: 2.5}
_TOP = 3.0
_CODES = 255
# Okabe and Ito's orange and Tol's wine are apart to colour-blind eyes, and both from pale blue.
_SCALE = [
    [0, "#f3f6fb"],
    [0.33333, "#8db3ec"],
    [0.33333, "#e69f00"],
    [0.66667, "#e69f00"],
    [0.66667, "#882255"],
    [1, "#882255"],
]
Array = NDArray[np.float64]


def collect(context: ReportContext) -> Values | Lack:
    """Statuses, amounts and places among the planets, planets x entries, the worst planet first."""
    found = context.data.rules
    if found is None:
        return Lack(context.data.problems.get("rules", ""))
    planets = found.log.planets
    facts = [entries(planet) for planet in planets]
    names = list(facts[0]) if facts else []
    levels = np.array([[_LEVELS[_status(one[name])] for name in names] for one in facts])
    places = np.column_stack([_places([one[name] for one in facts]) for name in names])
    order = _worst_first(levels, places)
    return {
        "entries": names,
        "planets": [planets[row].planet_id for row in order],
        "status": [[str(_status(facts[row][name])) for name in names] for row in order],
        "amount": [[amount(facts[row][name]) for name in names] for row in order],
        "place": places[order].round(3).tolist(),
    }


def _status(facts: Mapping[str, Any]) -> Severity:
    return Severity(facts["status"])


def _places(facts: Sequence[Mapping[str, Any]]) -> Array:
    """Share of the planets with a smaller penalty, 0 where the entry has none, (n,)."""
    scores = np.array([float(one.get("score") or 0.0) for one in facts])
    if not scores.any():
        return np.zeros(len(scores))
    return np.asarray((rankdata(scores, method="min") - 1) / len(scores), dtype=np.float64)


def _worst_first(levels: Array, places: Array) -> list[int]:
    """By broken rules, then unusual ones, then penalties."""
    broken = (levels == _LEVELS[Severity.FAIL]).sum(axis=1)
    unusual = (levels == _LEVELS[Severity.WARN]).sum(axis=1)
    order: list[int] = np.lexsort((-places.mean(axis=1), -unusual, -broken)).tolist()
    return order


def draw(values: Values) -> PanelBody:
    """The map, and its statuses as a file."""
    shown, of = min(len(values["planets"]), _MOST), len(values["planets"])
    fewer = f" The {shown} worst of {of} planets." if shown < of else f" {of} planets."
    note = (
        "Wine: broken; orange: unusual; blue: kept, the deeper the larger the rule's penalty among "
        f"the planets.{fewer} Choose a cell to open its planet."
    )
    rows = [
        {"planet": planet, **dict(zip(values["entries"], status, strict=True))}
        for planet, status in zip(values["planets"], values["status"], strict=True)
    ]
    brief = [
        {
            "planet": row["planet"],
            **{
                SEVERITY[severity]: list(row.values()).count(str(severity))
                for severity in (Severity.FAIL, Severity.WARN)
            },
        }
        for row in rows[:8]
    ]
    return PanelBody(
        place(NAME), note, {NAME: figure(values)}, tables={"rule_map": rows}, brief=brief
    )


def figure(values: Values) -> Figure:
    """Planets x entries, coloured by status and penalty; a cell stands for its planet."""
    planets, names = values["planets"][:_MOST], values["entries"]
    status = values["status"][: len(planets)]
    levels = np.array([[_LEVELS[Severity(one)] for one in row] for row in status])
    places = np.array(values["place"][: len(planets)])
    kept = levels == _LEVELS[Severity.OK]
    codes = np.round(np.where(kept, 0.999 * places, levels) / _TOP * _CODES).astype(np.uint8)
    trace: dict[str, Any] = {
        "type": "heatmap",
        "meta": "planets",
        "x": [escape(name.replace("_", " ")) for name in names],
        "y": [escape(planet) for planet in planets],
        "z": {
            "dtype": "u1",
            "bdata": b64encode(np.ascontiguousarray(codes).tobytes()).decode(),
            "shape": f"{codes.shape[0]}, {codes.shape[1]}",
        },
        "zmin": 0,
        "zmax": _CODES,
        "colorscale": _SCALE,
        "showscale": False,
        "text": _texts(status, values["amount"]),
        "hovertemplate": "planet %{y}<br>%{x}: %{text}<extra></extra>",
    }
    layout = {
        "height": int(np.clip(150 + 6 * len(planets), 260, 720)),
        "margin": {"l": 40, "r": 16, "t": 14, "b": 92},
        "xaxis": {"type": "category", "showgrid": False, "tickangle": -35},
        "yaxis": {
            "title": {"text": "planets, worst on top"},
            "type": "category",
            "autorange": "reversed",
            "showticklabels": False,
            "ticks": "",
            "showgrid": False,
        },
    }
    return {"data": [trace], "layout": layout}


def _texts(status: Sequence[Sequence[str]], amounts: Sequence[Sequence[str]]) -> list[list[str]]:
    return [
        [
            f"{SEVERITY[Severity(one)]}{f', {told}' if told else ''}"
            for one, told in zip(row, row_amounts, strict=True)
        ]
        for row, row_amounts in zip(status, amounts[: len(status)], strict=True)
    ]


PANEL = Panel(
    topic="symbolic",
    anchor="violation-map",
    title="Rules, planet by planet",
    needs="symbolic rules planet by planet",
    command="audit",
    look_for="A column that is not blue is a rule set too strictly or an estimator that has not "
    "learnt it; a row that is not blue is a planet whose spectrum is odd in many ways.",
    collect=collect,
    draw=draw,
)
