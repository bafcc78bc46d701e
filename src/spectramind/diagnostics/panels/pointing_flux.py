"""Does light follow the telescope's pointing?"""

from typing import Any

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, PlainWords, ReportContext, Values
from spectramind.diagnostics.stored_fft import DETECTORS, left_out
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, dots

COLUMNS = (
    Column("detector", "light of"),
    Column("motion", "against"),
    Column("slope_ppm", "a usual motion does [ppm]", "+.1f"),
    Column("slope_error", "± [ppm]", ".1f"),
    Column("spread", "planets' slopes, in errors", ".1f"),
    Column("worst", "steepest planet"),
    Column("worst_ppm", "its slope [ppm]", "+.0f"),
    Column("worst_error", "± [ppm]", ".0f"),
    Column("bent_ppm", "bent by, rms [ppm]", ".1f"),
    Column("bent_chance", "chance of it", ".2g"),
)
_COLORS = (plot.MODEL, plot.TRUTH, plot.GOOD, "#8b5cf6", plot.NEUTRAL)
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x")


def collect(context: ReportContext) -> Values | Lack:
    """By detector and motion, the slope, and means of light in classes of the motion."""
    found = context.kept("fft")
    if isinstance(found, Lack):
        return found
    return {
        "pointing": found["pointing"],
        "false_alarm": found["false_alarm"],
        "skipped": found["skipped"],
    }


def draw(values: Values) -> PanelBody:
    """A figure a detector, and the table."""
    rows = [
        {"detector": name, **{k: v for k, v in one.items() if k not in ("at", "ppm", "error")}}
        for key, name in DETECTORS
        for one in values["pointing"][key]
    ]
    note = (
        "Mean of all planets in classes of the motion, in each planet's own usual motion (one "
        "standard deviation); the fit's transit and drift are taken out, its straight line over "
        "the motion is not. Errors are by how planets differ. The fit removes straight lines: "
        f"a curve is what it cannot remove.{left_out(values)}"
    )
    parts = "".join(
        f"<div><h4>Light of {name}</h4>{place(f'pointing-{key}', wide=False)}</div>"
        for key, name in DETECTORS
    )
    figures = {f"pointing-{key}": figure(values["pointing"][key]) for key, _ in DETECTORS}
    brief = [
        {
            "light of": row["detector"],
            "against": row["motion"],
            "slope [ppm]": round(row["slope_ppm"], 1),
            "± [ppm]": round(row["slope_error"], 1),
            "bent by [ppm]": round(row["bent_ppm"], 1),
        }
        for row in rows
    ]
    return PanelBody(
        f'<div class="pair">{parts}</div>{tables.table(COLUMNS, rows)}',
        note,
        figures,
        tables={"pointing": rows},
        brief=brief,
        verdict=words(rows, values["false_alarm"]),
    )


def words(rows: list[dict[str, Any]], alarm: float) -> PlainWords:
    """Whether light follows the pointing by more than the straight line that the fit removes."""
    if not rows:
        return PlainWords("good", "The images do not move.")
    bent = [row for row in rows if row["bent_chance"] * len(rows) < alarm]
    if bent:
        worst = max(bent, key=lambda row: row["bent_ppm"])
        text = (
            f"Light follows the pointing along a curve that the fit does not remove: "
            f"{worst['detector']} against {worst['motion']}, {worst['bent_ppm']:.0f} ppm."
        )
        return PlainWords("look", text)
    steep = max(rows, key=lambda row: abs(row["slope_ppm"]) - 3 * row["slope_error"])
    text = (
        f"Light follows the pointing along straight lines, which the fit removes; the steepest is "
        f"{steep['detector']} against {steep['motion']}, {steep['slope_ppm']:+.0f} ± "
        f"{steep['slope_error']:.0f} ppm a usual motion."
    )
    return PlainWords("good", text)


def figure(motions: list[dict[str, Any]]) -> Figure:
    """Light over the motion, one series a motion."""
    traces = []
    for one, color, symbol in zip(motions, _COLORS, _SYMBOLS, strict=False):
        trace = dots(one["at"], one["ppm"], one["motion"], color)
        trace["marker"] = {"color": color, "size": 6, "symbol": symbol}
        trace["error_y"] = {"array": one["error"], "thickness": 1.2, "width": 2}
        traces.append(trace)
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "motion [its standard deviation]"}},
        "yaxis": {"title": {"text": "light [ppm]"}},
        "shapes": [plot.horizontal(0.0, 0)],
    }
    return {"data": traces, "layout": layout}


PANEL = Panel(
    topic="fft",
    anchor="pointing-flux",
    title="Pointing against light",
    needs="pointing against light",
    command="diagnose fft",
    look_for="Flat is best, and a straight slope is harmless, for the fit removes it; a bend at "
    "either end is light lost by motion that no straight line describes.",
    collect=collect,
    draw=draw,
)
