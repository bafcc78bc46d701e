"""The report as one HTML text that needs nothing else: no file, no network."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from plotly.offline import get_plotlyjs

from spectramind.diagnostics import sections
from spectramind.diagnostics.data import LightCurve, ReportData
from spectramind.diagnostics.sections import Absent, Section
from spectramind.diagnostics.statistics import choose_planets, scored
from spectramind.plotting.plot import listed

PPM = 1e6
# The browser itself refuses every request that the page might make.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)


def build_page(data: ReportData, *, max_planets: int, worst_planets: int) -> str:
    """Build the page.

    Args:
        data: what to show; what it lacks is left out and listed at the end of the page.
        max_planets: planets to choose from; the statistics use all.
        worst_planets: rows of the table of worst planets.
    """
    worst = min(worst_planets, max_planets)
    rows = choose_planets(data, max_planets, worst)
    content = {
        "wavelength": listed(data.wavelength_um, 5),
        "planets": [_planet(data, int(row)) for row in rows],
    }
    return document(data.title, data.provenance, _parts(data, len(rows), worst), content)


def document(
    title: str,
    provenance: Mapping[str, str],
    parts: Sequence[sections.Part],
    content: Mapping[str, Any],
) -> str:
    """Put sections together into one page.

    Args:
        title: of the page.
        provenance: what it was made of, shown below the title.
        parts: its sections, and what is left out of it.
        content: what ``page.js`` fills planet figures from, by name; may be empty.
    """
    present = [part for part in parts if isinstance(part, Section)]
    missing = [part for part in parts if isinstance(part, Absent)]
    figures = {k: figure for part in present for k, figure in part.figures.items()}
    data = embedded({**content, "figures": figures})
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escape(title)}</title>",
            f"<style>{_asset('page.css')}</style></head><body>",
            _header(title, provenance, present),
            "<main>",
            *(_section(part) for part in present),
            _missing(missing),
            "</main>",
            "<noscript><p>The figures need JavaScript; the tables do not.</p></noscript>",
            f'<script type="application/json" id="report-data">{data}</script>',
            f"<script>{get_plotlyjs()}</script>",
            f"<script>{_asset('page.js')}</script>",
            "</body></html>\n",
        ]
    )


def embedded(value: Any) -> str:
    """JSON that no text inside can break out of a script element with; NaN is refused."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _parts(data: ReportData, shown: int, worst_planets: int) -> list[sections.Part]:
    score = scored(data)
    return [
        sections.scores(data, score),
        sections.planets(data, shown),
        sections.curves(data),
        sections.errors(data, score),
        sections.worst(data, score, worst_planets),
        sections.training(data),
        sections.conformal(data),
        sections.kill_chain(data),
        sections.runs(data),
    ]


def _asset(name: str) -> str:
    return files("spectramind.diagnostics").joinpath(name).read_text(encoding="utf-8")


def _header(title: str, provenance: Mapping[str, str], present: Sequence[Section]) -> str:
    chips = "".join(
        f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>"
        for key, value in provenance.items()
    )
    links = "".join(f'<a href="#{part.anchor}">{escape(part.title)}</a>' for part in present)
    return (
        f"<header><h1>{escape(title)}</h1><dl>{chips}</dl></header>"
        f'<nav aria-label="sections">{links}</nav>'
    )


def _section(part: Section) -> str:
    return f'<section id="{part.anchor}"><h2>{escape(part.title)}</h2>{part.html}</section>'


def _missing(missing: Sequence[Absent]) -> str:
    if not missing:
        return ""
    items = "".join(
        f"<li>{escape(part.what)}: <code>spectramind {escape(part.command)}</code></li>"
        for part in missing
    )
    return (
        '<section id="absent"><h2>Not in this report</h2>'
        '<p class="lead">What is missing, and the command that makes it.</p>'
        f"<ul>{items}</ul></section>"
    )


def _planet(data: ReportData, row: int) -> dict[str, Any]:
    """One planet for the selector: depths in ppm to 0.1, light curves in ppm from 1."""
    name = data.planet_ids[row]
    curve = data.light_curves.get(name)
    return {
        "id": name,
        "note": _note(data, row),
        "mu": listed(data.mu[row] * PPM, 1),
        "sigma": listed(data.sigma[row] * PPM, 1),
        "truth": _ppm_or_none(data.truth, row),
        "half": _ppm_or_none(data.half_width, row),
        "curve": None if curve is None else _curve(curve),
    }


def _ppm_or_none(values: Any, row: int) -> list[float | None] | None:
    if values is None or not np.isfinite(values[row]).any():
        return None
    return listed(values[row] * PPM, 1)


def _curve(curve: LightCurve) -> dict[str, Any]:
    series = {
        "fgs1": curve.fgs1,
        "airs": curve.airs_white,
        "fgs1_model": curve.model_fgs1,
        "airs_model": curve.model_airs,
    }
    ppm = {k: None if v is None else listed((v - 1) * PPM, 0) for k, v in series.items()}
    return {"time": listed(curve.time_h, 4), **ppm}


def _note(data: ReportData, row: int) -> str:
    """Depth, and the error where the truth is known."""
    text = f"mean depth {data.mu[row].mean() * PPM:,.0f} ppm"
    if row in data.labelled and data.truth is not None:
        error = data.mu[row] - data.truth[row]
        z = np.sqrt(np.mean((error / data.sigma[row]) ** 2))
        text += f", rms error {np.sqrt(np.mean(error**2)) * PPM:,.0f} ppm, rms z {z:.2f}"
    return text
