"""The kill chain of one detector: raw reads in, calibrated cube and a record of every step out.

Order: ADC reversal, bad pixels, non-linearity, dark, CDS, flat, interpolation. A parquet column is
one pixel's time series and every step but the last is per pixel, so blocks of pixels are decoded
and run through the fused kernel one after the other; the cube of raw reads never exists.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration import adc as adc_step
from spectramind.calibration.audit import AUDITED_EXPOSURES, Record, audit, step_record
from spectramind.calibration.bad_pixels import Flag, reference_flags, usable_read_noise
from spectramind.calibration.dark import usable_dark
from spectramind.calibration.flat import usable_flat
from spectramind.calibration.interpolation import Filled, fill_masked
from spectramind.calibration.kernel import Cube, Pixels, Readout, calibrate_block
from spectramind.calibration.linearity import usable_coefficients
from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo, Timing
from spectramind.instrument.detectors import Detector

ReadPixels = Callable[[slice], NDArray[np.uint16]]


@dataclass(frozen=True)
class Calibrated:
    """A detector's exposures, electrons after all corrections.

    Attributes:
        frames, variance: float32 (T, H, W) [e], [e^2].
        mask: bool (T, H, W), True where the value was filled.
        log: one record a step.
    """

    frames: NDArray[np.float32]
    variance: NDArray[np.float32]
    mask: NDArray[np.bool_]
    log: list[Record]


def pixel_references(
    references: ReferenceFrames, integration_s: float, config: KillChainConfig
) -> Pixels:
    """References of all pixels, with the identity where one cannot be corrected (and its flag)."""
    coefficients = usable_coefficients(references.linear_corr)
    return Pixels(
        coefficients=np.ascontiguousarray(coefficients.reshape(len(coefficients), -1).T),
        dark=usable_dark(references.dark).ravel(),
        flat=usable_flat(references.flat).ravel(),
        read_noise=usable_read_noise(references.read).ravel(),
        flags=reference_flags(references, integration_s, config).ravel(),
    )


def _run_blocks(
    read: ReadPixels, detector: Detector, n_exposures: int, pixels: Pixels, readout: Readout
) -> tuple[Cube, NDArray[np.uint16], dict[str, float]]:
    """Decode and calibrate row by row; also the raw reads kept for the audit, and times [ms]."""
    shape = (n_exposures, detector.pixels)
    cube = Cube(np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.uint8))
    picked = np.unique(np.linspace(0, n_exposures - 1, AUDITED_EXPOSURES).astype(int))
    reads = np.stack([2 * picked, 2 * picked + 1], axis=1).ravel()
    sample = np.empty((len(reads), detector.pixels), np.uint16)
    spent = {"decode": 0.0, "fused": 0.0}
    for first in range(0, detector.pixels, detector.width):
        block = slice(first, first + detector.width)
        start = perf_counter()
        raw = read(block)
        decoded = perf_counter()
        calibrate_block(raw, first, pixels.block(block), readout, cube)
        sample[:, block] = raw[:, reads].T
        spent["decode"] += 1e3 * (decoded - start)
        spent["fused"] += 1e3 * (perf_counter() - decoded)
    return cube, sample, spent


def _bad_pixel_record(cube: Cube, filled: Filled, config: KillChainConfig, t_ms: float) -> Record:
    params = {
        "saturation_counts": config.saturation_counts,
        "hot_sigma": config.hot_sigma,
        "hot_noise": config.hot_noise,
        "cosmic_sigma": config.cosmic_sigma,
        "interpolation": config.interpolation.model_dump(mode="json"),
    }
    size = cube.flags.size
    causes = {
        str(flag.name).lower(): np.count_nonzero(cube.flags & np.uint8(flag)) / size
        for flag in Flag
    }
    stats = {
        "mask_frac": float(filled.mask.mean()),
        "by_cause": causes,
        "filled_in_time": filled.in_time,
        "filled_in_space": filled.in_space,
    }
    return step_record("bad_pixels", t_ms, params, stats)


def calibrate_detector(
    read: ReadPixels,
    n_reads: int,
    detector: Detector,
    references: ReferenceFrames,
    adc: AdcInfo,
    timing: Timing,
    config: KillChainConfig,
) -> Calibrated:
    """Run the whole chain on one detector.

    Args:
        read: decodes a range of pixels, (pixels, n_reads) uint16.
        n_reads: reads in the file; a last one without partner is left out.
        timing: its charge times are used; see ``read_timing``.

    Raises:
        SchemaError: what ``read`` raises, or a detector without any good pixel.
    """
    n_exposures = n_reads // 2
    pixels = pixel_references(references, timing.integration_s, config)
    readout = Readout(
        gain=adc.gain,
        offset=adc.offset,
        quantisation=adc_step.quantisation_variance(adc),
        start_s=float(timing.read_time_s[0]),
        end_s=float(timing.read_time_s[1]),
        saturation_counts=config.saturation_counts,
        cosmic_sigma=config.cosmic_sigma,
    )
    cube, sample, spent = _run_blocks(read, detector, n_exposures, pixels, readout)
    log = audit(sample, pixels, adc, timing)
    start = perf_counter()
    size = (detector.height, detector.width)
    filled = fill_masked(
        cube, size, config.interpolation.width_px(detector), config.interpolation.noise_floor
    )
    t_ms = 1e3 * (perf_counter() - start)
    log.insert(1, _bad_pixel_record(cube, filled, config, t_ms))
    odd = {"unpaired_reads": n_reads - 2 * n_exposures}
    log += [step_record(step, t, {"n_reads": n_reads}, odd) for step, t in spent.items()]
    return Calibrated(
        cube.frames.reshape(-1, *size),
        cube.variance.reshape(-1, *size),
        filled.mask.reshape(-1, *size),
        log,
    )
