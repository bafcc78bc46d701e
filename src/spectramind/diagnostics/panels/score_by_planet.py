"""What each planet loses of the score, and the costliest ones."""

import math

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.planet_links import for_files, with_pages
from spectramind.diagnostics.score_losses import HATCH, losses
from spectramind.diagnostics.statistics import rms
from spectramind.instrument.grid import FGS1_BIN
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

# The costliest twentieth of the planets bears a twentieth of the loss where all are alike.
FEW, LOOK, BAD = 0.05, 0.15, 0.30
_BRIEF = 8
PPM = 1e6
COLUMNS = (
    Column("planet", "planet"),
    Column("score", "its score", ".3f"),
    Column("share", "of all that is lost", ".1%"),
    Column("fgs1", "lost in FGS1", ".3f"),
    Column("width", "to a wide σ", ".3f"),
    Column("error", "to errors", ".3f"),
    Column("sigma", "σ AIRS, rms [ppm]", ",.0f"),
    Column("z", "rms z", ".2f"),
    Column("doubt", "fit doubted"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a planet, the costliest first."""
    found, score, data = losses(context), context.score, context.data
    if isinstance(found, Lack) or score is None:
        return found if isinstance(found, Lack) else Lack()
    n, lost = len(found.total), found.by_planet
    parts = {
        "lost": lost,
        "fgs1": found.total[:, FGS1_BIN] * n,
        "width": found.width.sum(axis=1) * n,
        "error": found.error.sum(axis=1) * n,
        "sigma": rms(score.sigma[:, 1:], 1) * PPM,
        "z": rms(score.z, 1),
    }
    whole = float(lost.sum())
    doubts = None if data.traits is None else data.traits.doubt
    rows = [
        {
            "planet": score.ids[i],
            **{key: float(values[i]) for key, values in parts.items()},
            "score": 1 - float(lost[i]),
            "share": float(lost[i]) / whole if whole > 0 else None,
            "doubt": None if doubts is None else doubts[int(data.labelled[i])] or None,
        }
        for i in np.argsort(-lost, kind="stable")
    ]
    return {"planets": with_pages(context, rows), "shown": context.worst}


def draw(values: Values) -> PanelBody:
    """Every planet's loss as a bar, and the costliest ones' table."""
    rows = values["planets"]
    brief = [
        {
            "planet": row["planet"],
            "score": round(row["score"], 3),
            "wide σ": round(row["width"], 3),
            "errors": round(row["error"], 3),
            "rms z": round(row["z"], 2),
            "doubted": row["doubt"],
        }
        for row in rows[:_BRIEF]
    ]
    note = (
        f"{len(rows)} planets, the costliest first; the {values['shown']} costliest in the table. "
        "A planet's loss is one minus its own score."
    )
    html = place("gll-planets") + tables.table(COLUMNS, rows[: values["shown"]])
    figures = {"gll-planets": figure(rows)}
    files = {"score_planets": for_files(rows)}
    return PanelBody(html, note, figures, tables=files, brief=brief, verdict=verdict(rows))


def verdict(rows: list[Values]) -> PlainWords:
    """Whether a few planets bear much of the loss."""
    few = math.ceil(FEW * len(rows))
    if len(rows) < 2 * few or rows[0]["share"] is None:
        return PlainWords("good", f"{len(rows)} planets are too few to say which cost most.")
    share = sum(row["share"] for row in rows[:few])
    told = (
        f"The {few} costliest of {len(rows)} planets bear {share:.0%} of what is lost "
        f"({few / len(rows):.0%} if all were alike)"
    )
    excess = share - few / len(rows)
    if excess < LOOK:
        return PlainWords("good", f"{told}: no few planets spoil the score.")
    named = ", ".join(str(row["planet"]) for row in rows[:3])
    return PlainWords("look" if excess < BAD else "bad", f"{told}: look at {named} first.")


def figure(rows: list[Values]) -> Figure:
    """Stacked bars in the order of the loss; the hover names the planet."""
    place_of = list(range(1, len(rows) + 1))
    names = [tables.shown(row["planet"]) for row in rows]
    traces = []
    for key, name, color, pattern in (
        ("width", "because σ is wide", plot.MODEL, ""),
        ("error", "because depths are off", plot.TRUTH, "/"),
    ):
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": place_of,
                "y": plot.listed([row[key] for row in rows], 4),
                "text": names,
                "textposition": "none",
                "marker": {"color": color, "pattern": {"shape": pattern, **HATCH}},
                "hovertemplate": f"planet %{{text}}: %{{y:.3f}} {name}<extra></extra>",
            }
        )
    layout = plot.single_layout() | {
        "height": 300,
        "barmode": "relative",
        "bargap": 0.1,
        "margin": {"l": 60, "r": 16, "t": 40, "b": 46},
        "xaxis": {"title": {"text": "planets, the costliest first"}},
        "yaxis": {"title": {"text": "lost of its own score"}},
    }
    return {"data": traces, "layout": layout}


PANEL = Panel(
    topic="gll",
    anchor="gll-by-planet",
    title="What each planet costs",
    needs="what each planet costs (no planet here has a known truth)",
    command="score",
    look_for="A flat row of bars is a score that all planets make together; a few tall ones, and "
    "errors among them, are planets to open and look at.",
    collect=collect,
    draw=draw,
)
