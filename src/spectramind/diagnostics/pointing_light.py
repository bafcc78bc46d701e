"""How light follows the images' motion, and at which frequencies the images move."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.contracts.series import usual_step
from spectramind.diagnostics.panel import plain
from spectramind.diagnostics.residual_noise import SECONDS, on_grid, periodogram, whitened
from spectramind.diagnostics.residual_summary import nearest, stacked, whole

Array = NDArray[np.float64]
# What a detector's light is followed by, in the order of its columns of motion.
MOTIONS = {
    "fgs1": ("row", "column", "width"),
    "airs": ("FGS1 row", "FGS1 column", "FGS1 width", "along the slit", "width"),
}
_CLASSES = 15  # of motion, alike in size if it is normal
_FEWEST, _FEW_PLANETS = 3, 3  # samples of a planet in a class, and planets
_AXES = ("row", "column")
_SLOW = 6  # lowest frequencies, which drifts of the pointing bend: no peak is looked for there


class Left(Protocol):
    """What a fit leaves of one light curve: ``features.native_residuals.NativeFit``."""

    @property
    def time_h(self) -> Array: ...
    @property
    def ppm(self) -> Array: ...
    @property
    def motion(self) -> Array: ...
    @property
    def slopes(self) -> Array: ...
    @property
    def errors(self) -> Array: ...


def pointing_of(
    fits: Sequence[Left], planets: Sequence[str], motions: Sequence[str]
) -> list[dict[str, Any]]:
    """By motion, how the light of all planets follows it; motion in its own standard deviations.

    ``slope_ppm`` is what one standard deviation of the motion does, the mean over planets weighed
    by their errors; ``at``, ``ppm``, ``error``: means in classes of the motion, with the straight
    line that the fit takes out left in; ``bent_ppm``: rms of the same without that line and its
    noise, ``bent_chance``: the chance of as much.
    """
    found = []
    for column, name in enumerate(motions):
        size = np.array([fit.motion[:, column].std() for fit in fits])
        slope = np.array([fit.slopes[column] for fit in fits]) * size
        error = np.array([fit.errors[column] for fit in fits]) * size
        known = np.isfinite(error) & (error > 0)
        if not known.any():
            continue
        weight = 1 / error[known] ** 2
        z = np.where(known, slope / np.where(known, error, 1.0), 0.0)
        worst, spread = int(np.abs(z).argmax()), float(np.sqrt(np.mean(z[known] ** 2)))
        found.append(
            {
                "motion": name,
                "slope_ppm": float((weight * slope[known]).sum() / weight.sum()),
                "slope_error": float(max(spread, 1.0) / np.sqrt(weight.sum())),
                "spread": spread,
                "planets": int(known.sum()),
                "worst": planets[worst],
                "worst_ppm": float(slope[worst]),
                "worst_error": float(error[worst]),
                **_classes([fits[i] for i in np.flatnonzero(known).tolist()], column),
            }
        )
    return found


def _classes(fits: Sequence[Left], column: int) -> dict[str, Any]:
    """Mean light in classes of the motion, planets weighed by the scatter of their light.

    Errors are by how planets differ, so that they hold whatever memory the noise has.
    """
    edges = stats.norm.ppf(np.linspace(0, 1, _CLASSES + 1))[1:-1]
    means = np.full((3, len(fits), _CLASSES), np.nan)  # of motion, light, and light without line
    for row, fit in enumerate(fits):
        moved = fit.motion[:, column] / fit.motion[:, column].std()
        where = np.searchsorted(edges, moved)
        count = np.bincount(where, minlength=_CLASSES)
        for number, values in enumerate(
            (moved, fit.ppm + fit.motion[:, column] * fit.slopes[column], fit.ppm)
        ):
            total = np.bincount(where, weights=values, minlength=_CLASSES)
            means[number, row] = np.where(count >= _FEWEST, total / np.maximum(count, 1), np.nan)
    weight = np.array([1 / max(float(fit.ppm.var()), 1e-12) for fit in fits])[:, None]
    weight = np.where(np.isfinite(means[0]), weight, 0.0)
    some = (weight > 0).sum(axis=0) >= _FEW_PLANETS
    if not some.any():
        return {"at": [], "ppm": [], "error": [], "bent_ppm": 0.0, "bent_chance": 1.0}
    means, weight = means[:, :, some], weight[:, some]
    whole = weight.sum(axis=0)
    at, light, left = (np.nansum(one * weight, axis=0) / whole for one in means)
    planets = (weight > 0).sum(axis=0)
    spread = np.nansum((weight * (means[2] - left)) ** 2, axis=0)
    error = np.sqrt(spread * planets / (planets - 1)) / whole
    excess = max(float((left**2 - error**2).mean()), 0.0)
    freedom = max(len(left) - 2, 1)
    # Few planets tell the error itself badly: F, not chi^2.
    ratio = float(((left / np.maximum(error, 1e-12)) ** 2).sum()) / freedom
    return {
        "at": plain(np.round(at, 3)),
        "ppm": plain(np.round(light, 2)),
        "error": plain(np.round(error, 2)),
        "bent_ppm": float(np.sqrt(excess)),
        "bent_chance": float(stats.f.sf(ratio, freedom, int(planets.min()) - 1)),
    }


def jitter_of(fits: Sequence[Left], neighbours: int, false_alarm: float) -> dict[str, Any]:
    """Spectra of FGS1's row and column over all planets, and peaks that all of them share.

    Densities [px^2/mHz] are medians over the planets.
    """
    steps = [usual_step(fit.time_h) * SECONDS for fit in fits]
    usual = fits[int(np.argsort(steps)[len(steps) // 2])]
    base, _ = periodogram(on_grid(usual.time_h, usual.ppm, 0, 0))
    spectra: dict[str, Any] = {"frequency_mhz": [float(f"{f:.4g}") for f in base], "peaks": []}
    for column, axis in enumerate(_AXES):
        rows, flat = [], []
        for fit in fits:
            own, density = periodogram(on_grid(fit.time_h, fit.motion[:, column], 0, 0))
            rows.append(nearest(own, density, base))
            flat.append(whitened(base[_SLOW:], whole(rows[-1])[_SLOW:]))
        middle = np.nanmedian(np.array(rows), axis=0)
        spectra[axis] = [None if v is None else float(f"{v:.4g}") for v in plain(middle)]
        trials = len(_AXES) * len(base)
        peaks = stacked(base[_SLOW:], np.array(flat), neighbours, trials, false_alarm)
        spectra["peaks"] += [{"axis": axis, **peak} for peak in peaks]
    return spectra
