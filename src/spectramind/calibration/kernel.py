"""The fused kernel: every per-pixel step in one pass along a pixel's time series.

The definition of each step is the NumPy code in the step's own file; this computes the same and is
tested to. All compiled code stands in this one file: Numba's cache does not notice edits elsewhere.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spectramind.calibration.bad_pixels import Flag

TILE = 16  # pixels finished before writing: 16 float32 fill the cache line that is written
COSMIC_WINDOW = 5  # exposures of the running median
_SIGMA_SAMPLES = 256  # differences from which a pixel's robust sigma is taken
_MAD_TO_SIGMA = 1.4826
_ADC_FLOOR = 0
_SATURATED = int(Flag.SATURATED)
_COSMIC = int(Flag.COSMIC)


class Pixels(NamedTuple):
    """Per-pixel references of a block: coefficients (P, 6), the rest (P,)."""

    coefficients: NDArray[np.float64]
    dark: NDArray[np.float64]
    flat: NDArray[np.float64]
    read_noise: NDArray[np.float64]
    flags: NDArray[np.uint8]

    def block(self, pixels: slice) -> "Pixels":
        """The references of a range of pixels."""
        return Pixels(
            self.coefficients[pixels],
            self.dark[pixels],
            self.flat[pixels],
            self.read_noise[pixels],
            self.flags[pixels],
        )


class Readout(NamedTuple):
    """What all pixels share; times in seconds since the reset."""

    gain: float
    offset: float
    quantisation: float
    start_s: float
    end_s: float
    saturation_counts: int
    cosmic_sigma: float


class Cube(NamedTuple):
    """Output, each (T, all pixels)."""

    frames: NDArray[np.float32]
    variance: NDArray[np.float32]
    flags: NDArray[np.uint8]


@njit(cache=True, nogil=True)
def _linearise(electrons, coefficients):  # type: ignore[no-untyped-def]
    value = coefficients[-1]
    slope = 0.0
    for power in range(len(coefficients) - 2, -1, -1):
        slope = slope * electrons + value
        value = value * electrons + coefficients[power]
    return value, slope


@njit(cache=True, nogil=True)
def _expose(raw, p, pixels, readout, signal, variance, flags):  # type: ignore[no-untyped-def]
    """One pixel: reads to flat-fielded exposures, their variance and flags."""
    coefficients = pixels.coefficients[p]
    dark, flat = pixels.dark[p], pixels.flat[p]
    read_variance = pixels.read_noise[p] ** 2
    for t in range(len(signal)):
        first, last = raw[2 * t], raw[2 * t + 1]
        low, slope_low = _linearise(first / readout.gain + readout.offset, coefficients)
        high, slope_high = _linearise(last / readout.gain + readout.offset, coefficients)
        stretch = slope_low**2 + slope_high**2
        photon = max(high - low, 0.0)
        read = stretch * read_variance
        reference = stretch * readout.quantisation
        exposure = (high - dark * readout.end_s) - (low - dark * readout.start_s)
        signal[t] = exposure / flat
        variance[t] = (photon + read + reference) / flat**2
        flags[t] = pixels.flags[p]
        top, bottom = max(first, last), min(first, last)
        if top >= readout.saturation_counts or bottom <= _ADC_FLOOR:
            flags[t] |= _SATURATED


@njit(cache=True, nogil=True)
def _robust_sigma(signal):  # type: ignore[no-untyped-def]
    """Scatter of a series from exposure to exposure; drift, transits and hits do not move it."""
    stride = max(1, (len(signal) - 1) // _SIGMA_SAMPLES)
    steps = np.abs(signal[1::stride] - signal[:-1:stride])
    return _MAD_TO_SIGMA * np.median(steps) / np.sqrt(2.0)


@njit(cache=True, nogil=True)
def _flag_cosmics(signal, variance, flags, sigma):  # type: ignore[no-untyped-def]
    """Flag exposures far off the running median of five.

    The median passes any monotone run unchanged, so ingress, egress and drift are safe. An exposure
    that far from the median is as far from at least one direct neighbour (three of the window's
    other four lie beyond the median): away from the ends that cheap test goes first.
    """
    n = len(signal)
    if n < COSMIC_WINDOW:
        return
    scatter, half = _robust_sigma(signal), COSMIC_WINDOW // 2
    reach = sigma * scatter
    for t in range(n):
        if half <= t < n - half:
            before, after = abs(signal[t] - signal[t - 1]), abs(signal[t] - signal[t + 1])
            if max(before, after) <= reach:
                continue
        first = min(max(t - half, 0), n - COSMIC_WINDOW)
        window = slice(first, first + COSMIC_WINDOW)
        typical = np.sqrt(np.median(variance[window]))
        if abs(signal[t] - np.median(signal[window])) > sigma * max(scatter, typical):
            flags[t] |= _COSMIC


@njit(cache=True, nogil=True)
def _fuse(raw, first, pixels, readout, cube):  # type: ignore[no-untyped-def]
    n_pixels, n_exposures = raw.shape[0], cube.frames.shape[0]
    signal = np.empty((TILE, n_exposures), dtype=np.float32)
    variance = np.empty((TILE, n_exposures), dtype=np.float32)
    flags = np.empty((TILE, n_exposures), dtype=np.uint8)
    for tile in range(0, n_pixels, TILE):
        width = min(TILE, n_pixels - tile)
        for i in range(width):
            _expose(raw[tile + i], tile + i, pixels, readout, signal[i], variance[i], flags[i])
            _flag_cosmics(signal[i], variance[i], flags[i], readout.cosmic_sigma)
        for t in range(n_exposures):
            for i in range(width):
                cube.frames[t, first + tile + i] = signal[i, t]
                cube.variance[t, first + tile + i] = variance[i, t]
                cube.flags[t, first + tile + i] = flags[i, t]


def calibrate_block(
    raw: NDArray[np.uint16], first: int, pixels: Pixels, readout: Readout, cube: Cube
) -> None:
    """Run all per-pixel steps on a block of pixels and write them into the cube.

    Args:
        raw: (P, n_reads) counts, a row a pixel; a last read without partner is left out.
        first: number of the block's first pixel in the cube.
        pixels: references of the block's pixels.
        readout: what all pixels share.
        cube: written at [:, first:first + P].
    """
    _fuse(np.ascontiguousarray(raw), first, pixels, readout, cube)
