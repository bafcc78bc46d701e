"""What light curves, fit and depths tell of a planet, as one vector: no label, no prediction.

Depths enter as the shape that is seen beyond its own error: the mean depth of each of 13 bands less
the mean over AIRS, in its standard deviation with all that the bands share. A faint planet's noise
thus makes no shape of it. All else is what the drift alarm knows a planet by, and its geometry.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import load_info
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import Planet
from spectramind.contracts.traits import TRAITS
from spectramind.contracts.work_folder import WorkFolder
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.pipeline.planet_traits import of_depths, of_light_curves
from spectramind.prior.error_model import ErrorModel

Array = NDArray[np.float64]
_AIRS_BANDS = 12
# Of ``TRAITS``: those that need neither a prediction nor the prior nor a second visit.
_TRAITS = tuple(
    name for name in TRAITS if name not in ("visits", "evidence", "pull", "sigma", "network")
)
_OTHERS = {
    "impact": "impact parameter",
    "log_a": "orbit's size in stellar radii",
    "bin_error": "a bin's error over depth",
    "level_error": "AIRS level's error over depth",
}


def _bands() -> list[NDArray[np.intp]]:
    """Bins of each band: FGS1, and runs of AIRS bins of equal number."""
    airs = np.arange(N_BINS)[AIRS_BINS]
    return [np.array([FGS1_BIN]), *np.array_split(airs, _AIRS_BANDS)]


def _band_names() -> list[str]:
    um = bin_wavelengths()
    names = [f"{um[bins[0]]:.2f}–{um[bins[-1]]:.2f} µm" for bins in _bands()[1:]]
    return [f"depth's excess at {where}, in its sigmas" for where in ("FGS1", *names)]


COLUMNS: tuple[str, ...] = (
    *(TRAITS[name].said for name in _TRAITS),
    *_OTHERS.values(),
    *_band_names(),
)


def physics_features(config: Config, planets: Sequence[Planet], errors: ErrorModel) -> Array:
    """Features of planets of which something was measured.

    Args:
        config: says where their features lie. planets: with light curves.
        errors: how far stated errors are to be trusted.

    Returns:
        (n, D), columns as in ``COLUMNS``; NaN where a planet does not tell.

    Raises:
        SchemaError: features are missing or broken.
    """
    rows = [_row(config, planet, errors) for planet in planets]
    return np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))


def _row(config: Config, planet: Planet, errors: ErrorModel) -> list[float]:
    features = WorkFolder(config.paths).features
    fitted = load_info(features.depths(planet.usable[0])).get("parameters", {})
    measured = errors.combined(planet.measurements)
    found = of_light_curves(features, planet) | of_depths(planet.measurements, errors)
    level = max(float(np.median(measured.depth[AIRS_BINS])), 1e-6)
    own = measured.variance[AIRS_BINS]
    common = float((measured.modes[AIRS_BINS].mean(axis=0) ** 2).sum() + own.mean() / len(own))
    others = {
        "impact": abs(float(fitted.get("b", np.nan))),
        "log_a": float(fitted.get("log_a", np.nan)),
        "bin_error": float(np.log(np.sqrt(np.median(own)) / level)),
        "level_error": float(np.log(np.sqrt(common) / level)),
    }
    traits = [found.get(name, np.nan) for name in _TRAITS]
    return [*traits, *(others[name] for name in _OTHERS), *band_excess(measured).tolist()]


def band_excess(measured: Measurement) -> Array:
    """Mean depth of FGS1 and of each band of AIRS less AIRS's mean, in its own sigma, (13,)."""
    weight = 1 / measured.variance
    forms = np.zeros((_AIRS_BANDS + 1, N_BINS))
    for row, bins in enumerate(_bands()):
        forms[row, bins] = weight[bins] / weight[bins].sum()
    forms[:, AIRS_BINS] -= weight[AIRS_BINS] / weight[AIRS_BINS].sum()
    variance = forms**2 @ measured.variance + ((forms @ measured.modes) ** 2).sum(axis=1)
    excess: Array = forms @ measured.depth / np.sqrt(variance)
    return excess
