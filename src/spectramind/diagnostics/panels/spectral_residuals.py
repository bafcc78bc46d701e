"""Is there a period in the spectra's errors over wavelength: power spectrum and memory."""

from typing import Any

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, PlainWords, ReportContext, Values
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Trace, line

NAMES = {"mu less truth": "μ − truth", "mu less its smooth": "μ less its smooth"}
_LOOK = {"mu less truth": (plot.TRUTH, "solid"), "mu less its smooth": (plot.MODEL, "dash")}


def collect(context: ReportContext) -> Values | Lack:
    """By kind of residual, its power over the period and its correlation over the lag."""
    found = context.kept("fft")
    if isinstance(found, Lack):
        return found
    periods = found["spectra"]["periods"]
    return {"kinds": {kind: periods[kind] for kind in NAMES if kind in periods}}


def draw(values: Values) -> PanelBody:
    """Both figures."""
    kinds = values["kinds"]
    note = (
        "AIRS's bins, in units of each bin's σ; each planet's power is scaled to a mean of 1 "
        "before planets are averaged. What is not smooth is what a cubic over neighbouring bins "
        "leaves."
    )
    if "mu less truth" not in kinds:
        note += " No truth is known here: only what is not smooth is shown."
    brief = [
        {
            "residual": NAMES[kind],
            "planets": one["planets"],
            "next bin's correlation": one["correlation"][0],
            "peaks": len(one["peaks"]),
        }
        for kind, one in kinds.items()
    ]
    parts = "".join(
        f"<div><h4>{title}</h4>{place(name, wide=False)}</div>"
        for name, title in (
            ("bins-power", "Power by period"),
            ("bins-memory", "Correlation by distance"),
        )
    )
    return PanelBody(
        f'<div class="pair">{parts}</div>',
        note,
        {"bins-power": power(kinds), "bins-memory": memory(kinds)},
        brief=brief,
        verdict=words(kinds),
    )


def words(kinds: dict[str, Any]) -> PlainWords:
    """Whether a period stands out."""
    peaks = [
        f"{NAMES[kind]} every {peak['bins']:.3g} bins"
        for kind, one in kinds.items()
        for peak in one["peaks"][:2]
    ]
    if peaks:
        return PlainWords("look", f"Spectra repeat themselves over wavelength: {', '.join(peaks)}.")
    planets = max(one["planets"] for one in kinds.values())
    return PlainWords(
        "good", f"No period over wavelength stands out in the spectra of {planets} planets."
    )


def _lines(kinds: dict[str, Any], x: str, y: str) -> list[Trace]:
    traces = []
    for kind, one in kinds.items():
        color, dash = _LOOK[kind]
        trace = line(one[x], [], NAMES[kind], color)
        traces.append(trace | {"y": one[y], "line": {"color": color, "width": 1.8, "dash": dash}})
    return traces


def power(kinds: dict[str, Any]) -> Figure:
    """Mean power over the period, on logarithmic axes."""
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "period [bins]"}, **plot.LOG, "dtick": "D2"},
        "yaxis": {
            "title": {"text": "power, mean = 1"},
            "type": "log",
            "dtick": 1,
            "exponentformat": "power",
        },
    }
    return {"data": _lines(kinds, "period_bins", "power"), "layout": layout}


def memory(kinds: dict[str, Any]) -> Figure:
    """Mean correlation over the lag."""
    layout = plot.single_layout() | {
        "xaxis": {"title": {"text": "apart by [bins]"}},
        "yaxis": {"title": {"text": "correlation"}},
        "shapes": [plot.horizontal(0.0, 0)],
    }
    return {"data": _lines(kinds, "lag_bins", "correlation"), "layout": layout}


PANEL = Panel(
    topic="fft",
    anchor="spectral-residuals",
    title="Periods over wavelength",
    needs="spectra of residuals over wavelength",
    command="diagnose fft",
    look_for="Power should fall smoothly to short periods: a narrow peak is a fringe or a pattern "
    "of the detector that came through, and no atmosphere makes one.",
    collect=collect,
    draw=draw,
)
