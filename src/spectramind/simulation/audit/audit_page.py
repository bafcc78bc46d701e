"""The page that sets simulated data beside real ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spectramind.physics.line_list import Lines
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import PagePart, document, lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.molecule_strip import sticks_of, strip_words
from spectramind.simulation.audit import audit_figures as figures
from spectramind.simulation.audit.audit_figures import Views
from spectramind.simulation.audit.expectations import RangeComparison

_COLUMNS = (
    Column("title", "number"),
    Column("simulated", "simulated", ".4g"),
    Column("real", "real", ".4g"),
    Column("low", "from", ".4g"),
    Column("high", "to", ".4g"),
    Column("verdict", "verdict"),
    Column("source", "range"),
)


@dataclass(frozen=True)
class SimulationReport:
    """What the page shows; each mapping has "simulated" and, where there is real data, "real".

    Attributes:
        provenance: what it was made of.
        telemetry, population: rows of the tables.
        airs, fgs1: one visit on either detector; empty for a tree without telemetry.
        depths: spectra (planets, 283).
        stars: star tables.
        lines: of the user's line list, by gas; sticks below the spectra.
    """

    provenance: Mapping[str, str]
    telemetry: Sequence[RangeComparison]
    population: Sequence[RangeComparison]
    airs: Views
    fgs1: Views
    depths: Mapping[str, NDArray[np.float64]]
    stars: Mapping[str, pd.DataFrame]
    lines: Mapping[str, Lines] = field(default_factory=dict)


def build_simulation_page(report: SimulationReport) -> str:
    """One HTML text that needs nothing else."""
    detectors = (("airs", "AIRS-CH0", report.airs), ("fgs1", "FGS1", report.fgs1))
    parts = [
        _numbers(report),
        *(_detector(key, title, views) for key, title, views in detectors if views),
        _population(report),
    ]
    return document("Simulated beside real", report.provenance, parts)


def _numbers(report: SimulationReport) -> PagePart:
    rows = [*report.telemetry, *report.population]
    inside = sum(row.verdict == "in range" for row in rows)
    measured = sum(row.simulated is not None for row in rows)
    text = (
        f"{inside} of {measured} simulated numbers lie in the published ranges. One reset cycle, "
        "medians over the first visits; both trees are cut to the same few exposures."
    )
    table = tables.table(_COLUMNS, [row.to_json() for row in rows])
    return PagePart("numbers", "Numbers", lead(text) + table)


def _detector(key: str, title: str, views: Views) -> PagePart:
    drawn = {
        f"{key}-counts": figures.counts(views),
        f"{key}-image": figures.image(views),
        f"{key}-transfer": figures.transfer(views),
        f"{key}-frames": figures.frames(views),
        f"{key}-linearity": figures.linearity(views),
    }
    html = "<h3>Mean image</h3>" + place(f"{key}-image")
    html += '<div class="pair">'
    for name, heading in (
        ("transfer", "Variance against mean; above the line: jitter"),
        ("counts", "Raw counts"),
        ("linearity", "Linearity correction"),
        ("frames", "Reference frames, cumulative"),
    ):
        html += f"<div><h3>{heading}</h3>{place(f'{key}-{name}', False)}</div>"
    return PagePart(key, title, html + "</div>", drawn)


def _population(report: SimulationReport) -> PagePart:
    sticks = sticks_of(report.lines)
    drawn = {
        "spectra": figures.spectra(report.depths, sticks),
        "scatter": figures.scatter(report.depths),
        "star-table": figures.star_table(report.stars),
    }
    counted = ", ".join(f"{len(table):,} {name}" for name, table in report.depths.items())
    html = lead(f"Spectra: {counted}. {strip_words(sticks)}") + place("spectra")
    html += "<h3>Step from FGS1 to AIRS</h3>" + place("scatter")
    html += "<h3>Star table, cumulative</h3>" + place("star-table")
    return PagePart("population", "Planets", html, drawn)
