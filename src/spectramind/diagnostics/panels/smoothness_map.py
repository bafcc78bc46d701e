"""How rough each planet's spectrum is, bin by bin."""

from base64 import b64encode
from html import escape
from typing import Any

import numpy as np

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, PlainWords, ReportContext, Values
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure

COLUMNS = (
    Column("planet", "planet"),
    Column("wavelength_um", "wavelength [µm]", ".3f"),
    Column("bin", "bin", "d"),
    Column("errors", "off its neighbours, in errors", "+.2f"),
)
_FULL = 255  # the colour of the largest
_SHOWN = 400  # planets in the map
_BRIEF = 5


def collect(context: ReportContext) -> Values | Lack:
    """The map, roughest planet first, and the roughest bins."""
    found = context.kept("fft")
    return found if isinstance(found, Lack) else dict(found["spectra"]["rough"])


def draw(values: Values) -> PanelBody:
    """The map and the table of the roughest bins."""
    limit, count, of = values["limit"], values["count"], values["of"]
    planets = len(values["planets"])
    note = (
        "Each bin against the straight line between its neighbours, over the error the three would "
        "have if they were independent; the largest of six neighbouring bins. AIRS only."
    )
    if planets > _SHOWN:
        note += f" The {_SHOWN} roughest of {planets} planets."
    largest = max((abs(one["errors"]) for one in values["worst"]), default=0.0)
    if count:
        text = (
            f"{count} of {of:,} bins, in {values['planets_with']} of {planets} planets, leave "
            f"their neighbours by more than {limit:g} errors; the farthest by {largest:.1f}."
        )
        verdict = PlainWords("look", text)
    else:
        text = (
            f"Spectra are smooth: no bin of {planets} planets leaves its neighbours by more than "
        )
        verdict = PlainWords("good", f"{text}{limit:g} errors; the farthest by {largest:.2f}.")
    return PanelBody(
        place("smoothness") + tables.table(COLUMNS, values["worst"]),
        note,
        {"smoothness": figure(values)},
        tables={"rough_bins": values["worst"]},
        brief=values["worst"][:_BRIEF],
        verdict=verdict,
    )


def figure(values: Values) -> Figure:
    """Planets over wavelength."""
    largest = np.array(values["largest"], dtype=np.float64)
    order = np.argsort(-largest.max(axis=1), kind="stable")[:_SHOWN]
    full = float(largest.max(initial=1e-9))
    codes = np.round(largest[order] / full * _FULL).astype(np.uint8)
    data = b64encode(np.ascontiguousarray(codes).tobytes()).decode()
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    trace: dict[str, Any] = {
        "type": "heatmap",
        "x": values["wavelength_um"],
        "y": [escape(values["planets"][i]) for i in order.tolist()],
        "z": {"dtype": "u1", "bdata": data, "shape": f"{codes.shape[0]}, {codes.shape[1]}"},
        "zmin": 0,
        "zmax": _FULL,
        "colorscale": "Cividis",
        "hovertemplate": "planet %{y}, %{x:.2f} µm<extra></extra>",
        "colorbar": {
            "orientation": "h",
            "y": 1,
            "yanchor": "bottom",
            "ypad": 4,
            "thickness": 9,
            "title": {"text": "off its neighbours [errors]", "side": "top"},
            "tickvals": [tick * _FULL for tick in ticks],
            "ticktext": [f"{tick * full:.2g}" for tick in ticks],
        },
    }
    layout = {
        "height": int(np.clip(150 + 5 * len(order), 260, 640)),
        "margin": {"l": 40, "r": 16, "t": 64, "b": 46},
        "xaxis": {"title": {"text": "wavelength [µm]"}},
        "yaxis": {
            "title": {"text": "planets, roughest on top"},
            "type": "category",
            "autorange": "reversed",
            "showticklabels": False,
            "ticks": "",
        },
    }
    return {"data": [trace], "layout": layout}


PANEL = Panel(
    topic="fft",
    anchor="smoothness-map",
    title="Smoothness of spectra",
    needs="smoothness of spectra",
    command="diagnose fft",
    look_for="A bright column is a bin that is wrong in every planet, a bright row a planet whose "
    "spectrum is noise; molecules' edges may be brighter than the rest.",
    collect=collect,
    draw=draw,
)
