"""What is rough in the spectra of all planets and in their errors: plain values for the report."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.config.diag_fft import ResidualsConfig
from spectramind.diagnostics.panel import plain
from spectramind.diagnostics.residual_noise import bump_chances
from spectramind.diagnostics.residual_summary import peaks_of
from spectramind.diagnostics.spectral_roughness import (
    coarse,
    mean_autocorrelation,
    mean_spectrum,
    second_differences,
    without_smooth,
)
from spectramind.instrument.grid import AIRS_BINS

Array = NDArray[np.float64]
LAGS = 40
COARSE_BINS = 6
_FEW = 10  # rough bins that are named


def spectra_of(
    ids: Sequence[str],
    mu: ArrayLike,
    sigma: ArrayLike,
    truth: Array | None,
    wavelength_um: Array,
    config: ResidualsConfig,
) -> dict[str, Any]:
    """Spectrum and memory over AIRS's bins of errors and of what is not smooth; roughness by bin.

    Args:
        ids: planets; mu, sigma, truth: (n, 283), truth NaN where it is not known.
        wavelength_um: (283,).
        config: the topic's settings.
    """
    depth, error = (np.asarray(x, dtype=np.float64)[:, AIRS_BINS] for x in (mu, sigma))
    um = wavelength_um[AIRS_BINS]
    found: dict[str, Any] = {
        "mu less its smooth": _periods(without_smooth(depth / error, config.smooth_bins), config)
    }
    if truth is not None:
        known = np.isfinite(truth[:, AIRS_BINS]).all(axis=1)
        if known.any():
            z = (depth[known] - truth[known][:, AIRS_BINS]) / error[known]
            found["mu less truth"] = _periods(z, config)
    bend = second_differences(depth, error)
    worst = np.argsort(-np.abs(bend), axis=None)[:_FEW]
    rows, columns = np.unravel_index(worst, bend.shape)
    rough = np.abs(bend) > config.rough_sigma
    places = np.arange(0, bend.shape[1], COARSE_BINS)
    return {
        "periods": found,
        "rough": {
            "planets": list(ids),
            "wavelength_um": plain(np.round(um[1:-1][places], 3)),
            "largest": [plain(row) for row in np.round(coarse(bend, COARSE_BINS), 2)],
            "limit": config.rough_sigma,
            "count": int(rough.sum()),
            "of": int(rough.size),
            "planets_with": int(rough.any(axis=1).sum()),
            "worst": [
                {
                    "planet": ids[row],
                    "wavelength_um": float(um[1 + column]),
                    "bin": int(column + 2),
                    "errors": float(bend[row, column]),
                }
                for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
            ],
        },
    }


def _periods(values: Array, config: ResidualsConfig) -> dict[str, Any]:
    frequency, power = mean_spectrum(values)
    ratio, chance = bump_chances(power, config.neighbours)
    peaks = peaks_of(frequency, ratio, chance, 2 * len(frequency), config.false_alarm)
    return {
        "planets": len(values),
        "period_bins": plain(np.round(1 / frequency, 3)),
        "power": [float(f"{v:.4g}") for v in power.tolist()],
        "peaks": [
            {"bins": 1 / peak["mhz"], "times": peak["times"], "alarm": peak["alarm"]}
            for peak in peaks
        ],
        "lag_bins": list(range(1, LAGS + 1)),
        "correlation": plain(np.round(mean_autocorrelation(values, LAGS), 4)),
    }
