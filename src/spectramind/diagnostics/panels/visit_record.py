"""A planet's kill chain on its page: each step's record, mean images and masks."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.visit_images import CAUSES, MASKED, PixelImages
from spectramind.diagnostics.panel import Lack, Panel, PanelBody, PlanetBody, ReportContext, Values
from spectramind.diagnostics.panels.kill_chain import lacking
from spectramind.diagnostics.report_data import CalibrationLog
from spectramind.diagnostics.step_words import step_rows
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1, Detector
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import place, slot
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace

COLUMNS = (
    Column("detector", "detector"),
    Column("step", "step"),
    Column("found", "what it found"),
    Column("time", "time [ms]", ",.1f"),
)
DECADES = (1, 7)  # powers of ten [e] between which mean images have colours
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_TOP = 255  # the colour of what is masked
_SLOT = "visit-record-table"
_MASKED = "#d6278c"
_LIGHT = (  # cividis (Nunez, Anderton and Renslow 2018), for any colour vision
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
)
# Of ``CAUSES``, in their order (Okabe and Ito 2008).
_CAUSES = (
    "#d5d9e0",
    "#9ec9e8",
    "#d6278c",
    "#d55e00",
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#222222",
)
_FIRST = {FGS1: 0, AIRS: AIRS_SCIENCE.start}  # column of an image's first pixel


def collect(context: ReportContext) -> Values | Lack:
    """How many visits have a record, and how many images."""
    logs = context.data.calibration
    lack = lacking(context)
    if lack is not None:
        return lack
    without = [log for log in logs if log.records and log.images is None]
    return {
        "visits": sum(bool(log.records) for log in logs),
        "without_images": len(without),
        "why": without[0].no_images if without else "",
    }


def draw(values: Values) -> PanelBody:
    """Places of the table and of the images."""
    note = ""
    if values["without_images"]:
        note = (
            f" {values['without_images']} of {values['visits']} visits have no images "
            f"({values['why']}): spectramind calibrate makes them."
        )
    kinds = ("mean", "mask")
    figures = {
        f"{kind}-{detector.key}": figure(detector, kind)
        for detector in (FGS1, AIRS)
        for kind in kinds
    }

    def part(detector: Detector, kind: str, wide: bool) -> str:
        title = "mean exposure" if kind == "mean" else "mask"
        head = f"<h4>{detector.kaggle}, {title}</h4>"
        return f"<div>{head}{place(f'{kind}-{detector.key}', wide)}</div>"

    pair = "".join(part(FGS1, kind, False) for kind in kinds)
    html = f'<div class="pair">{pair}</div>' + "".join(part(AIRS, kind, True) for kind in kinds)
    return PanelBody(
        f"{html}{_legend()}{slot(_SLOT)}",
        f"Magenta in the mean exposures: masked.{note}",
        figures,
    )


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """Every visit's record, and the images of the first that has some."""
    name = context.data.planet_ids[row]
    logs = [log for log in context.data.calibration if log.planet_id == name]
    if not logs:
        return None
    pictured = next((log for log in logs if log.images is not None), None)
    series: dict[str, Any] = {}
    if pictured is not None and pictured.images is not None:
        for detector, found in pictured.images.items():
            series[f"mean-{detector.key}"] = {"mean": {"z": typed(codes(found))}}
            series[f"mask-{detector.key}"] = {"mask": {"z": typed(found.mask)}}
    html = "".join(_visit(log, log is pictured and len(logs) > 1) for log in logs)
    return PlanetBody(series, {_SLOT: html})


def _visit(log: CalibrationLog, pictured: bool) -> str:
    shown = " (the images are of this one)" if pictured else ""
    head = f"<h4>Visit {escape(log.visit)}{shown}</h4>"
    if not log.records:
        return f"{head}<p>{escape(log.problem)}</p>"
    rows = step_rows(log.records)
    if log.images is None:
        head += (
            f"<p>No images: {escape(log.no_images)}. <code>spectramind calibrate</code> makes "
            "them.</p>"
        )
    else:
        head += f"<p>{escape(_masked(log.images))}</p>"
    return head + tables.table(COLUMNS, rows)


def _masked(images: Mapping[Detector, PixelImages]) -> str:
    """How many pixels are masked, and why, in words."""
    parts = []
    for detector, found in images.items():
        count = np.bincount(found.mask.ravel(), minlength=len(CAUSES))
        bad = int(count[MASKED:].sum())
        why = [f"{n} {CAUSES[i]}" for i, n in enumerate(count) if i >= MASKED and n]
        parts.append(
            f"{detector.kaggle}: {bad} of {found.mask.size:,} pixels masked"
            + (f" ({', '.join(why)})" if why else "")
            + (f", {count[1]} noisy ones used by what they are worth" if count[1] else "")
        )
    return "; ".join(parts) + "."


def codes(images: PixelImages) -> NDArray[np.uint8]:
    """A mean image on a logarithmic scale: 0 is 10 e or less, 254 is 10^7 e, 255 is masked."""
    low, high = DECADES
    decades = np.log10(np.maximum(np.nan_to_num(images.mean), 10.0**low)) - low
    scaled = np.clip(np.round(decades * (_TOP - 1) / (high - low)), 0, _TOP - 1)
    return np.where(images.mask >= MASKED, _TOP, scaled).astype(np.uint8)


def typed(values: NDArray[np.uint8]) -> dict[str, str]:
    """An image as Plotly's typed array."""
    data = b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {"dtype": "u1", "bdata": data, "shape": f"{values.shape[0]}, {values.shape[1]}"}


def figure(detector: Detector, kind: str) -> Figure:
    """The template of a detector's image, "mean" or "mask"; a series fills it."""
    trace: Trace = {
        "type": "heatmap",
        "meta": kind,
        "x0": _FIRST[detector],
        "dx": 1,
        "hovertemplate": "row %{y}, column %{x}<extra></extra>",
    }
    if kind == "mean":
        trace |= {"colorscale": _light_scale(), "zmin": 0, "zmax": _TOP, "colorbar": _light_bar()}
    else:
        n = len(CAUSES)
        trace |= {"colorscale": _steps(_CAUSES), "zmin": -0.5, "zmax": n - 0.5, "showscale": False}
    top = 12 if detector == AIRS and kind == "mask" else 64  # room for the colour bar
    layout: dict[str, Any] = {
        "height": top + 46 + (230 if detector == AIRS else 300),
        "xaxis": {"title": {"text": "column"}, "constrain": "domain"},
        "yaxis": {"title": {"text": "row"}, "constrain": "domain"},
        "margin": {"l": 48, "r": 16, "t": top, "b": 46},
    }
    if detector == FGS1:
        layout["yaxis"] |= {"scaleanchor": "x"}
    return {"data": [trace], "layout": layout}


def _light_scale() -> list[list[Any]]:
    """Colours of light up to the last but one number, that of what is masked above."""
    end = (_TOP - 0.5) / _TOP
    at = np.linspace(0, end, len(_LIGHT)).round(5).tolist()
    lit = [[place, color] for place, color in zip(at, _LIGHT, strict=True)]
    return [*lit, [at[-1], _MASKED], [1, _MASKED]]


def _steps(colors: Sequence[str]) -> list[list[Any]]:
    n = len(colors)
    return [[round((i + side) / n, 5), color] for i, color in enumerate(colors) for side in (0, 1)]


def _light_bar() -> dict[str, Any]:
    """Above the image, powers of ten."""
    powers = range(DECADES[1] - DECADES[0] + 1)
    return {
        "orientation": "h",
        "y": 1,
        "yanchor": "bottom",
        "ypad": 4,
        "thickness": 9,
        "len": 0.9,
        "title": {"text": "e⁻/exposure", "side": "top"},
        "tickvals": [round(power * (_TOP - 1) / powers[-1], 1) for power in powers],
        "ticktext": [f"10{_RAISED[DECADES[0] + power]}" for power in powers],
    }


def _legend() -> str:
    """What the colours of the masks mean."""
    chips = "".join(
        f'<span style="white-space:nowrap;margin-right:14px"><i aria-hidden="true" style="display:'
        f"inline-block;width:11px;height:11px;margin-right:5px;background:{color};border:1px solid "
        f'#8b93a1"></i>{escape(cause)}</span>'
        for cause, color in zip(CAUSES, _CAUSES, strict=True)
    )
    return f'<p class="lead">Masks: {chips}</p>'


PANEL = Panel(
    topic="runs",
    anchor="visit-record",
    title="Kill chain of this planet",
    needs="kill chain records and images",
    command="calibrate",
    look_for="The star should stand in the middle of FGS1's window and lie along AIRS's rows as "
    "one straight trace; masked pixels should be scattered, not stand in a block on the star.",
    collect=collect,
    draw=draw,
    planet=planet,
)
