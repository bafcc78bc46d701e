"""The sections of the report. Each is a function of the data: a section, or why it is absent."""

from dataclasses import dataclass, field
from html import escape

import numpy as np

from spectramind.diagnostics import figures
from spectramind.diagnostics.data import ReportData
from spectramind.diagnostics.statistics import CHANCE, Scored, coverage, log_likelihood, rms
from spectramind.plotting import html_tables as tables
from spectramind.plotting.plot import Figure

PPM = 1e6


@dataclass(frozen=True)
class Section:
    """One section: anchor, heading, HTML, and the figures whose places the HTML holds."""

    anchor: str
    title: str
    html: str
    figures: dict[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True)
class Absent:
    """What is left out of the page, and the ``spectramind`` command that would bring it."""

    what: str
    command: str


Part = Section | Absent


def lead(text: str) -> str:
    """The line below a heading that says how to read what follows."""
    return f'<p class="lead">{escape(text)}</p>'


def place(name: str, wide: bool = True) -> str:
    """Where a figure is drawn."""
    return f'<figure id="{name}" class="{"plot" if wide else "plot half"}"></figure>'


def scores(data: ReportData, score: Scored | None) -> Part:
    """Cards, the estimators on one line, and their table."""
    if not data.summaries:
        return Absent("scores of the model and of the references", "score")
    model = data.summaries[0]
    cards = tables.card(
        "Official score",
        tables.shown(model.get("score"), ".3f"),
        f"CI {tables.shown(model.get('low'), '.3f')} to {tables.shown(model.get('high'), '.3f')}",
    )
    for other in data.summaries[1:]:
        if None not in (model.get("score"), other.get("score")):
            gain = f"{model['score'] - other['score']:+.3f}"
            cards += tables.card(f"Beside {other['name']}", gain, f"its score {other['score']:.3f}")
    inside = tables.shown(model.get("coverage_1sigma"), ".1%")
    cards += tables.card("Inside ±1σ", inside, "68.3% expected of an honest σ")
    if data.coverage_level is not None:
        cards += tables.card(
            "Inside the interval",
            tables.shown(model.get("coverage_interval"), ".1%"),
            f"at least {data.coverage_level:.0%} promised per bin",
        )
    known = "none" if score is None else str(len(score.ids))
    cards += tables.card("Planets", f"{len(data.planet_ids):,}", f"{known} with known truth")
    html = f'<div class="cards">{cards}</div>{tables.whiskers(data.summaries)}'
    html += tables.table(tables.SUMMARY_COLUMNS, data.summaries, first="model")
    return Section("scores", "Scores", html)


def planets(data: ReportData, shown: int) -> Part:
    """The selector and the chosen planet's spectrum."""
    if not data.planet_ids:
        return Absent("spectra", "predict")
    bands = "±1σ is dark, the conformal interval light; a bin without a finite one has none."
    if data.half_width is None:
        bands = "±1σ is shaded; conformal intervals come with spectramind calibrate-corel."
    picked = f"{shown} of {len(data.planet_ids)} planets to choose from"
    how = (
        ": the worst, and the others evenly over the ranks" if shown < len(data.planet_ids) else ""
    )
    axis = "The wavelength axis is broken between FGS1 and AIRS-CH0."
    html = lead(f"{bands} {axis} {picked}{how}.")
    html += (
        '<div class="chooser"><button type="button" id="previous" aria-label="previous planet">‹'
        '</button><select id="planet" aria-label="planet"></select><button type="button" id="next"'
        ' aria-label="next planet">›</button><span id="planet-note"></span></div>'
    )
    drawn = {
        "spectrum": figures.spectrum(
            data.truth is not None, data.half_width is not None, data.coverage_level
        )
    }
    return Section("spectra", "Spectra", html + place("spectrum"), drawn)


def curves(data: ReportData) -> Part:
    """The chosen planet's white light curves."""
    if not data.planet_ids or not data.light_curves:
        return Absent("light curves", "features")
    fitted = any(
        curve.model_fgs1 is not None or curve.model_airs is not None
        for curve in data.light_curves.values()
    )
    html = lead("The planet chosen above: binned white light, the fitted transit, what is left.")
    drawn = {"light-curves": figures.light_curves(fitted)}
    return Section("light-curves-section", "Light curves", html + place("light-curves"), drawn)


def errors(data: ReportData, score: Scored | None) -> Part:
    """Per-bin errors and coverage, distribution of z, sigma against error."""
    if score is None:
        return Absent("errors and coverage (no planet here has a known truth)", "score")
    law = "binomial"
    if score.half_width is not None:
        law = (
            "±1σ: binomial; interval: the Beta(k, n+1−k) law of one calibration set of n planets, "
            "counted on these planets"
        )
    bands = (
        f"{len(score.ids)} planets. Grey and green: where {CHANCE:.0%} of the bins fall by chance "
        f"({law}). Shaded vertically: molecule windows."
    )
    beyond = float((np.abs(score.z) > figures.Z_LIMIT).mean())
    z_note = f"{beyond:.2%} of the values lie beyond ±{figures.Z_LIMIT:g} and are not drawn."
    pair = (
        f'<div class="pair"><div><h3>z-scores</h3>{lead(z_note)}{place("z-scores", False)}</div>'
        f"<div><h3>Predicted σ and actual error</h3>{lead('Above the diagonal: overconfident.')}"
        f"{place('sigma-error', False)}</div></div>"
    )
    drawn = {
        "residuals": figures.residuals(data.wavelength_um, score, data.coverage_level, data.corel),
        "z-scores": figures.z_histogram(score),
        "sigma-error": figures.sigma_calibration(score),
    }
    html = lead(bands) + place("residuals") + pair
    return Section("errors", "Errors and coverage", html, drawn)


def worst(data: ReportData, score: Scored | None, count: int) -> Part:
    """The planets the likelihood punishes most."""
    if score is None:
        return Absent("worst planets (no planet here has a known truth)", "score")
    likelihood, z = log_likelihood(score), rms(score.z, 1)
    airs, sigma = rms(score.error[:, 1:], 1) * PPM, rms(score.sigma[:, 1:], 1) * PPM
    rows = [
        {
            "planet": score.ids[i],
            "log_likelihood": float(likelihood[i]),
            "fgs1": float(score.error[i, 0] * PPM),
            "airs": float(airs[i]),
            "sigma": float(sigma[i]),
            "z": float(z[i]),
            "inside": _share_inside(score, int(i)),
        }
        for i in np.argsort(likelihood)[:count]
    ]
    html = lead("Lowest Gaussian log-likelihood first, depths in ppm. Choose one to see it above.")
    return Section("worst", "Worst planets", html + tables.table(tables.WORST_COLUMNS, rows))


def _share_inside(score: Scored, row: int) -> float | None:
    if score.half_width is None:
        return None
    inside = coverage(score.error[row : row + 1], score.half_width[row : row + 1])
    return float(np.nanmean(inside)) if np.isfinite(inside).any() else None


def training(data: ReportData) -> Part:
    """Losses and scores by epoch."""
    if not data.history:
        return Absent("loss curves", "train")
    html = lead("Dashed: the physics estimate without the network, on the same planets.")
    drawn = {"history": figures.history(data.history, data.baseline, data.chosen_epoch)}
    return Section("training", "Training", html + place("history"), drawn)


def conformal(data: ReportData) -> Part:
    """COREL's quantile and factor per bin."""
    step = data.corel
    if step is None:
        return Absent("COREL quantiles q per bin", "calibrate-corel")
    text = (
        f"α = {step.alpha:g}, {step.n} calibration planets: marginal per-bin coverage of at least "
        f"{1 - step.alpha:.0%} over exchangeable planets. Dashed: the value for normal z."
    )
    rows = [
        {"bin": i, "wavelength": float(um), "q": float(q), "factor": float(factor)}
        for i, (um, q, factor) in enumerate(
            zip(data.wavelength_um, step.q, step.factor, strict=True)
        )
    ]
    body = tables.table(tables.COREL_COLUMNS, rows)
    html = lead(text) + place("corel-bins")
    html += f"<details><summary>Table of all {len(rows)} bins</summary>{body}</details>"
    drawn = {"corel-bins": figures.corel(data.wavelength_um, step)}
    return Section("corel", "COREL", html, drawn)


def kill_chain(data: ReportData) -> Part:
    """What the detector calibration did to each visit."""
    if not data.calibration:
        return Absent("kill chain by visit", "calibrate")
    html = lead("One row a visit, from the kill chain's own logs.")
    return Section("kill-chain", "Kill chain", html + tables.loose_table(data.calibration))


def runs(data: ReportData) -> Part:
    """The run record."""
    if not data.events:
        return Absent("run record (every command adds to it)", "selftest")
    rows = [{**row, "duration_ms": tables.duration(row.get("duration_ms"))} for row in data.events]
    return Section("runs", "Runs", tables.table(tables.EVENT_COLUMNS, rows))
