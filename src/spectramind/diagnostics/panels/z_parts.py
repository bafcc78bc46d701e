"""Errors in units of sigma for FGS1, AIRS's level and AIRS's shape, beside the normal law."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.diagnostics.statistics import Scored, rms, rms_chance
from spectramind.evaluation.group_coverage import CHANCE
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

LIMIT = 4.0
_COARSE, _FINE = 0.5, 0.25  # widths of the classes: one value a planet, one a bin
_COLOURS = {"FGS1": plot.GOOD, "AIRS level": plot.MODEL, "AIRS shape": "#8b5cf6"}
COLUMNS = (
    Column("part", "part"),
    Column("mean", "mean z", "+.2f"),
    Column("rms", "rms z", ".2f"),
    Column("chance", "rms by chance"),
    Column("beyond_2", "beyond ±2", ".1%"),
    Column("beyond_3", "beyond ±3", ".1%"),
    Column("reading", "reading"),
)
Array = NDArray[np.float64]


def collect(context: ReportContext) -> Values | Lack:
    """Classes of z and moments, part by part."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    parts = _parts(score)
    band = rms_chance(len(score.ids))
    return {
        "planets": len(score.ids),
        "chance": list(band),
        "classes": {name: _classes(z) for name, z in parts.items()},
        "rows": [_row(name, z, band) for name, z in parts.items()],
    }


def _parts(score: Scored) -> dict[str, Array]:
    """z of FGS1 (m,), of AIRS's mean (m,) and of its shape (m, 282).

    Sigma comes without covariance. The level's is the mean sigma, as if all bins erred together;
    the shape is what an error leaves when its mean is taken off, in units of the whole sigma: both
    are the widest reading, and honest values lie below 1.
    """
    airs, sigma = score.error[:, 1:], score.sigma[:, 1:]
    level = airs.mean(axis=1)
    return {
        "FGS1": np.asarray(score.z[:, 0], dtype=np.float64),
        "AIRS level": np.asarray(level / sigma.mean(axis=1), dtype=np.float64),
        "AIRS shape": np.asarray((airs - level[:, None]) / sigma, dtype=np.float64),
    }


def _classes(z: Array) -> Values:
    width = _COARSE if z.ndim == 1 else _FINE
    edges = np.arange(-LIMIT, LIMIT + width / 2, width)
    density = np.histogram(z, edges)[0] / z.size / width
    return {"z": plain((edges[1:] + edges[:-1]) / 2), "density": plain(density), "width": width}


def _row(name: str, z: Array, band: tuple[float, float]) -> Values:
    found, alone = float(rms(z, None)), name == "FGS1"
    return {
        "part": name,
        "mean": float(z.mean()),
        "rms": found,
        "chance": f"{band[0]:.2f} to {band[1]:.2f}" if alone else f"at most {band[1]:.2f}",
        "beyond_2": float((np.abs(z) > 2).mean()),
        "beyond_3": float((np.abs(z) > 3).mean()),
        "reading": _reading(found, band, alone),
    }


def _reading(found: float, band: tuple[float, float], alone: bool) -> str:
    """Level and shape cannot show a sigma too wide: nothing tells how bins err together."""
    if found > band[1]:
        return "σ too small"
    if not alone:
        return "not too small"
    return "σ too wide" if found < band[0] else "as expected"


def draw(values: Values) -> PanelBody:
    """A histogram a part, and their moments."""
    note = (
        f"{values['planets']} planets. Level: the mean over AIRS, in units of the mean σ; shape: "
        "what is left of a bin's error when the level is taken off, in units of that bin's σ. The "
        f"table's band holds {CHANCE:.0%} of rms values; level and shape may lie below it, "
        "for a table of σ does not tell how bins err together. Normal: 4.6 % beyond ±2."
    )
    drawn = {
        f"z-{name.lower().replace(' ', '-')}": figure(name, found)
        for name, found in values["classes"].items()
    }
    places = "".join(
        f"<div><h3>{name}</h3>{place(key, False)}</div>"
        for key, name in zip(drawn, values["classes"], strict=True)
    )
    brief = [
        {
            "part": row["part"],
            "mean z": round(row["mean"], 2),
            "rms z": round(row["rms"], 2),
            "by chance": row["chance"],
            "reading": row["reading"],
        }
        for row in values["rows"]
    ]
    html = f'<div class="trio">{places}</div>{tables.table(COLUMNS, values["rows"])}'
    return PanelBody(html, note, drawn, tables={"z_parts": values["rows"]}, brief=brief)


def figure(name: str, found: Values) -> Figure:
    """Density of z as bars, the standard normal one as a line."""
    bars = {
        "type": "bar",
        "x": found["z"],
        "y": plot.listed(found["density"], 4),
        "width": found["width"],
        "name": name,
        "marker": {"color": _COLOURS[name], "opacity": 0.6},
        "hovertemplate": "z about %{x}: density %{y:.2f}<extra></extra>",
    }
    fine = np.linspace(-LIMIT, LIMIT, 81)
    normal = plot.line(fine, stats.norm.pdf(fine), "N(0, 1)", plot.TRUTH, hoverinfo="skip")
    layout = plot.single_layout() | {
        "height": 280,
        "bargap": 0,
        "showlegend": False,
        "margin": {"l": 50, "r": 10, "t": 12, "b": 46},
        "xaxis": {"title": {"text": "z = (μ − truth) / σ"}, "range": [-LIMIT, LIMIT], "dtick": 2},
        "yaxis": {"title": {"text": "density"}},
    }
    return {"data": [bars, normal], "layout": layout}


PANEL = Panel(
    topic="coverage",
    anchor="z-parts",
    title="Errors in units of σ",
    needs="z by part (no planet here has a known truth)",
    command="score",
    look_for="Bars under the orange line N(0, 1) are an honest σ; narrower ones a σ too wide, "
    "wide or shifted ones a σ too small or a bias of that part.",
    collect=collect,
    draw=draw,
)
