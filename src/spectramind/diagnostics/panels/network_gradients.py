"""What of light curves and bins the network's correction comes from, by integrated gradients."""

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
from spectramind.diagnostics.shap_titles import (
    COMMAND,
    TOPIC,
    figure_of,
    network,
    region_title,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Row, line, per_bin

_COMPLETE = 0.05  # of the correction: what attributions may miss
_CURVES = ("FGS1's light curve", "AIRS's light curve")
_DASH = {"FGS1": "solid", "AIRS mean": "dot"}
_KEPT = (
    *("targets", "steps", "members", "change_ppm", "residual_ppm", "phases", "by_phase"),
    *("by_phase_error", "clock", "course", "inner", "by_bin", "bands", "by_band", "by_band_error"),
)


def collect(context: ReportContext) -> Values | Lack:
    """Attributions by phase, along the transit, by bin and band [ppm of correction]."""
    found = network(context)
    if isinstance(found, Lack):
        return found
    _, own = found
    kept = {key: own[key] for key in _KEPT}
    um = plain(context.data.wavelength_um)
    return kept | {"planets": len(own["planets"]), "wavelength_um": um}


def draw(values: Values) -> PanelBody:
    """The course along the transit, the phases' table, the bins and the bands' table."""
    phases, bands = _phase_rows(values), _band_rows(values)
    sizes = [
        column
        for name in values["targets"]
        for column in (
            Column(name, f"{name} [ppm]", ".2f"),
            Column(f"{name} error", "± [ppm]", ".2f"),
        )
    ]
    html = (
        place("network-course")
        + tables.table([Column("curve", "light curve"), Column("phase", "phase"), *sizes], phases)
        + lead("The same for the features of each bin that the graph sees.")
        + place("network-bins")
        + tables.table([Column("band", "bins"), *sizes], bands)
    )
    brief = [{k: v for k, v in row.items() if not k.endswith("error")} for row in phases]
    return PanelBody(
        html,
        _note(values),
        {"network-course": course_figure(values), "network-bins": bins_figure(values)},
        tables={"network_phases": phases, "network_bands": bands},
        brief=brief,
        verdict=_verdict(values),
    )


def _missed(values: Values) -> float:
    """Largest completeness residual over the typical correction."""
    pairs = zip(values["residual_ppm"], values["change_ppm"], strict=True)
    return max((one / max(size, 1e-9) for one, size in pairs), default=0.0)


def _verdict(values: Values) -> PlainWords:
    missed = _missed(values)
    if missed > _COMPLETE:
        more = "raise diag.shap.path_steps"
        text = f"The network's attributions miss up to {missed:.0%} of its correction: {more}."
        return PlainWords("look", text)
    return PlainWords(
        "good", f"The network's attributions add up to its correction (to {missed:.1%})."
    )


def _note(values: Values) -> str:
    sizes = ", ".join(
        f"{name} {change:.3g} ppm (completeness residual {residual:.2g} ppm at most)"
        for name, change, residual in zip(
            values["targets"], values["change_ppm"], values["residual_ppm"], strict=True
        )
    )
    members = values["members"]
    whose = f"the mean of its {members} members" if members > 1 else "the network"
    return (
        f"Integrated gradients of what {whose} adds to physics, over {values['planets']} planets "
        f"and {values['steps']} steps, from a star without transit or noise and the mean planet's "
        f"bins. Typical size of what is added beyond that start: {sizes}."
    )


def _phase_rows(values: Values) -> list[dict[str, Any]]:
    """A row a light curve and phase; kinds stand as FGS1's of each target, then AIRS's."""
    count = len(values["targets"])
    return [
        {"curve": curve, "phase": phase}
        | {
            key: values[table][number][which * count + target]
            for target, name in enumerate(values["targets"])
            for key, table in ((name, "by_phase"), (f"{name} error", "by_phase_error"))
        }
        for which, curve in enumerate(_CURVES)
        for number, phase in enumerate(values["phases"])
    ]


def _band_rows(values: Values) -> list[dict[str, Any]]:
    return [
        {"band": region_title(band)}
        | {
            key: values[table][target][number]
            for target, name in enumerate(values["targets"])
            for key, table in ((name, "by_band"), (f"{name} error", "by_band_error"))
        }
        for number, band in enumerate(values["bands"])
    ]


def course_figure(values: Values) -> Figure:
    """Sizes along the transit's clock, ingress and egress shaded."""
    traces = []
    for row, course in enumerate(values["course"]):
        which, target = divmod(row, len(values["targets"]))
        name = values["targets"][target]
        color = plot.MODEL if which == 0 else plot.TRUTH
        trace = line(
            values["clock"],
            np.asarray(course, dtype=np.float64),
            f"{_CURVES[which]} → {name}",
            color,
        )
        trace["line"] |= {"dash": _DASH.get(name, "dash"), "shape": "hvh"}
        traces.append(trace)
    layout = plot.single_layout() | {
        "xaxis": {
            "title": {"text": "time from mid-transit [half transits]"},
            "range": [-3, 3],
        },
        "yaxis": {"title": {"text": "mean size [ppm of correction]"}, "rangemode": "tozero"},
        "shapes": _edges(values["inner"]),
    }
    return figure_of(traces, layout | {"margin": {"l": 64, "r": 16, "t": 76, "b": 52}})


def _edges(inner: float | None) -> list[dict[str, Any]]:
    """Ingress and egress, as far as planets have them on average."""
    inner = 0.0 if inner is None else inner
    return [
        {
            "type": "rect",
            "layer": "below",
            "xref": "x",
            "yref": "paper",
            "x0": low,
            "x1": high,
            "y0": 0,
            "y1": 1,
            "line": {"width": 0},
            "fillcolor": plot.NEUTRAL_BAND,
            "label": {"text": text, "textposition": "top center", "font": {"size": 10}},
        }
        for text, low, high in (("ingress", -1.0, -inner), ("egress", inner, 1.0))
    ]


def bins_figure(values: Values) -> Figure:
    """Sizes over wavelength, a line a target."""
    traces = []
    for name, sizes, color in zip(
        values["targets"], values["by_bin"], (plot.MODEL, plot.TRUTH), strict=True
    ):
        pair = per_bin(values["wavelength_um"], sizes, f"→ {name}", color, 0)
        pair[1]["line"] |= {"dash": _DASH.get(name, "dash")}
        traces += pair
    return figure_of(traces, plot.spectral_layout([Row("mean size [ppm of correction]")], 360))


PANEL = Panel(
    topic=TOPIC,
    anchor="network-gradients",
    title="What the network's correction comes from",
    needs="what the network's correction comes from",
    command=COMMAND,
    look_for="A correction of depths should come from ingress, egress and transit: much from out "
    "of transit says that the network reads noise or drift.",
    collect=collect,
    draw=draw,
)
