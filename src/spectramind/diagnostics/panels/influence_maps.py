"""Which symbolic rule pushes hardest, planet by planet and bin by bin."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.rule_words import rule_colour, rule_title
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Row, per_bin

WEAK = 0.01  # of the hardest push on the same planet: less is drawn as none
_COLUMN = 3  # AIRS bins a column of the map
_MOST = 120  # planets in the map
_TALLEST = 12
Array = NDArray[np.float64]


def collect(context: ReportContext) -> Values | Lack:
    """The dominant rule, planets x columns, and each rule's mean push per bin (283,)."""
    data = context.data
    if data.rules is None:
        return Lack(data.problems.get("rules", ""))
    influence = data.rules.influence
    pushing = {name: np.abs(values) for name, values in influence.items() if values.any()}
    ids = [planet.planet_id for planet in data.rules.log.planets]
    if not pushing:
        return Lack("no rule pushes any spectrum: the weights loss.lambda_* are 0")
    total = np.sum(list(pushing.values()), axis=0)
    order = np.argsort(-total.sum(axis=1), kind="stable")[:_MOST]
    return {
        "wavelength_um": plain(data.wavelength_um),
        "rules": list(pushing),
        "planets": [ids[row] for row in order],
        "of": len(ids),
        "fgs1": _dominant({name: values[order, :1] for name, values in pushing.items()}, 1),
        "airs": _dominant({name: values[order, 1:] for name, values in pushing.items()}, _COLUMN),
        "columns_um": plain(_columns(np.asarray(data.wavelength_um, dtype=np.float64)[1:])),
        "mean": {name: plain(values.mean(axis=0)) for name, values in pushing.items()},
    }


def _columns(wavelength: Array) -> Array:
    """Middles of the columns."""
    return wavelength.reshape(-1, _COLUMN).mean(axis=1)


def _dominant(pushing: Mapping[str, Array], width: int) -> list[list[int | None]]:
    """Number of the rule that pushes hardest in each column, None where hardly any does."""
    stacked = np.stack(list(pushing.values()))  # rules, planets, bins
    summed = stacked.reshape(*stacked.shape[:2], -1, width).sum(axis=3)
    best = summed.argmax(axis=0)
    strongest = summed.max(axis=0)
    hardest = stacked.sum(axis=0).max(axis=1, keepdims=True) * width
    weak = strongest <= WEAK * hardest
    found: list[list[int | None]] = best.astype(object).tolist()
    for row, hidden in zip(found, weak.tolist(), strict=True):
        for column, gone in enumerate(hidden):
            row[column] = None if gone else row[column]
    return found


def draw(values: Values) -> PanelBody:
    """The map above, each rule's mean push below."""
    rules = values["rules"]
    counts = [
        sum(cell == number for row in values["airs"] for cell in row)
        for number in range(len(rules))
    ]
    cells = max(sum(len(row) for row in values["airs"]), 1)
    rows: list[dict[str, Any]] = [
        {
            "rule": rule_title(name),
            "share of the map": round(count / cells, 3),
            "hardest at µm": round(float(values["wavelength_um"][_hardest(values, name)]), 3),
        }
        for name, count in zip(rules, counts, strict=True)
    ]
    shown, of = len(values["planets"]), values["of"]
    fewer = f" The {shown} of {of} planets that are pushed hardest." if shown < of else ""
    note = (
        "The rule with the largest |λ ∂L/∂μ|, the slope of its penalty times its weight; blank "
        f"where that is below {WEAK:.0%} of the planet's hardest push; hardest pushed planets on "
        f"top.{fewer}"
    )
    html = _legend(rules) + place("influence-map")
    return PanelBody(html, note, {"influence-map": figure(values)}, brief=rows)


def _hardest(values: Values, name: str) -> int:
    return int(np.argmax(values["mean"][name]))


def _legend(rules: list[str]) -> str:
    """A coloured mark and a name for each rule."""
    marks = "".join(
        f'<span style="white-space:nowrap"><span aria-hidden="true" style="color:{rule_colour(n)}">'
        f"■</span> {tables.shown(rule_title(n))}</span> "
        for n in rules
    )
    return f'<p class="lead">{marks}</p>'


def figure(values: Values) -> Figure:
    """Planets x wavelength coloured by the dominant rule; the mean push below."""
    rules, um = values["rules"], values["wavelength_um"]
    names = [tables.shown(name) for name in values["planets"]]
    count = len(names)
    tall = 190 + min(max(count, 4), _MOST) * _TALLEST // 3
    rows = [Row("planets", tall / 160), Row("mean push [1/depth]", log=True)]
    layout = plot.spectral_layout(rows, tall + 250)
    layout["showlegend"] = False
    layout["hovermode"] = "closest"
    layout["yaxis"] |= {
        "range": [count - 0.5, -0.5],
        "showticklabels": False,
        "showgrid": False,
        "ticks": "",
    }
    base = {
        "type": "heatmap",
        "y": list(range(count)),
        "colorscale": _scale(rules),
        "zmin": -0.5,
        "zmax": len(rules) - 0.5,
        "showscale": False,
        "hoverongaps": False,
        "yaxis": "y",
    }
    maps = [
        base
        | {"x": um[:1], "z": values["fgs1"], "xaxis": "x", **_hover(names, values["fgs1"], rules)},
        base
        | {
            "x": plot.listed(values["columns_um"], 4),
            "z": values["airs"],
            "xaxis": "x2",
            **_hover(names, values["airs"], rules),
        },
    ]
    lines = []
    for name in rules:
        push = np.array(values["mean"][name], dtype=np.float64)
        seen = np.where(push > 0, push, np.nan)
        lines += per_bin(um, seen, rule_title(name), rule_colour(name), 1)
    return {"data": [*maps, *lines], "layout": layout}


def _hover(names: list[str], cells: list[list[int | None]], rules: list[str]) -> dict[str, Any]:
    """Planet and wavelength; the rule is told by its colour and in words."""
    titles = [rule_title(name) for name in rules]
    text = [
        [name if cell is None else f"{name}: {titles[cell]}" for cell in row]
        for name, row in zip(names, cells, strict=True)
    ]
    return {"text": text, "hovertemplate": "planet %{text}, %{x:.2f} µm<extra></extra>"}


def _scale(rules: list[str]) -> list[list[Any]]:
    """One flat colour a rule."""
    n = len(rules)
    ends = [(number / n, (number + 1) / n) for number in range(n)]
    return [
        [round(end, 5), rule_colour(name)]
        for name, pair in zip(rules, ends, strict=True)
        for end in pair
    ]


PANEL = Panel(
    topic="symbolic",
    anchor="influence",
    title="Where rules push",
    needs="influence maps of the symbolic rules",
    command="audit",
    look_for="A vertical stripe of one colour is a wavelength where one rule works against all "
    "planets; a row that stands out is a planet at odds with the rules.",
    collect=collect,
    draw=draw,
)
