"""Settings of the kill chain, and the whole of it in plain NumPy: what the kernel must give."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.kernel.fused import HOPELESS
from spectramind.calibration.kernel.pixels import Pixels, Readout
from spectramind.calibration.steps import (
    adc_reversal,
    cds,
    cosmics,
    dark_current,
    flat_field,
    non_linearity,
)
from spectramind.calibration.steps import full_well as wells
from spectramind.calibration.steps import persistence_flags as tails
from spectramind.calibration.steps.bad_pixels import MASKING, Flag
from spectramind.calibration.steps.interpolation import fill_in_time
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.tables import AdcInfo

Array = NDArray[np.float64]


@pytest.fixture
def config() -> KillChainConfig:
    """Doctrine's settings; every dark outlier is masked."""
    return KillChainConfig.model_validate(
        {
            "saturation_counts": 65535,
            "hot_sigma": 5.0,
            "hot_noise": 0.0,
            "noisy_sigma": 5.0,
            "cosmic_sigma": 8.0,
            "persistence_sigma": 3.0,
            "flat_error": 0.0,
            "interpolation": {
                "fgs1_width_px": (0.5, 0.5),
                "airs_width_px": (0.2, 0.6),
                "noise_floor": 0.001,
            },
            "photometry": {"aperture_px": 8.0, "annulus_px": (11.0, 15.0)},
            "pointing": {"regress": True, "block_min": 10.0},
            "cadence_min": 0.0,
            "keep_cubes": "none",
            "seams": (),
        }
    )


class Reference(NamedTuple):
    """Exposures (T, P) before and after filling, their variances and flags; (P,) stats."""

    signal: Array
    variance: Array
    flags: NDArray[np.uint16]
    filled: Array
    filled_variance: Array
    mean_variance: Array
    bad: NDArray[np.bool_]


def _exposures(raw: NDArray[np.uint16], pixels: Pixels, readout: Readout) -> tuple[Array, Array]:
    """ADC, linearity, dark, CDS and flat in turn: signal and variance."""
    info = AdcInfo(readout.gain, readout.offset)
    linear, slope = non_linearity.linearise(adc_reversal.reverse(raw, info), pixels.coefficients.T)
    start = dark_current.subtract(linear[0::2], pixels.dark, readout.start_s)
    end = dark_current.subtract(linear[1::2], pixels.dark, readout.end_s)
    terms = cds.variance_terms(
        linear[1::2] - linear[0::2],
        slope[0::2],
        slope[1::2],
        pixels.read_noise,
        adc_reversal.quantisation_variance(info),
    )
    return flat_field.divide(cds.difference(start, end), terms.total, pixels.flat)


def _numpy_chain(raw: NDArray[np.uint16], pixels: Pixels, readout: Readout) -> Reference:
    raw = raw[: len(raw) // 2 * 2]
    signal, variance = _exposures(raw, pixels, readout)
    flags = np.zeros(signal.shape, np.uint16)
    flags[wells.saturated(raw, readout.saturation_counts)] |= np.uint16(Flag.SATURATED)
    flags[wells.adc_clipped(raw)] |= np.uint16(Flag.ADC_CLIP)
    clipped = flags != 0
    struck = cosmics.cosmics(signal, variance, readout.cosmic_sigma)
    flags[struck] |= np.uint16(Flag.COSMIC)
    for p in range(signal.shape[1]):
        tail = tails.persistence(
            signal[:, p], variance[:, p], flags[:, p] != 0, readout.persistence_sigma
        )
        flags[tail, p] |= np.uint16(Flag.PERSISTENCE)
    info = AdcInfo(readout.gain, readout.offset)
    full = wells.piled_up(raw.T, pixels.read_noise, info)
    known = pixels.flags | np.where(full, np.uint16(Flag.SATURATED), np.uint16(0))
    bad = (
        (known & MASKING != 0)
        | wells.habitual(clipped, struck)
        | (np.count_nonzero(flags, axis=0) > HOPELESS * len(flags))
    )
    total = variance + flat_field.error_variance(signal, readout.flat_error)
    filled, filled_variance, temporal = signal.copy(), total.copy(), variance.copy()
    for p in np.flatnonzero(~bad):
        holes, floor = flags[:, p] != 0, readout.noise_floor
        _, temporal[:, p] = fill_in_time(signal[:, p], variance[:, p], holes, floor)
        filled[:, p], filled_variance[:, p] = fill_in_time(signal[:, p], total[:, p], holes, floor)
    flags |= known
    return Reference(
        signal,
        total,
        flags,
        filled,
        filled_variance,
        temporal.sum(axis=0) / max(len(flags), 1),
        bad,
    )


@pytest.fixture
def numpy_chain() -> Callable[[NDArray[np.uint16], Pixels, Readout], Reference]:
    """Raw (n_reads, pixels) through every per-pixel step in float64, slow and plain."""
    return _numpy_chain
