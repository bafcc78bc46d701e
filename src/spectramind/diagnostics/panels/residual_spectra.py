"""Power spectra of what the fit leaves, with the telescope's own frequencies."""

from collections import Counter
from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, PlainWords, ReportContext, Values
from spectramind.diagnostics.stored_fft import DETECTORS, left_out
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace, line

COLUMNS = (
    Column("planet", "planet"),
    Column("class", "residuals are"),
    Column("fgs1_noise_ppm", "FGS1 noise a sample [ppm]", ",.0f"),
    Column("fgs1_peak_mhz", "FGS1 highest peak [mHz]", ".3g"),
    Column("fgs1_peak_alarm", "chance of it", ".2g"),
    Column("airs_noise_ppm", "AIRS noise a sample [ppm]", ",.0f"),
    Column("airs_peak_mhz", "AIRS highest peak [mHz]", ".3g"),
    Column("airs_peak_alarm", "chance of it", ".2g"),
)
_SHOWN = 12


def collect(context: ReportContext) -> Values | Lack:
    """Spectra of both detectors and of the pointing; a row a planet, those not white first."""
    found = context.kept("fft")
    if isinstance(found, Lack):
        return found
    rows = [
        {
            "planet": name,
            "class": one["class"],
            **{
                f"{key}_{what}": one[key][what]
                for key, _ in DETECTORS
                for what in ("noise_ppm", "peak_mhz", "peak_alarm")
            },
        }
        for name, one in found["planets"].items()
    ]
    rows.sort(key=lambda row: (row["class"] == "white", row["class"]))
    wanted = ("planets", "frequency_mhz", "mean", "low", "high", "white_ppm2_mhz", "peaks")
    return {
        "planets": rows,
        "light": {
            key: {name: found["light"][key][name] for name in wanted} for key, _ in DETECTORS
        },
        "jitter": found["jitter"],
        "skipped": found["skipped"],
        "false_alarm": found["false_alarm"],
    }


def draw(values: Values) -> PanelBody:
    """A spectrum a detector, the pointing's, and the planets' table."""
    light, rows = values["light"], values["planets"]
    level = ", ".join(f"{name} {light[key]['white_ppm2_mhz']:,.0f}" for key, name in DETECTORS)
    note = (
        "Relative to white noise of the same scatter (1; in the median planet it is, in ppm²/mHz, "
        f"{level}); one-sided, after transit, drift and pointing are taken out, which lowers the "
        f"slowest frequencies. Mean, and shaded where two thirds of {len(rows)} planets lie. "
        f"Dashed: frequencies at which the telescope itself moves.{left_out(values)}"
    )
    figures = {
        f"residual-power-{key}": figure(light[key], values["jitter"]) for key, _ in DETECTORS
    }
    parts = "".join(
        f"<div><h4>{name}</h4>{place(f'residual-power-{key}', wide=False)}</div>"
        for key, name in DETECTORS
    )
    table = (
        f"<details><summary>Table of all {len(rows)} planets</summary>"
        f"{tables.table(COLUMNS, rows)}</details>"
    )
    odd = [row for row in rows if row["class"] != "white"]
    kinds = Counter(row["class"] for row in rows)
    return PanelBody(
        f'<div class="pair">{parts}</div><h4>The pointing of FGS1</h4>'
        f"{place('pointing-power')}{table}",
        note,
        figures | {"pointing-power": pointing(values["jitter"])},
        tables={"residuals": rows},
        brief=[{"residuals are": kind, "planets": count} for kind, count in kinds.most_common(8)]
        if odd
        else [{"residuals are": "white", "planets": len(rows)}],
        verdict=words(values),
    )


def words(values: Values) -> PlainWords:
    """Whether any frequency stands out, in all planets or in one."""
    alarm, rows = values["false_alarm"], values["planets"]
    shared = [
        f"{name} at {peak['mhz']:.2g} mHz"
        for key, name in DETECTORS
        for peak in values["light"][key]["peaks"][:2]
    ]
    single = [row["planet"] for row in rows if row["class"].startswith("peak")]
    if shared:
        text = f"All planets' residuals share a peak, which no planet makes: {', '.join(shared)}."
        return PlainWords("bad", text)
    if single:
        some = ", ".join(single[:3])
        text = f"{len(single)} of {len(rows)} planets have a peak of their own in what the fit "
        return PlainWords("look", f"{text}leaves: {some}.")
    text = f"No frequency stands out in what the fit leaves of {len(rows)} planets"
    return PlainWords("good", f"{text} (chance of a false alarm {alarm:.0%}).")


def figure(light: Values, jitter: Values) -> Figure:
    """One detector's spectrum relative to white noise, on logarithmic axes."""
    x = light["frequency_mhz"]
    ring = {
        "type": "scatter",
        "mode": "lines",
        "x": [*x, *reversed(x)],
        "y": [*light["high"], *reversed(light["low"])],
        "name": "two thirds of the planets",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": plot.MODEL_LIGHT_BAND,
        "hoverinfo": "skip",
    }
    traces: list[Trace] = [ring, line(x, light["mean"], "mean of the planets", plot.MODEL)]
    if light["peaks"]:
        level = dict(zip(x, light["mean"], strict=True))
        near = [x[int(np.abs(np.array(x) - peak["mhz"]).argmin())] for peak in light["peaks"]]
        dots = plot.dots(near, [level[f] for f in near], "peak shared by all", plot.TRUTH)
        traces.append(dots | {"marker": {"color": plot.TRUTH, "size": 10, "symbol": "diamond"}})
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "frequency [mHz]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {"title": {"text": "power, white noise = 1"}, **plot.LOG, "dtick": 1},
        "shapes": [plot.horizontal(1.0, 0), *_marks(jitter)],
    }
    return {"data": traces, "layout": layout}


def _marks(jitter: Values) -> list[dict[str, Any]]:
    """Lines at the pointing's own frequencies."""
    style = {"color": plot.TRUTH, "width": 1.2, "dash": "dash"}
    return [
        {
            "type": "line",
            "xref": "x",
            "yref": "paper",
            "x0": peak["mhz"],
            "x1": peak["mhz"],
            "y0": 0,
            "y1": 1,
            "line": style,
        }
        for peak in jitter["peaks"]
    ]


def pointing(jitter: Values) -> Figure:
    """Spectra of the star's row and column."""
    x = jitter["frequency_mhz"]
    row = line(x, [], "row", plot.MODEL) | {"y": jitter["row"]}  # line() keeps five digits only
    column = line(x, [], "column", plot.TRUTH) | {"y": jitter["column"]}
    column["line"] = {**column["line"], "dash": "dot"}
    layout = plot.single_layout() | {
        "height": 300,
        "xaxis": {"title": {"text": "frequency [mHz]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {
            "title": {"text": "motion [px²/mHz]"},
            "type": "log",
            "dtick": 1,
            "exponentformat": "power",
        },
        "shapes": _marks(jitter),
    }
    return {"data": [row, column], "layout": layout}


PANEL = Panel(
    topic="fft",
    anchor="residual-spectra",
    title="Power spectra of residuals",
    needs="power spectra of residuals",
    command="diagnose fft",
    look_for="White noise is a flat line at 1: a rise to the left is noise with memory, a narrow "
    "peak is something that repeats, and a peak on a dashed line is the telescope's jitter.",
    collect=collect,
    draw=draw,
)
