"""Planets that were visited twice: do the two depths differ by what their errors say?"""

from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.report_data import NO_REPEATS, RepeatVisits
from spectramind.diagnostics.statistics import rms, rms_chance
from spectramind.evaluation.group_coverage import CHANCE
from spectramind.evaluation.planet_groups import LEAST
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Row, per_bin

SUMMARY = (
    Column("part", "difference of"),
    Column("rms", "rms, in stated errors", ".2f"),
    Column("chance", "by chance"),
    Column("reading", "reading"),
)
PAIRS = (
    Column("planet_id", "planet"),
    Column("split", "from"),
    Column("fgs1_ppm", "FGS1 [ppm]", "+,.0f"),
    Column("fgs1_z", "in errors", "+.2f"),
    Column("level_ppm", "AIRS level [ppm]", "+,.0f"),
    Column("level_z", "in errors", "+.2f"),
    Column("shape_rms", "AIRS shape, rms in errors", ".2f"),
    Column("doubt", "doubted"),
)

TOO_SMALL = "stated error too small"
_TWICE = 2.0
_OTHER_DATA = "simulate sim.two_visit_fraction=0.2 data.raw=ANOTHER_FOLDER"


def collect(context: ReportContext) -> Values | Lack:
    """A row a pair; rms of level and shape, and per bin (283,), over those that nobody doubts."""
    data = context.data
    if not data.repeats:
        reason = data.problems.get("repeats", "")
        return Lack(reason, _OTHER_DATA if reason == NO_REPEATS else "")
    trusted = [pair for pair in data.repeats if not pair.doubt]
    n = len(trusted)
    enough = n >= LEAST
    bins = np.array([pair.found.bins_z for pair in trusted])
    return {
        "wavelength_um": plain(data.wavelength_um),
        "pairs": [_row(pair) for pair in data.repeats],
        "trusted": n,
        "rms": _parts(trusted) if enough else None,
        "bins": plain(rms(bins)) if enough else None,
        "chance": list(rms_chance(n)) if enough else None,
        "problem": data.problems.get("repeats", ""),
    }


def _row(pair: RepeatVisits) -> Values:
    found = pair.found
    return {
        "planet_id": pair.planet_id,
        "visits": " ".join(pair.visits),
        "split": pair.split,
        "fgs1_ppm": found.fgs1_ppm,
        "fgs1_z": found.fgs1_z,
        "level_ppm": found.level_ppm,
        "level_z": found.level_z,
        "shape_rms": float(rms(found.shape_z)),
        "doubt": pair.doubt,
    }


def _parts(pairs: list[RepeatVisits]) -> dict[str, float]:
    return {
        "FGS1": float(rms(np.array([pair.found.fgs1_z for pair in pairs]))),
        "AIRS level": float(rms(np.array([pair.found.level_z for pair in pairs]))),
        "AIRS shape": float(rms(np.array([pair.found.shape_z for pair in pairs]), None)),
    }


def draw(values: Values) -> PanelBody:
    """What the pairs say together, the rms per bin, and the pairs."""
    n, pairs = values["trusted"], values["pairs"]
    note = (
        f"{len(pairs)} pairs of visits, {len(pairs) - n} of them with a doubted fit, which do not "
        "count. Depths and errors are those of the transit fit, before prior and calibration; no "
        "truth is needed. Errors that both visits share cancel: somewhat less than 1 is no fault."
    )
    if values["problem"]:
        note += f" {values['problem']}."
    files = {"repeats": pairs}
    listed = (
        f"<details><summary>Table of all {len(pairs)} pairs</summary>"
        f"{tables.table(PAIRS, pairs)}</details>"
    )
    if values["rms"] is None:
        note += f" {n} pairs are too few to judge: {LEAST} are needed."
        return PanelBody(listed, note, tables=files)
    low, high = values["chance"]
    chance = f"{low:.2f} to {high:.2f}"
    rows = [
        {"part": name, "rms": found, "chance": chance, "reading": _reading(found, low, high)}
        for name, found in values["rms"].items()
    ]
    out = sum(1 for value in values["bins"] if not low <= value <= high)
    note += (
        f" Grey: where chance puts {CHANCE:.0%} of the bins; {out} of {len(values['bins'])} lie "
        "outside."
    )
    html = tables.table(SUMMARY, rows) + place("repeat-bins") + listed
    brief = [
        {
            "part": row["part"],
            "rms": round(row["rms"], 2),
            "by chance": chance,
            "reading": row["reading"],
        }
        for row in rows
    ]
    drawn = {"repeat-bins": figure(values)}
    return PanelBody(html, note, drawn, tables=files, brief=brief, verdict=verdict(rows, n))


def verdict(rows: list[dict[str, Any]], pairs: int) -> PlainWords:
    """Whether two visits agree within their stated errors; bad: twice as far apart, or more."""
    worst = max(rows, key=lambda row: row["rms"])
    words = f"Two visits of {pairs} planets differ by at most {worst['rms']:.2f} stated errors"
    if worst["reading"] != TOO_SMALL:
        return PlainWords("good", f"{words} ({worst['part']}): as they should.")
    told = f"{words} ({worst['part']}, 1 expected): the fit's errors are too small there."
    return PlainWords("bad" if worst["rms"] >= _TWICE else "look", told)


def _reading(found: float, low: float, high: float) -> str:
    if found > high:
        return TOO_SMALL
    return "stated error too large" if found < low else "as expected"


def figure(values: Values) -> Figure:
    """Rms per bin over the pairs beside the band of chance."""
    low, high = values["chance"]
    rows = [Row("rms, in stated errors")]
    layout = plot.spectral_layout(rows, 330)
    marks: list[dict[str, Any]] = [
        plot.strip(low, high, 0, plot.NEUTRAL_BAND),
        plot.horizontal(1.0, 0),
    ]
    layout["yaxis"]["rangemode"] = "tozero"
    layout["showlegend"] = False
    traces = per_bin(
        values["wavelength_um"], values["bins"], "rms of the difference", plot.MODEL, 0
    )
    return {"data": traces, "layout": layout | {"shapes": layout["shapes"] + marks}}


PANEL = Panel(
    topic="coverage",
    anchor="repeats",
    title="Two visits",
    needs="planets that were visited twice",
    command="features",
    look_for="Two visits of one planet must agree within their errors: an rms above the grey band "
    "is an error that was stated too small, whatever the truth is.",
    collect=collect,
    draw=draw,
)
