"""Coverage by region of the spectrum, by signal over noise, and of both together."""

from typing import Any

import numpy as np

from spectramind.diagnostics import group_rows
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.plain_verdicts import groups_words, interval_words
from spectramind.diagnostics.region_names import region_name
from spectramind.diagnostics.report_data import ReportData
from spectramind.diagnostics.statistics import (
    Scored,
    coverage,
    interval_chance,
    outside,
    scored_errors,
)
from spectramind.evaluation.group_coverage import CHANCE, ScoredErrors
from spectramind.evaluation.planet_groups import PlanetGroup, group_by_edges
from spectramind.evaluation.spectral_regions import spectral_regions
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import lead
from spectramind.plotting.html_tables import Column

SNR_EDGES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
REGION, SNR = "region", "depth / σ"


def collect(context: ReportContext) -> Values | Lack:
    """Rows by region, by class of signal over noise and of both; bins outside their band."""
    data, score = context.data, context.score
    if score is None:
        return Lack(data.problems.get("truth", "") or data.problems.get("mu", ""))
    judge, rows = scored_errors(data, score), data.labelled
    everyone = PlanetGroup("all", np.arange(len(rows)))
    classes = group_by_edges(_signal(data), SNR_EDGES, ",.0f")
    regions = {region_name(name): bins for name, bins in spectral_regions().items()}
    found = [judge.of(SNR, group) for group in classes]
    whole = [
        judge.of(REGION, PlanetGroup(name, everyone.rows), bins) for name, bins in regions.items()
    ]
    level = None if judge.half_width is None else data.coverage_level
    return group_rows.values_of([*whole, *found], level) | {
        "crossed": [_crossed(judge, name, bins, classes) for name, bins in regions.items()],
        "classes": [group.label for group in classes],
        "whole": judge.of(REGION, everyone).to_row(),
        "bins": _bins(data, score),
    }


def _signal(data: ReportData) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Median over AIRS bins of depth / sigma, a planet."""
    rows = data.labelled
    return np.asarray(np.median(data.mu[rows, 1:] / data.sigma[rows, 1:], axis=1), dtype=np.float64)


def _crossed(judge: ScoredErrors, name: str, bins: Any, classes: list[PlanetGroup]) -> Values:
    """One region: coverage of each class, of the intervals where there are some, else of sigma."""
    key = "inside_sigma" if judge.half_width is None else "inside_interval"
    found = [judge.of(REGION, group, bins).to_row()[key] for group in classes]
    return {"region": name} | {f"class_{n}": value for n, value in enumerate(found)}


def _bins(data: ReportData, score: Scored) -> Values | None:
    """Per bin: coverage, quantile, and how many bins the band of chance does not hold."""
    if score.half_width is None or data.corel is None:
        return None
    inside = coverage(score.error, score.half_width)
    band = interval_chance(data.corel.n, data.corel.alpha, len(score.ids))
    out, there = (None, None) if band is None else outside(inside, band)
    return {
        "wavelength_um": plain(data.wavelength_um),
        "inside": plain(inside),
        "q": plain(data.corel.q),
        "inside_sigma": plain(coverage(score.error, score.sigma)),
        "chance": None if band is None else list(band),
        "outside": out,
        "there": there,
        "calibration": data.corel.n,
        "alpha": data.corel.alpha,
    }


def draw(values: Values) -> PanelBody:
    """The figure, the table of regions and classes, the table of its numbers."""
    rows, bins = values["groups"], values["bins"]
    note = group_rows.verdict(rows)
    if bins is not None and bins["chance"] is not None:
        low, high = bins["chance"]
        note = (
            f"{bins['outside']} of {bins['there']} bins lie outside {low:.1%} to {high:.1%}, where "
            f"chance puts {CHANCE:.0%} of them ({(1 - CHANCE) * bins['there']:.0f} outside are "
            f"expected; neighbours err together, so they come in runs): the Beta law of "
            f"{bins['calibration']} calibration planets. {note}"
        )
    figures = group_rows.figures("region", values)
    html = lead(group_rows.HOW) + group_rows.places(figures)
    html += _crossed_table(values) + group_rows.table(rows)
    files = {"regions": group_rows.csv_rows(rows)}
    if bins is not None:
        files["coverage_bins"] = _bin_rows(bins)
    brief = group_rows.brief(rows)
    return PanelBody(html, note, figures, tables=files, brief=brief, verdict=_verdict(values))


def _verdict(values: Values) -> PlainWords | None:
    """What the intervals hold over all bins; without intervals the regions where sigma fails."""
    whole = values["whole"]
    if values["level"] is None or whole["inside_interval"] is None:
        return groups_words(values["groups"], "regions and classes of depth / σ")
    low, high = whole["inside_interval_low"], whole["inside_interval_high"]
    band = None if low is None or high is None else (low, high)
    return interval_words(whole["inside_interval"], values["level"], band)


def _crossed_table(values: Values) -> str:
    """Regions down, classes of depth / sigma across."""
    if len(values["classes"]) < 2:
        return ""
    columns = [Column("region", "region")] + [
        Column(f"class_{n}", f"{SNR} {label}", ".1%") for n, label in enumerate(values["classes"])
    ]
    what = "±1σ" if values["level"] is None else f"the {values['level']:.0%} intervals"
    head = f"<h3>Regions and {SNR}</h3>" + lead(
        f"Coverage of {what}; {SNR} is the median over AIRS. A dash: too few planets to say."
    )
    return head + tables.table(columns, values["crossed"])


def _bin_rows(bins: Values) -> list[dict[str, Any]]:
    low, high = bins["chance"] or (None, None)
    columns = zip(
        bins["wavelength_um"], bins["q"], bins["inside_sigma"], bins["inside"], strict=True
    )
    return [
        {
            "bin": number,
            "wavelength_um": um,
            "q": q,
            "inside_sigma": sigma,
            "inside_interval": inside,
            "chance_low": low,
            "chance_high": high,
        }
        for number, (um, q, sigma, inside) in enumerate(columns)
    ]


PANEL = Panel(
    topic="coverage",
    anchor="regions",
    title="Coverage by region",
    needs="coverage by region (no planet here has a known truth)",
    command="score",
    look_for="A molecule whose windows are covered less than promised has its abundance told with "
    "too much confidence; a class of depth / σ outside its band says whether σ fails where the "
    "planet is seen well or badly.",
    collect=collect,
    draw=draw,
)
