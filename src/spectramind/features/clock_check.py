"""Do both detectors see the transit at the same time?

The fit has one mid-time. A detector whose clock is off gets a wrong depth from it, with a small
sigma. So each white light curve is asked alone: the transit's shape, moved along the clock, beside
the drift that the white-light fit allows; level, drift and depth are solved for at every shift (all
linear). How much better two mid-times explain both curves than one is the doubt; by how much the
depth at the common mid-time falls short of the one at the detector's own is what the clock costs.

Drift and red noise can pull a mid-time, too: chi^2 is taken in units of what the residuals scatter
over the time in which a transit's flanks stand, not from sample to sample, and a dip counts as the
same planet's only if it is about as deep as the other detector's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.contracts.series import usual_step
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis
from spectramind.features.transit_model import BANDS, TransitModel
from spectramind.features.white_fit import WhiteFit
from spectramind.instrument.grid import FGS1_BIN, N_BINS

Array = NDArray[np.float64]

SURE = 5.0  # sigma by which two mid-times must beat one
LEAST_MIN = 1.0  # minutes apart: less costs less than what is known of a depth
_ALIKE = (0.5, 2.0)  # depth in one detector by the other's
_MEMORY_H = (0.25, 0.5, 1.0)  # over which residuals are averaged to see what they remember
_STEPS = 2  # shifts tried from one sample to the next
_SAFETY = 2.0  # of the error stated: shape and drift give way to a wrong mid-time as well
_RANK = 1e-9  # regressors weaker than this, against the strongest, are none
_MINUTES_AN_HOUR = 60.0


@dataclass(frozen=True)
class ClockDoubt:
    """Detectors that disagree.

    Attributes:
        reason: in words.
        error: (283,) standard deviation, as a share of its depth, of what the common mid-time does
            to each bin, the same way in all bins of a detector.
    """

    reason: str
    error: Array


@dataclass(frozen=True)
class _Scan:
    """One detector's light curve against a shifted transit, (S,) each: gain in chi^2, depth."""

    gain: Array
    depth: Array


def doubt_clocks(
    time_h: Array,
    bands: Array,
    pointing: Array,
    star: StarRow,
    white: WhiteFit,
    config: FitConfig,
) -> ClockDoubt | None:
    """Compare the mid-times that both white light curves ask for; None: they may be the same.

    Args:
        time_h, bands, pointing, star, config: what ``fit_white`` was given.
        white: what it found.
    """
    if white.detection < config.detection_sigma:
        return None
    kept = white.kept
    time_h, flux = time_h[kept], bands[kept] / np.median(bands[kept], axis=0)
    basis = np.column_stack([np.ones(len(time_h)), drift_basis(time_h, config), pointing[kept]])
    shifts, dips = _moved(time_h, star, white, config)
    scans = [_scan(flux[:, band], dips[band], basis, time_h) for band in range(len(BANDS))]
    own = [int(scan.gain.argmax()) for scan in scans]
    common = int((scans[0].gain + scans[1].gain).argmax())
    better = sum(s.gain[at] - s.gain[common] for s, at in zip(scans, own, strict=True))
    moved = [_vertex(shifts, scan.gain, at) for scan, at in zip(scans, own, strict=True)]
    apart_min = (moved[0] - moved[1]) * _MINUTES_AN_HOUR
    depths = [float(scan.depth[at]) for scan, at in zip(scans, own, strict=True)]
    alike = min(depths) > 0 and _ALIKE[0] < depths[0] / depths[1] < _ALIKE[1]
    if better < SURE**2 or abs(apart_min) < LEAST_MIN or not alike:
        return None
    here = int(np.abs(shifts).argmin())
    # Who sees the transit when the fit has it lost nothing.
    lost = [
        _SAFETY * abs(1 - float(scan.depth[here]) / depth)
        if abs(at) * _MINUTES_AN_HOUR > LEAST_MIN
        else 0.0
        for scan, depth, at in zip(scans, depths, moved, strict=True)
    ]
    when = "after" if apart_min > 0 else "before"
    return ClockDoubt(
        f"FGS1 sees the transit {abs(apart_min):.1f} min {when} AIRS ({np.sqrt(better):.1f} sigma):"
        " are their clocks the same?",
        np.where(np.arange(N_BINS) == FGS1_BIN, lost[0], lost[1]),
    )


def _moved(
    time_h: Array, star: StarRow, white: WhiteFit, config: FitConfig
) -> tuple[Array, list[Array]]:
    """Shifts (S,) of the mid-time [h], and both bands' dips (T, S), of the depth k^2 of the fit.

    The fit's transit is computed once, on a clock that holds all shifts, and read off there.
    """
    step = usual_step(time_h)
    t0, span = float(white.values[0]), float(time_h[-1] - time_h[0])
    fine = np.arange(-span, span, step / _STEPS)
    # The model integrates over its own step: sampled finer, it is averaged to an exposure here.
    model = TransitModel(fine + t0, star, config.substep_h)
    radius = np.full(len(BANDS), white.values[3:5].max())
    flux = model.flux(model.separation(*white.values[:3]), radius, white.values[5:].reshape(2, 2))
    box = np.ones(_STEPS) / _STEPS
    shapes = [np.convolve(1 - row, box, mode="same") / radius[0] ** 2 for row in flux]
    # Whole steps from the common mid-time, as long as it stays within the visit.
    shifts = fine - fine[np.abs(fine).argmin()]
    shifts = shifts[(t0 + shifts >= time_h[0]) & (t0 + shifts <= time_h[-1])]
    elapsed = time_h[:, None] - t0 - shifts
    return shifts, [np.interp(elapsed, fine, shape, left=0.0, right=0.0) for shape in shapes]


def _scan(flux: Array, dips: Array, basis: Array, time_h: Array) -> _Scan:
    """Every shift's dip beside the drift: flux (T,) by its median, dips (T, S), basis (T, K)."""
    drift, strength, _ = np.linalg.svd(basis, full_matrices=False)
    drift = drift[:, strength > _RANK * strength[0]]
    left = flux - drift @ (drift.T @ flux)
    own = -(dips - drift @ (drift.T @ dips))
    power = np.maximum((own**2).sum(axis=0), 1e-12)
    depth = (left @ own) / power
    raised = np.where(depth > 0, power * depth**2, 0.0)
    best = int(raised.argmax())
    variance = _remembered(left - depth[best] * own[:, best], time_h)
    return _Scan(raised / variance, depth)


def _vertex(shifts: Array, gain: Array, at: int) -> float:
    """Shift [h] at the top of a parabola through the best one and its neighbours."""
    if not 0 < at < len(gain) - 1:
        return float(shifts[at])
    before, top, after = gain[at - 1 : at + 2]
    bend = before - 2 * top + after
    move = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(shifts[at] + move * (shifts[1] - shifts[0]))


def _remembered(residual: Array, time_h: Array) -> float:
    """Variance of white noise whose means would scatter as much as these residuals' means do."""
    found = float(np.mean(residual**2))
    step = usual_step(time_h)
    for memory in _MEMORY_H:
        size = max(round(memory / step), 1)
        count = len(residual) // size
        if count >= 4:
            means = residual[: count * size].reshape(count, size).mean(axis=1)
            found = max(found, float(size * np.mean(means**2)))
    return max(found, 1e-14)
