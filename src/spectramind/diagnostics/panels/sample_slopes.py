"""On a planet's page: which samples of its light curves made its depths."""

from collections.abc import Mapping, Sequence
from typing import Any

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place, slot
from spectramind.plotting.html_tables import Column, shown
from spectramind.plotting.plot import Figure, Row, Trace, axis_ref, dots, line

_FIGURE, _SLOT = "sample-slopes", "sample-slopes-phases"
_PER_MILLE = 1e3
_DETECTORS = {"fgs1": "FGS1", "airs": "AIRS-CH0"}
# By phase: colour and symbol; both edges of the transit are alike, and so are its two sides.
_STYLE = (
    ("out of transit", plot.NEUTRAL, "circle"),
    ("ingress, egress", plot.TRUTH, "diamond"),
    ("in transit", plot.MODEL, "square"),
)
_STYLE_OF = {"before": 0, "ingress": 1, "in transit": 2, "egress": 1, "after": 0}
COLUMNS = (
    Column("phase", "phase"),
    Column("samples", "samples", "d"),
    *(
        Column(f"{key}_{what}", f"{name} {title}", spec)
        for key, name in _DETECTORS.items()
        for what, title, spec in (
            ("sum", "net slope", ".3f"),
            ("size", "share of slopes", ".1%"),
            ("noise", "share of noise", ".1%"),
        )
    ),
)


def collect(context: ReportContext) -> Values | Lack:
    """Shares by phase of the planets whose samples were looked at."""
    found = context.kept("explain")
    if isinstance(found, Lack):
        return found
    samples: Mapping[str, Any] = found["samples"]
    told = {name: one for name, one in samples.items() if "problem" not in one}
    if not told:
        first = next((f"{name}: {one['problem']}" for name, one in samples.items()), "")
        asked = "no planet was asked for (diag.explain.sample_planets=0)"
        return Lack(first or asked, "diagnose explain diag.explain.sample_planets=2")
    return {
        "planets": [row for name, one in told.items() for row in _rows(name, one, found["phases"])],
        "names": list(told),
        "problems": {name: one["problem"] for name, one in samples.items() if "problem" in one},
    }


def _rows(planet: str, one: Mapping[str, Any], phases: Sequence[str]) -> list[dict[str, Any]]:
    """A row a phase, both detectors side by side."""
    return [
        {"planet": planet, "phase": name, "samples": one["phase"].count(number)}
        | {
            f"{key}_{what}": one["detectors"][key][what][number]
            for key in _DETECTORS
            for what in ("sum", "size", "noise")
        }
        for number, name in enumerate(phases)
    ]


def draw(values: Values) -> PanelBody:
    """The figure, to be filled."""
    named = ", ".join(values["names"])
    problems = "".join(f" {name}: {why}." for name, why in values["problems"].items())
    note = (
        "A point says by how many ppm a detector's depth changes if its flux is 1 ‰ (1,000 ppm) "
        "higher in that sample alone, in all its bins; the line, the same for the other detector's "
        "flux. It is the fit's own algebra: geometry, limb darkening, drift and noise with memory "
        "answer to first order; each bin's noise, the strength of drift and memory, AIRS's motion "
        "and outliers are held."
        f" Worked out for {named} (diag.explain.sample_planets).{problems}"
    )
    brief = [
        {"planet": row["planet"], "phase": row["phase"], "samples": row["samples"]}
        | {f"{name} %": round(100 * row[f"{key}_size"], 1) for key, name in _DETECTORS.items()}
        | {"AIRS noise %": round(100 * row["airs_noise"], 1)}
        for row in values["planets"]
    ]
    html = place(_FIGURE) + slot(_SLOT)
    return PanelBody(
        html, note, {_FIGURE: figure()}, tables={"mu_samples": values["planets"]}, brief=brief
    )


def figure() -> Figure:
    """Slopes over time, FGS1 above AIRS."""
    traces: list[Trace] = []
    for row, (key, name) in enumerate(_DETECTORS.items()):
        axes = {"xaxis": "x", "yaxis": axis_ref("y", row + 1)}
        other = f"flux of {_DETECTORS['airs' if key == 'fgs1' else 'fgs1']}, on {name}"
        style = {"color": plot.GOOD, "width": 1.3, "dash": "dot"}
        traces.append(line([], [], other, plot.GOOD, meta=f"{key}.other", **axes) | {"line": style})
        for number, (phase, color, symbol) in enumerate(_STYLE):
            marker = {"color": color, "size": 6, "symbol": symbol}
            point = dots([], [], phase, color, meta=f"{key}.{number}", **axes)
            both = {"legendgroup": phase, "showlegend": row == 0, "marker": marker}
            traces.append(point | both)
    rows = [Row(f"{name} [ppm per ‰]") for name in _DETECTORS.values()]
    layout = plot.single_layout() | {"height": 480} | plot.stack(rows, 1.0, 0.07)
    layout["xaxis"] = {"title": {"text": "time [h]"}, "anchor": "y2"}
    layout["shapes"] = [plot.horizontal(0.0, row, "dot") for row in range(len(rows))]
    return {"data": traces, "layout": layout}


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """One planet's slopes, and their shares by phase."""
    stored = context.data.stored.get("explain", {})
    name = context.data.planet_ids[row]
    one = stored.get("samples", {}).get(name)
    if one is None:
        return None
    if "problem" in one:
        return PlanetBody({}, {_SLOT: f"<p>{shown(one['problem'])}</p>"})
    style = [_STYLE_OF[stored["phases"][phase]] for phase in one["phase"]]
    series: dict[str, dict[str, Any]] = {}
    for key, told in one["detectors"].items():
        own = [round(_PER_MILLE * value, 2) for value in told["own"]]
        other = [round(_PER_MILLE * value, 2) for value in told["other"]]
        series[f"{key}.other"] = {"x": one["time_h"], "y": other}
        for number in range(len(_STYLE)):
            where = [i for i, each in enumerate(style) if each == number]
            series[f"{key}.{number}"] = {
                "x": [one["time_h"][i] for i in where],
                "y": [own[i] for i in where],
            }
    table = tables.table(COLUMNS, _rows(name, one, stored["phases"]))
    return PlanetBody({_FIGURE: series}, {_SLOT: f"<p>Visit {shown(one['visit'])}.</p>{table}"})


PANEL = Panel(
    topic="explain",
    anchor="sample-slopes-section",
    title="Which samples made the depths",
    needs="which samples made a planet's depths",
    command="diagnose explain",
    look_for="A depth is what the flux just inside the transit lacks beside that just outside: "
    "blue lies below zero, grey above. Where drift or noise with memory is strong, samples far "
    "from the edges count little; where ingress and egress have a large share, geometry decides.",
    collect=collect,
    draw=draw,
    planet=planet,
)
