"""Promised coverage against coverage found, at every level, FGS1 and AIRS apart."""

import numpy as np
from scipy import stats

from spectramind.contracts.predictive import SUBMITTED, Intervals
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import inside_normal, interval_chance
from spectramind.evaluation.group_coverage import CHANCE
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

LEVELS = tuple(round(0.05 * n, 2) for n in range(1, 20))
_PARTS = {"FGS1": slice(0, 1), "AIRS-CH0": slice(1, None)}
_STYLE = {"FGS1": (plot.GOOD, "diamond", "dot"), "AIRS-CH0": (plot.MODEL, "circle", "solid")}
_BRIEF = (0.5, 0.7, 0.8, 0.9, 0.95)
COLUMNS = (
    Column("what", "promise of"),
    Column("level", "promised", ".0%"),
    Column("FGS1", "FGS1 found", ".1%"),
    Column("AIRS-CH0", "AIRS found", ".1%"),
    Column("low", "by chance from", ".0%"),
    Column("high", "to", ".0%"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a level of a normal sigma, and one a level that conformal intervals promise."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    m = len(score.ids)
    rows = []
    for level in LEVELS:
        low, high = stats.binom.interval(CHANCE, m, level)
        found = inside_normal(score.z, level)
        row = {"what": "σ", "level": level, "low": float(low) / m, "high": float(high) / m}
        rows.append(row | {name: float(found[:, part].mean()) for name, part in _PARTS.items()})
    return {"planets": m, "levels": rows, "intervals": _intervals(data)}


def _intervals(data: ReportData) -> list[Values]:
    """Coverage of the submitted intervals, at every level that they have."""
    submitted = data.estimates.get(SUBMITTED)
    rows = data.labelled
    levels: tuple[Intervals, ...] = ()
    if submitted is not None and submitted.intervals is not None:
        levels = submitted.intervals.every_level
    if data.truth is None or not levels:
        return []
    error = np.abs(data.mu[rows] - data.truth[rows])
    found = []
    for one in sorted(levels, key=lambda one: one.level):
        half = one.half_width[rows]
        finite = np.asarray(np.isfinite(half).all(axis=0))
        inside = (error <= half).astype(np.float64)
        row: Values = {"what": "intervals", "level": float(one.level)}
        for name, part in _PARTS.items():
            there = inside[:, part][:, finite[part]]
            row[name] = plain([there.mean()])[0] if there.size else None
        known = data.corel is not None
        n = data.corel.n if data.corel is not None else 0
        band = interval_chance(n, 1 - one.level, len(rows)) if known else None
        row["low"], row["high"] = band or (None, None)
        found.append(row)
    return found


def draw(values: Values) -> PanelBody:
    """The curve beside its deviation from the promise, and the table."""
    rows = values["levels"] + values["intervals"]
    note = (
        f"{values['planets']} planets. Lines: what a normal σ promises; crosses: the conformal "
        f"intervals. Grey: where chance puts {CHANCE:.0%} of such lines, as if all bins of "
        "a planet erred together, the widest reading."
    )
    brief = [
        {
            "promise of": row["what"],
            "promised %": round(100 * row["level"]),
            "FGS1 %": _percent(row["FGS1"]),
            "AIRS %": _percent(row["AIRS-CH0"]),
            "chance": _chance(row),
        }
        for row in rows
        if row["what"] != "σ" or row["level"] in _BRIEF
    ]
    html = f'<div class="pair"><div>{place("reliability", False)}</div>'
    html += f"<div>{place('reliability-gap', False)}</div></div>"
    html += (
        f"<details><summary>Table of all {len(rows)} levels</summary>"
        f"{tables.table(COLUMNS, rows)}</details>"
    )
    drawn = {"reliability": curve(values), "reliability-gap": gap(values)}
    files = {"reliability": rows}
    return PanelBody(html, note, drawn, tables=files, brief=brief, verdict=verdict(values))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _chance(row: Values) -> str | None:
    if row["low"] is None or row["high"] is None:
        return None
    return f"{row['low']:.0%} to {row['high']:.0%}"


def verdict(values: Values) -> PlainWords:
    """At how many levels each detector lies outside the band, and to which side.

    To look at: outside at more than a quarter of the levels; bad: below at more than half.
    """
    words, worst = [], "good"
    for name in _PARTS:
        below = sum(row[name] < row["low"] for row in values["levels"])
        above = sum(row[name] > row["high"] for row in values["levels"])
        n = len(values["levels"])
        side = "too small" if below > above else "too wide"
        if below + above <= n / 4:
            words.append(f"{name}'s σ keeps its promise")
            continue
        words.append(f"{name}'s σ is {side} at {max(below, above)} of {n} levels")
        worst = "bad" if below > n / 2 or worst == "bad" else "look"
    text = "; ".join(words) + "."
    if worst == "good":
        return PlainWords("good", text)
    return PlainWords("bad" if worst == "bad" else "look", text)


def curve(values: Values) -> Figure:
    """Coverage found over coverage promised."""
    return _figure(values, 0.0, "found", [0, 1])


def gap(values: Values) -> Figure:
    """The same less what was promised."""
    shares = [
        row[name] - row["level"]
        for row in values["levels"] + values["intervals"]
        for name in _PARTS
        if row[name] is not None
    ]
    reach = 1.15 * max(0.1, *(abs(share) for share in shares), *_band_reach(values))
    return _figure(values, 1.0, "found − promised", [-reach, reach])


def _band_reach(values: Values) -> list[float]:
    rows = values["levels"]
    return [max(row["high"] - row["level"], row["level"] - row["low"]) for row in rows]


def _figure(values: Values, less: float, title: str, span: list[float]) -> Figure:
    """Shares less ``less`` times the level."""
    rows = values["levels"]
    x = [row["level"] for row in rows]
    ring_y = [row["high"] - less * row["level"] for row in rows]
    ring_y += [row["low"] - less * row["level"] for row in rows[::-1]]
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": plot.listed([*x, *x[::-1]], 3),
            "y": plot.listed(ring_y, 4),
            "fill": "toself",
            "fillcolor": plot.NEUTRAL_BAND,
            "line": {"width": 0},
            "name": "by chance",
            "hoverinfo": "skip",
        },
        plot.line([0, 1], [0, 1 - less], "honest", plot.TRUTH, hoverinfo="skip")
        | {"line": {"color": plot.TRUTH, "dash": "dash", "width": 1.4}},
    ]
    for name, (color, symbol, dash) in _STYLE.items():
        y = [row[name] - less * row["level"] for row in rows]
        own = plot.line(x, y, name, color, mode="lines+markers")
        own["line"] |= {"dash": dash}
        own["cliponaxis"] = False
        traces.append(own | {"marker": {"symbol": symbol, "size": 6, "color": color}})
    for name, (color, _, _) in _STYLE.items():
        there = [row for row in values["intervals"] if row[name] is not None]
        if there:
            y = [row[name] - less * row["level"] for row in there]
            cross = plot.dots([row["level"] for row in there], y, f"{name}, intervals", color)
            cross["marker"] = {"symbol": "x", "size": 11, "color": color}
            traces.append(cross)
    layout = plot.single_layout() | {
        "height": 400,
        "margin": {"l": 62, "r": 12, "t": 72, "b": 46},
        "xaxis": {"title": {"text": "promised coverage"}, "tickformat": ".0%", "range": [0, 1]},
        "yaxis": {"title": {"text": title}, "tickformat": ".0%", "range": plot.listed(span, 3)},
    }
    return {"data": traces, "layout": layout}


PANEL = Panel(
    topic="coverage",
    anchor="reliability-section",
    title="Promised and found",
    needs="the reliability curve (no planet here has a known truth)",
    command="score",
    look_for="Lines along the dashed one are a σ that keeps its promise at every level; above it σ "
    "is too wide, below it too small, and a line that bends is not of a normal shape.",
    collect=collect,
    draw=draw,
)
