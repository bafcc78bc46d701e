"""Groups of planets as tables and figures: what two panels of the report are made of."""

from collections.abc import Iterable, Sequence
from typing import Any

from spectramind.diagnostics.panel import Values
from spectramind.evaluation.group_coverage import (
    AS_EXPECTED,
    CHANCE,
    TOO_FEW,
    WITHIN_1_SIGMA,
    GroupCoverage,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import place
from spectramind.plotting.forest import Measure, forest
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

COLUMNS = (
    Column("grouping", "by"),
    Column("group", "group"),
    Column("planets", "planets", "d"),
    Column("reading", "reading"),
    Column("chi2", "χ²ᵣ", ".2f"),
    Column("chi2_chance", "by chance"),
    Column("chi2_median", "median χ²ᵣ", ".2f"),
    Column("inside_sigma", "inside ±1σ", ".1%"),
    Column("inside_sigma_chance", "by chance"),
    Column("inside_interval", "inside interval", ".1%"),
    Column("inside_interval_chance", "by chance"),
)
HOW = (
    f"Reduced χ² is the mean of ((truth − μ) / σ)². Grey: where chance puts {CHANCE:.0%} of such "
    "groups if σ is honest, as if all bins of a planet erred together, the widest reading. Red: "
    "outside it. Bars: two standard errors, from planet to planet. In brackets: planets. "
    "In the table, an honest median of reduced χ² is between 0.45 (bins err together) and 1."
)


def values_of(groups: Iterable[GroupCoverage], level: float | None) -> Values:
    """Plain data of groups."""
    return {"groups": [group.to_row() for group in groups], "level": level}


def figures(name: str, values: Values) -> dict[str, Figure]:
    """chi2 and both coverages, each grouping below its name; by place, all beginning with name."""
    measures = [
        Measure("chi2", "reduced χ²", 1.0, percent=False),
        Measure("inside_sigma", "inside ±1σ", WITHIN_1_SIGMA),
    ]
    level = values["level"]
    if level is not None:
        measures.append(Measure("inside_interval", f"inside {level:.0%} interval", level))
    rows = titled(values["groups"])
    return {f"{name}-{m.key.replace('_', '-')}": forest(rows, m) for m in measures}


def places(drawn: Iterable[str]) -> str:
    """Where the figures are drawn: side by side where there is room."""
    return (
        f'<div class="trio">{"".join(f"<div>{place(name, False)}</div>" for name in drawn)}</div>'
    )


def titled(rows: Sequence[Values]) -> list[Values]:
    """The rows with a title above each grouping."""
    out: list[Values] = []
    for row in rows:
        if not out or out[-1]["grouping"] != row["grouping"]:
            out.append({"grouping": row["grouping"], "group": None})
        out.append(row)
    return out


def table(rows: Sequence[Values]) -> str:
    """All numbers, folded away."""
    shown = [row | {f"{key}_chance": _chance(row, key) for key in _SPECS} for row in rows]
    return (
        f"<details><summary>Table of all {len(rows)} groups</summary>"
        f"{tables.table(COLUMNS, shown)}</details>"
    )


_SPECS = {"chi2": ".2f", "inside_sigma": ".0%", "inside_interval": ".0%"}


def _chance(row: Values, key: str) -> str | None:
    low, high = row[f"{key}_low"], row[f"{key}_high"]
    if low is None or high is None:
        return None
    return f"{tables.shown(low, _SPECS[key])} to {tables.shown(high, _SPECS[key])}"


def verdict(rows: Sequence[Values]) -> str:
    """The groups that are not as expected, in one sentence."""
    told = [row for row in rows if row["reading"] != TOO_FEW]
    named = [
        f"{row['grouping']} {row['group']}: {row['reading']}"
        for row in told
        if row["reading"] != AS_EXPECTED
    ]
    few = len(rows) - len(told)
    words = f"{len(named)} of {len(told)} groups outside a band"
    words += f" ({'; '.join(named)})." if named else "."
    return f"{words} {few} with too few planets to say." if few else words


def brief(rows: Sequence[Values]) -> list[dict[str, Any]]:
    """For a terminal: a row a group."""
    return [
        {
            "by": row["grouping"],
            "group": row["group"],
            "planets": row["planets"],
            "χ²ᵣ": _rounded(row["chi2"], 2),
            "inside ±1σ": _rounded(row["inside_sigma"], 3),
            "reading": row["reading"],
        }
        for row in rows
    ]


def _rounded(value: float | None, decimals: int) -> float | None:
    return None if value is None else round(value, decimals)


def csv_rows(rows: Sequence[Values]) -> list[dict[str, Any]]:
    """For the file beside the page."""
    return [dict(row) for row in rows]
