"""Parts that figures are put together from: plain dictionaries of the Plotly schema.

Text, grid and background colours are the page's (``page.js`` sets them for light and dark).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from spectramind.instrument.grid import FGS1_BANDPASS_UM
from spectramind.instrument.molecules import WINDOWS_UM

Figure = dict[str, Any]
Trace = dict[str, Any]

MODEL, TRUTH, NEUTRAL, GOOD = "#3f7fdc", "#e8820c", "#8b93a1", "#2c9f73"
MODEL_DARK_BAND, MODEL_LIGHT_BAND = "rgba(63,127,220,0.34)", "rgba(63,127,220,0.15)"
GOOD_BAND, NEUTRAL_BAND = "rgba(44,159,115,0.16)", "rgba(139,147,161,0.18)"

FORMULA = {"h2o": "H₂O", "co2": "CO₂", "ch4": "CH₄", "co": "CO", "nh3": "NH₃"}
MOLECULE_RGB = {
    "h2o": "63,127,220",
    "co2": "214,77,77",
    "ch4": "139,92,246",
    "co": "201,138,16",
    "nh3": "44,159,115",
}
LOG = {"type": "log", "tickformat": ",~r"}

_LANE = 0.034  # height of a molecule's lane, of the figure
_FGS1_DOMAIN, _AIRS_DOMAIN = (0.0, 0.075), (0.095, 1.0)


@dataclass(frozen=True)
class Row:
    """One panel of a stack: y title, height relative to the others, logarithmic or not."""

    title: str
    share: float = 1.0
    log: bool = False


def listed(values: ArrayLike, decimals: int) -> list[float | None]:
    """Numbers for JSON, rounded; None (a gap in a line) for NaN and infinities."""
    flat = np.asarray(values, dtype=np.float64)
    rounded = np.round(flat, decimals).tolist()
    return [v if ok else None for v, ok in zip(rounded, np.isfinite(flat).tolist(), strict=True)]


def line(x: ArrayLike, y: ArrayLike, name: str, color: str, **extra: Any) -> Trace:
    """A line."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": listed(x, 5),
        "y": listed(y, 5),
        "name": name,
        "line": {"color": color, "width": 1.7},
        **extra,
    }


def dots(x: ArrayLike, y: ArrayLike, name: str, color: str, **extra: Any) -> Trace:
    """Separate markers."""
    marker = {"color": color, "size": 7}
    return line(x, y, name, color) | {"mode": "markers", "marker": marker, **extra}


def per_bin(wavelength: ArrayLike, y: ArrayLike, name: str, color: str, row: int) -> list[Trace]:
    """A (283,) quantity on a broken axis: FGS1 a marker, AIRS a line, one legend entry."""
    x, values, axis = np.asarray(wavelength), np.asarray(y), y_name(row)
    group = {"legendgroup": name, "yaxis": axis}
    fgs1 = dots(x[:1], values[:1], name, color, xaxis="x", showlegend=False, **group)
    return [fgs1, line(x[1:], values[1:], name, color, xaxis="x2", **group)]


def y_name(row: int) -> str:
    """Plotly's name of the y axis of a row, the top one being 0."""
    return "y" if row == 0 else f"y{row + 1}"


def axis_key(letter: str, number: int) -> str:
    """The layout's key of an axis, counted from 1."""
    return f"{letter}axis{'' if number == 1 else number}"


def axis_ref(letter: str, number: int) -> str:
    """Plotly's name of an axis, counted from 1."""
    return f"{letter}{'' if number == 1 else number}"


def band(meta: str, name: str, color: str, yaxis: str = "y") -> Trace:
    """A filled ring over AIRS's axis without points; nameless it is not in the legend."""
    return {
        "type": "scatter",
        "meta": meta,
        "name": name,
        "showlegend": bool(name),
        "xaxis": "x2",
        "yaxis": yaxis,
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": color,
        "hoverinfo": "skip",
    }


def single_layout() -> dict[str, Any]:
    """Layout of a figure without a wavelength axis."""
    return {
        "height": 390,
        "legend": {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        "margin": {"l": 64, "r": 16, "t": 54, "b": 46},
    }


def horizontal(y: float, row: int, dash: str = "dash") -> dict[str, Any]:
    """A line across a row."""
    style = {"color": NEUTRAL, "width": 1.3, "dash": dash}
    on_grid = {"line": style, "layer": "between"}
    return _shape("line", (0, 1), (y, y), yref=y_name(row)) | on_grid


def strip(low: float, high: float, row: int, color: str) -> dict[str, Any]:
    """A filled band across a row."""
    return _shape("rect", (0, 1), (low, high), yref=y_name(row)) | {"fillcolor": color}


def stack(rows: Sequence[Row], top: float, gap: float = 0.03) -> dict[str, Any]:
    """y axes of panels below one another, from ``top`` down to 0 of the figure's height."""
    unit = (top - gap * (len(rows) - 1)) / sum(row.share for row in rows)
    axes: dict[str, Any] = {}
    for number, row in enumerate(rows):
        bottom = max(top - unit * row.share, 0.0)
        axes[f"yaxis{number + 1 if number else ''}"] = {
            "domain": [bottom, top],
            "title": {"text": row.title, "standoff": 8},
            **(LOG if row.log else {}),
            "anchor": "x",
        }
        top = bottom - gap
    return axes


def spectral_layout(rows: Sequence[Row], height: int) -> dict[str, Any]:
    """Layout of panels over wavelength: a narrow FGS1 column, a break, AIRS; molecules on top."""
    lanes = _lanes()
    top = 1 - _LANE * (1 + max(lanes.values())) * 520 / height - 0.012
    bottom = y_name(len(rows) - 1)
    return {
        "height": height,
        "xaxis": {
            "domain": list(_FGS1_DOMAIN),
            "range": [FGS1_BANDPASS_UM[0] - 0.04, FGS1_BANDPASS_UM[1] + 0.04],
            "tickvals": [0.7],
            "ticktext": ["0.7"],
            "title": {"text": "FGS1"},
            "anchor": bottom,
            "fixedrange": True,
        },
        "xaxis2": {
            "domain": list(_AIRS_DOMAIN),
            "range": [1.92, 3.93],
            "dtick": 0.2,
            "title": {"text": "AIRS-CH0 wavelength [µm]"},
            "anchor": bottom,
        },
        **stack(rows, top),
        "shapes": _molecule_shapes(lanes, 520 / height) + _break_marks(8 / height),
        "legend": {"orientation": "h", "y": 1.005, "yanchor": "bottom", "x": _AIRS_DOMAIN[0]},
        "hovermode": "x",
        "margin": {"l": 78, "r": 16, "t": 34, "b": 46},
    }


def _shape(
    kind: str,
    x: tuple[float, float],
    y: tuple[float, float],
    xref: str = "paper",
    yref: str = "paper",
) -> dict[str, Any]:
    ends = {"x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1]}
    width = {"line": {"width": 0}}
    return {"type": kind, "xref": xref, "yref": yref, "layer": "below", **ends, **width}


def _lanes() -> dict[tuple[str, tuple[float, float]], int]:
    """The first lane in which each molecule window overlaps no other, widest windows first."""
    windows = [(name, window) for name, spans in WINDOWS_UM.items() for window in spans]
    windows.sort(key=lambda item: item[1][0] - item[1][1])
    lanes: dict[tuple[str, tuple[float, float]], int] = {}
    for name, (low, high) in windows:
        taken = {n for (_, (lo, hi)), n in lanes.items() if low < hi and lo < high}
        lanes[name, (low, high)] = next(n for n in range(len(windows)) if n not in taken)
    return lanes


def _molecule_shapes(
    lanes: dict[tuple[str, tuple[float, float]], int], scale: float
) -> list[dict[str, Any]]:
    shapes = []
    for (name, window), lane in lanes.items():
        color, roof = MOLECULE_RGB[name], 1 - lane * _LANE * scale
        shapes.append(_shape("rect", window, (0, roof), "x2") | {"fillcolor": f"rgba({color},.05)"})
        label = {"text": FORMULA[name], "font": {"size": 10}, "padding": 0}
        bar = _shape("rect", window, (roof - 0.86 * _LANE * scale, roof), "x2")
        shapes.append(bar | {"fillcolor": f"rgba({color},.30)", "label": label})
    return shapes


def _break_marks(reach: float) -> list[dict[str, Any]]:
    """The two slashes where the wavelength axis is broken."""
    centre = (_FGS1_DOMAIN[1] + _AIRS_DOMAIN[0]) / 2
    style = {"line": {"color": NEUTRAL, "width": 1.4}}
    return [
        _shape("line", (x - 0.003, x + 0.003), (-reach, reach)) | style
        for x in (centre - 0.003, centre + 0.003)
    ]
