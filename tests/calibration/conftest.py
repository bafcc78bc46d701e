"""Settings of the kill chain, and a plain NumPy chain that defines what the kernel must give."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration import adc, cds, dark, flat, linearity
from spectramind.calibration.bad_pixels import Flag
from spectramind.calibration.kernel import COSMIC_WINDOW, Pixels
from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.tables import AdcInfo, Timing


@pytest.fixture
def config() -> KillChainConfig:
    """Doctrine's settings; every dark outlier is masked."""
    return KillChainConfig.model_validate(
        {
            "saturation_counts": 65535,
            "hot_sigma": 5.0,
            "hot_noise": 0.0,
            "cosmic_sigma": 8.0,
            "interpolation": {
                "fgs1_width_px": (0.5, 0.5),
                "airs_width_px": (0.2, 0.6),
                "noise_floor": 0.001,
            },
            "seams": (),
        }
    )


def _cosmics(
    signal: NDArray[np.float64], variance: NDArray[np.float64], sigma: float
) -> NDArray[np.bool_]:
    """Every exposure against the running median of five; (T, pixels)."""
    n, half = len(signal), COSMIC_WINDOW // 2
    found = np.zeros(signal.shape, dtype=bool)
    if n < COSMIC_WINDOW:
        return found
    stride = max(1, (n - 1) // 256)
    steps = np.abs(signal[1::stride] - signal[:-1:stride])
    scatter = 1.4826 * np.median(steps, axis=0) / np.sqrt(2)
    for t in range(n):
        first = min(max(t - half, 0), n - COSMIC_WINDOW)
        window = slice(first, first + COSMIC_WINDOW)
        typical = np.sqrt(np.median(variance[window], axis=0))
        off = np.abs(signal[t] - np.median(signal[window], axis=0))
        found[t] = off > sigma * np.maximum(scatter, typical)
    return found


@pytest.fixture
def numpy_chain() -> Callable[..., Any]:
    """Raw (n_reads, pixels) to exposures, variance and flags, step by step in float64."""

    def run(
        raw: NDArray[np.uint16], pixels: Pixels, info: AdcInfo, timing: Timing, config: Any
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
        raw = raw[: len(raw) // 2 * 2]
        linear, slope = linearity.linearise(adc.reverse(raw, info), pixels.coefficients.T)
        start = dark.subtract(linear[0::2], pixels.dark, timing.read_time_s[0])
        end = dark.subtract(linear[1::2], pixels.dark, timing.read_time_s[1])
        terms = cds.variance_terms(
            linear[1::2] - linear[0::2],
            slope[0::2],
            slope[1::2],
            pixels.read_noise,
            adc.quantisation_variance(info),
        )
        signal, variance = flat.divide(cds.difference(start, end), terms.total, pixels.flat)
        flags = np.broadcast_to(pixels.flags, signal.shape).copy()
        clipped = (raw >= config.saturation_counts) | (raw == 0)
        flags[clipped[0::2] | clipped[1::2]] |= np.uint8(Flag.SATURATED)
        flags[_cosmics(signal, variance, config.cosmic_sigma)] |= np.uint8(Flag.COSMIC)
        return signal, variance, flags

    return run
