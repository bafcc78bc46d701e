"""What is known of one planet, as plain text: for people at a terminal, or a language model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spectramind.contracts.predictive import Predictive
from spectramind.diagnostics.panel import Values
from spectramind.evaluation.spectral_regions import spectral_regions
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN
from spectramind.symbolic.violation_log import PlanetViolations, Severity

PPM = 1e6


@dataclass(frozen=True, eq=False)
class KnownOfPlanet:
    """One planet.

    Attributes:
        found: its prediction, one row.
        doubt: why no visit's fit is trusted, empty where one is; None where that is not known.
        rules: what the auditor says of it; None where it has not judged.
        parts: what made its mu, by band, of the stored topic; None where that is not known.
        bands: names of these bands, in order.
        lacking: what is not known, and what brings it.
    """

    found: Predictive
    doubt: str | None = None
    rules: PlanetViolations | None = None
    parts: Values | None = None
    bands: Sequence[str] = ()
    lacking: tuple[str, ...] = ()


def planet_text(known: KnownOfPlanet) -> str:
    """The page of a planet as text; depths are (Rp/Rs)^2 in ppm."""
    parts = [
        f"Planet {known.found.planet_ids[0]}: transmission spectrum of Ariel, depths in ppm",
        _spectrum(known.found),
        _regions(known.found),
        _doubt(known.doubt),
        _rules(known.rules),
        _made(known.parts, known.bands),
        *(f"Not known: {line}" for line in known.lacking),
    ]
    return "\n\n".join(part for part in parts if part)


def _spectrum(found: Predictive) -> str:
    mu, sigma = PPM * found.spectra.mu[0], PPM * found.spectra.sigma[0]
    airs = mu[AIRS_BINS]
    lines = [
        "Prediction",
        f"  FGS1 (0.60 to 0.80 um): {mu[FGS1_BIN]:.1f} +- {sigma[FGS1_BIN]:.1f}",
        f"  AIRS (1.95 to 3.90 um), mean of 282 bins: {airs.mean():.1f}; sigma of a bin: median "
        f"{np.median(sigma[AIRS_BINS]):.1f}; bins scatter by {airs.std():.1f} around the mean",
    ]
    for one in () if found.intervals is None else found.intervals.every_level:
        half = PPM * np.median(one.half_width[0][AIRS_BINS])
        lines.append(f"  {one.level:.0%} intervals: +- {half:.1f} in the median AIRS bin")
    return "\n".join(lines)


def _regions(found: Predictive) -> str:
    mu, sigma = PPM * found.spectra.mu[0], PPM * found.spectra.sigma[0]
    level = mu[AIRS_BINS].mean()
    lines = ["Regions (windows of molecules overlap): mean depth, less AIRS's mean, median sigma"]
    for name, bins in spectral_regions().items():
        here = mu[bins].mean()
        lines.append(f"  {name}: {here:.1f}, {here - level:+.1f}, {np.median(sigma[bins]):.1f}")
    return "\n".join(lines)


def _doubt(doubt: str | None) -> str:
    if doubt is None:
        return ""
    return f"Fit of the transit: {f'doubted: {doubt}' if doubt else 'trusted'}"


def _rules(rules: PlanetViolations | None) -> str:
    if rules is None:
        return ""
    lines = [f"Physical rules: {rules.severity}"]
    for entry, facts in rules.violations.items():
        status = facts.get("status")
        if status in (Severity.WARN, Severity.FAIL):
            lines.append(f"  {entry}: {status} ({_facts(facts)})")
    stranger = rules.out_of_distribution
    if stranger is not None:
        alarm = "unlike the known spectra" if stranger.alarm else "like the known spectra"
        lines.append(f"  {alarm}: chance {stranger.chance:.3g} that a known one is as far")
    return "\n".join(lines)


def _facts(facts: Mapping[str, object]) -> str:
    shown = [
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in facts.items()
        if name != "status" and isinstance(value, int | float | str)
    ]
    return ", ".join(shown) or "see the violation log"


def _made(parts: Values | None, bands: Sequence[str]) -> str:
    if parts is None:
        return ""
    lines = [
        f"What made the depths: level {parts['level_ppm']:.1f} (AIRS's mean), of which spots and "
        f"faculae {parts['lifted_ppm']:.1f}; the prior's share of the level is "
        f"{parts['prior_of_level']:.1%}, of the shape {parts['prior_of_shape']:.1%}; likeliest "
        f"kind of planet: {parts['first']}; star with spots or faculae: {parts['patchy']:.1%}",
        f"  parts in bands ({', '.join(bands)}), less the level:",
    ]
    for name, row in parts["by_band_ppm"].items():
        values = ", ".join("-" if value is None else f"{value:.1f}" for value in row)
        lines.append(f"  {name}: {values}")
    return "\n".join(lines)
