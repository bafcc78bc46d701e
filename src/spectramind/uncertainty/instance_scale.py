"""Sigma of a set of planets from the set itself, no label read: a last factor, off by default.

What the light curves leave over after the fit, against the noise that calibration states, tells
whether this set is noisier than it believes more than the planets were that sigma was calibrated
on. The factor is the root of that ratio, of the detector that is the worse, and never below 1: a
quiet set is no reason to promise more. It is one factor a set, for a planet's own ratio says too
little of its error (ADR 0027).
"""

import numpy as np

from spectramind.contracts.predictive import Intervals, Predictive, SigmaParts
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.uncertainty.two_samples import LEAST

_COLUMNS = [list(TRAITS).index(name) for name in ("chi2_fgs1", "chi2_airs")]


def instance_factor(seen: Traits, new: Traits) -> float | None:
    """The factor; None where either set has too few planets that were measured.

    Args:
        seen: the planets that calibration saw. new: those predicted.
    """
    before, after = seen.values[:, _COLUMNS], new.values[:, _COLUMNS]
    if min(np.isfinite(one).sum(axis=0).min() for one in (before, after)) < LEAST:
        return None
    excess = np.nanmedian(after, axis=0) - np.nanmedian(before, axis=0)
    return float(np.exp(max(0.0, excess.max()) / 2))


def widened(answer: Predictive, factor: float) -> Predictive:
    """Sigma, its parts and the intervals times a factor; the mean stays."""
    spectra, intervals, parts = answer.spectra, answer.intervals, answer.parts
    if intervals is not None:
        intervals = Intervals(intervals.level, factor * intervals.half_width)
    if parts is not None:
        parts = SigmaParts(factor * parts.aleatoric, factor * parts.epistemic)
    wide = Spectra(spectra.planet_ids, spectra.mu, factor * spectra.sigma)
    return Predictive(wide, intervals, parts)
