"""From the ideal score down to the one reached: what each detector loses, and by what."""

from collections.abc import Mapping, Sequence
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
from spectramind.diagnostics.region_names import region_name
from spectramind.diagnostics.score_losses import FORMULA, HATCH, losses
from spectramind.evaluation.official import FGS1_WEIGHT, bin_weights
from spectramind.evaluation.score_loss import ScoreLoss
from spectramind.evaluation.score_tables import ORACLE
from spectramind.evaluation.spectral_regions import spectral_regions
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

# One factor on every sigma that would have gained more is a sigma worth a look, or bad.
LOOK, BAD = 0.01, 0.05
COLUMNS = (
    Column("region", "where"),
    Column("bins", "bins", "d"),
    Column("weight", "weight", ".1%"),
    Column("lost", "score lost", ".4f"),
    Column("width", "to a wide σ", ".4f"),
    Column("error", "to errors", ".4f"),
    Column("own", "score there", ".3f"),
    Column("honest", "mean z²", ".2f"),
)


def collect(context: ReportContext) -> Values | Lack:
    """Losses by detector and region, in points of the official score."""
    found = losses(context)
    if isinstance(found, Lack):
        return found
    oracle = _oracle(context.data.summaries or (), found.score)
    regions = {region_name(name): bins for name, bins in spectral_regions().items()}
    return {
        "planets": len(found.total),
        "score": found.score,
        "detectors": [_row(found, name, bins) for name, bins in _detectors().items()],
        "regions": [_row(found, name, bins) for name, bins in regions.items()],
        "factor": plain([found.best_factor])[0],
        "gain": plain([found.gain_of_factor])[0],
        "oracle": oracle,
    }


def _oracle(rows: Sequence[Mapping[str, Any]], score: float) -> float | None:
    """The oracle's score where it is a ceiling: sigma of its own makes it stand lower at times."""
    found = [row.get("score") for row in rows if row.get("name") == ORACLE]
    return plain([found[0]])[0] if found and found[0] is not None and found[0] > score else None


def _detectors() -> dict[str, np.ndarray]:
    fgs1 = spectral_regions()["fgs1"]
    return {"AIRS-CH0": ~fgs1, "FGS1": fgs1}


def _row(found: ScoreLoss, region: str, bins: np.ndarray) -> Values:
    weights = bin_weights() / bin_weights().sum()
    weight, lost = float(weights[bins].sum()), float(found.total[:, bins].sum())
    error = float(found.error[:, bins].sum())
    return {
        "region": region,
        "bins": int(bins.sum()),
        "weight": weight,
        "lost": lost,
        "width": float(found.width[:, bins].sum()),
        "error": error,
        "own": 1 - lost / weight,
        "honest": 2 * error / float(found.nat[:, bins].sum()),
    }


def draw(values: Values) -> PanelBody:
    """The waterfall, and tables of detectors and regions."""
    rows = values["detectors"]
    note = (
        f"{values['planets']} planets. FGS1's one bin weighs as much as {FGS1_WEIGHT:.0f} of AIRS. "
        "Width: what is lost because σ is wider than the ideal one; errors: because the truth lies "
        "off μ."
    )
    regions = lead(
        "The same by region; molecules' windows overlap, so these rows do not add up. The last "
        "column is 1 for an honest σ, more where σ is too small, less "
        "where it is too wide."
    )
    html = lead(FORMULA) + place("gll-waterfall")
    html += regions + tables.table(COLUMNS, [*rows, *values["regions"][1:]])
    brief = [
        {
            "where": row["region"],
            "weight %": round(100 * row["weight"], 1),
            "lost": round(row["lost"], 4),
            "wide σ": round(row["width"], 4),
            "errors": round(row["error"], 4),
            "z² mean": round(row["honest"], 2),
        }
        for row in rows + values["regions"][1:]
    ]
    return PanelBody(
        html,
        note,
        {"gll-waterfall": figure(values)},
        tables={"score_regions": [*rows, *values["regions"][1:]]},
        brief=brief,
        verdict=verdict(values),
    )


def verdict(values: Values) -> PlainWords:
    """Where the score goes, and whether one factor on sigma would have brought some of it back."""
    rows = {row["region"]: row for row in values["detectors"]}
    lost = 1 - values["score"]
    width = sum(row["width"] for row in rows.values())
    errors = sum(row["error"] for row in rows.values())
    fgs1 = rows["FGS1"]
    words = (
        f"{lost:.3f} of the score is lost: {width:.3f} because σ is wide, {errors:.3f} because "
        f"depths are off; FGS1 alone costs {fgs1['lost']:.3f} with "
        f"{fgs1['weight']:.0%} of the weight"
    )
    gain, factor = values["gain"], values["factor"]
    if gain is None or factor is None or gain < LOOK:
        told = "" if gain is None else f"; no factor on every σ would gain as much as {LOOK:g}"
        return PlainWords("good", f"{words}{told}.")
    better = f"{words}; σ times {factor:.2f} would have scored {gain:.3f} more."
    return PlainWords("look" if gain < BAD else "bad", better)


def figure(values: Values) -> Figure:
    """Floating bars from 1 down to the score, each with its own number."""
    level, bars = 1.0, []
    for row in values["detectors"]:
        for key, words in (("width", "wide σ"), ("error", "errors")):
            bars.append((f"{row['region'][:4]}:<br>{words}", level, row[key], key))
            level -= row[key]
    data = [_bars(bars, "width", "to a wide σ", plot.MODEL, "")]
    data.append(_bars(bars, "error", "to errors", plot.TRUTH, "/"))
    ends = plot.dots([], [], "score", plot.GOOD)
    ends |= {
        "x": ["ideal", "reached"],
        "y": [1.0, round(level, 5)],
        "mode": "markers+text",
        "text": ["1", f"{level:.3f}"],
        "textposition": "top center",
        "cliponaxis": False,
        "marker": {"color": plot.GOOD, "size": 12, "symbol": "diamond"},
    }
    low = min(level, *(top - cost for _, top, cost, _ in bars))
    names = ["ideal", *(name for name, *_ in bars), "reached"]
    span = max(1 - low, 0.02)
    layout = plot.single_layout() | {
        "height": 380,
        "bargap": 0.35,
        "margin": {"l": 60, "r": 16, "t": 44, "b": 64},
        "xaxis": {
            "type": "category",
            "categoryarray": names,
            "categoryorder": "array",
            "tickangle": 0,
            "tickfont": {"size": 10},
        },
        "yaxis": {
            "title": {"text": "official score"},
            "range": plot.listed([low - 0.12 * span, 1 + 0.12 * span], 4),
        },
        "shapes": [],
    }
    if values["oracle"] is not None:
        mark = plot.horizontal(values["oracle"], 0)
        label = {"text": f"oracle {values['oracle']:.3f}: the most these data allow"}
        layout["shapes"] = [mark | {"label": label | {"textposition": "start"}}]
    return {"data": [data[0], data[1], ends], "layout": layout}


def _bars(
    bars: list[tuple[str, float, float, str]], key: str, name: str, color: str, pattern: str
) -> plot.Trace:
    mine = [bar for bar in bars if bar[3] == key]
    return {
        "type": "bar",
        "name": name,
        "x": [where for where, *_ in mine],
        "base": plot.listed([top for _, top, *_ in mine], 5),
        "y": plot.listed([-cost for _, _, cost, _ in mine], 5),
        "text": [f"−{cost:.3f}" if cost >= 0 else f"+{-cost:.3f}" for _, _, cost, _ in mine],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": color, "pattern": {"shape": pattern, **HATCH}},
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }


PANEL = Panel(
    topic="gll",
    anchor="gll-score",
    title="Where the score goes",
    needs="what the score is made of (no planet here has a known truth)",
    command="score",
    look_for="The tallest step is where there is most to gain: a step of width falls when the same "
    "data are used better, a step of errors larger than an honest σ has is a σ to mend.",
    collect=collect,
    draw=draw,
)
