"""Has the noise a memory: scatter of means, and autocorrelation of residuals."""

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
    *(
        column
        for key, name in DETECTORS
        for column in (
            Column(f"{key}_excess", f"{name}: scatter of means, white = 1", ".2f"),
            Column(f"{key}_alarm", "chance of it", ".2g"),
        )
    ),
    Column("bin_min", "means over [min]", ".0f"),
)
_COLORS = {"fgs1": (plot.MODEL, "solid"), "airs": (plot.TRUTH, "dash")}
_BANDS = {"fgs1": plot.MODEL_LIGHT_BAND, "airs": "rgba(232,130,12,0.15)"}
_WANTED = (
    "lag_min",
    "correlation",
    "correlation_band",
    "mean_min",
    "scatter_low",
    "scatter",
    "scatter_high",
)
_BRIEF = 8
_MANY = 0.1


def collect(context: ReportContext) -> Values | Lack:
    """Curves of both detectors, a row a planet, the reddest first."""
    found = context.kept("fft")
    if isinstance(found, Lack):
        return found
    rows = [
        {
            "planet": name,
            **{f"{key}_excess": one[key]["excess"] for key, _ in DETECTORS},
            **{f"{key}_alarm": one[key]["excess_alarm"] for key, _ in DETECTORS},
            "bin_min": one["fgs1"]["bin_min"],
        }
        for name, one in found["planets"].items()
    ]
    rows.sort(key=lambda row: -max(row[f"{key}_excess"] or 0.0 for key, _ in DETECTORS))
    return {
        "planets": rows,
        "light": {key: {k: found["light"][key][k] for k in _WANTED} for key, _ in DETECTORS},
        "false_alarm": found["false_alarm"],
        "skipped": found["skipped"],
    }


def draw(values: Values) -> PanelBody:
    """Both figures and the table."""
    rows, light = values["planets"], values["light"]
    note = (
        "Left: scatter of means of the residuals over so many minutes against what it would be if "
        "noise were white; median, and shaded where two thirds of the planets lie. Right: "
        "correlation of residuals so many minutes apart, mean over the planets; grey: where chance "
        "puts 95 % of it, but for the little that the fit takes away with the drift. A planet is "
        "judged by means over its own ingress, for that is the time in which a transit is told "
        f"from noise.{left_out(values)}"
    )
    parts = "".join(
        f"<div><h4>{title}</h4>{place(name, wide=False)}</div>"
        for name, title in (("red-scatter", "Scatter of means"), ("red-memory", "Autocorrelation"))
    )
    table = (
        f"<details><summary>Table of all {len(rows)} planets</summary>"
        f"{tables.table(COLUMNS, rows)}</details>"
    )
    return PanelBody(
        f'<div class="pair">{parts}</div>{table}',
        note,
        {"red-scatter": scatter(light), "red-memory": memory(light)},
        tables={"red_noise": rows},
        brief=[
            {
                "planet": row["planet"],
                **{f"{name}, white = 1": row[f"{key}_excess"] for key, name in DETECTORS},
            }
            for row in rows[:_BRIEF]
        ],
        verdict=words(values),
    )


def words(values: Values) -> PlainWords:
    """How many planets have noise with memory."""
    rows, alarm = values["planets"], values["false_alarm"]
    typical = {
        name: float(
            np.median([row[f"{key}_excess"] for row in rows if row[f"{key}_excess"]] or [1])
        )
        for key, name in DETECTORS
    }
    means = ", ".join(f"{name} {value:.2f}" for name, value in typical.items())
    red = [row for row in rows if any(row[f"{key}_alarm"] < alarm for key, _ in DETECTORS)]
    if not red:
        text = f"Noise is white over an ingress in all {len(rows)} planets (white = 1: {means})."
        return PlainWords("good", text)
    text = (
        f"In {len(red)} of {len(rows)} planets noise has a memory: means over an ingress scatter "
        f"more than white noise (white = 1; median planet: {means})."
    )
    return PlainWords("bad" if len(red) > _MANY * len(rows) else "look", text)


def scatter(light: Values) -> Figure:
    """The ratio of scatters over the length of a mean."""
    traces: list[Trace] = []
    for key, name in DETECTORS:
        one, (color, dash) = light[key], _COLORS[key]
        x = one["mean_min"]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*x, *reversed(x)],
                "y": [*one["scatter_high"], *reversed(one["scatter_low"])],
                "line": {"width": 0},
                "fill": "toself",
                "fillcolor": _BANDS[key],
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        traces.append(line(x, one["scatter"], name, color))
        traces[-1]["line"] = {"color": color, "width": 1.9, "dash": dash}
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "length of a mean [min]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {"title": {"text": "scatter, white noise = 1"}, "rangemode": "tozero"},
        "shapes": [plot.horizontal(1.0, 0)],
    }
    return {"data": traces, "layout": layout}


def memory(light: Values) -> Figure:
    """Autocorrelation over the lag."""
    traces = []
    for key, name in DETECTORS:
        one, (color, dash) = light[key], _COLORS[key]
        traces.append(line(one["lag_min"], one["correlation"], name, color))
        traces[-1]["line"] = {"color": color, "width": 1.9, "dash": dash}
    highest = max(value or 0.0 for key, _ in DETECTORS for value in light[key]["correlation"])
    band = max(light[key]["correlation_band"] for key, _ in DETECTORS)
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "apart by [min]"}},
        "yaxis": {
            "title": {"text": "correlation"},
            "range": [-0.1, round(max(0.2, 1.1 * highest), 2)],
        },
        "shapes": [plot.strip(-band, band, 0, plot.NEUTRAL_BAND), plot.horizontal(0.0, 0)],
    }
    return {"data": traces, "layout": layout}


PANEL = Panel(
    topic="fft",
    anchor="red-noise",
    title="Red noise",
    needs="memory of residuals",
    command="diagnose fft",
    look_for="Both curves of white noise are flat, at 1 and at 0: what rises to the right on the "
    "left, or starts high on the right, is noise that averaging does not remove.",
    collect=collect,
    draw=draw,
)
