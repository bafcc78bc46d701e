"""The fused kernel: every per-pixel step in one pass along a pixel's time series.

The definition of each step is the NumPy code in the step's own file; this computes the same in
single precision and is tested to. A parquet column is one pixel, so the layout is pixel-major. The
converter's affine map is composed into the linearity polynomial once a pixel, in double precision:
an exposure is then two polynomials of whole numbers, which single precision holds exactly, and the
compiler runs it in vectors. What is rare (clipped reads, hits) is looked for by one pass of maxima
or comparisons first. All that the kernel calls stands in this one file: Numba's cache does not
notice edits elsewhere.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from spectramind.calibration.kernel.pixels import Pixels, PixelStats, Readout, Samples
from spectramind.calibration.steps.adc_reversal import RAILS
from spectramind.calibration.steps.bad_pixels import MASKING, Flag
from spectramind.calibration.steps.cosmics import (
    HEAVY,
    MAD_TO_SIGMA,
    SIGMA_SAMPLES,
    WINDOW,
    tail_rank,
)
from spectramind.calibration.steps.full_well import BAND, CHRONIC, GLANCE, PILE_SIGMA

HOPELESS = 0.5  # share of exposures masked for moments above which a pixel is masked for good
_CHUNK = 1024  # exposures summed in single precision before they join the double sum
_FAST = {"contract", "reassoc", "nsz", "nnan"}  # the references are finite numbers
_ZERO, _TWO, _THREE, _FOUR, _FIVE = (np.float32(n) for n in (0, 2, 3, 4, 5))
_HALF, _LOW_HALF = np.uint32(16), np.uint32(0xFFFF)  # of a pair of reads, seen as one number
_LOW, _HIGH = RAILS
_MASKING = np.uint16(MASKING)
_SATURATED, _ADC_CLIP = np.uint16(Flag.SATURATED), np.uint16(Flag.ADC_CLIP)
_COSMIC, _PERSISTENCE = np.uint16(Flag.COSMIC), np.uint16(Flag.PERSISTENCE)
_CAUSES = len(Flag)


@njit(cache=True, nogil=True)
def _constants(coefficients, dark, flat, read_noise, readout):  # type: ignore[no-untyped-def]
    """Polynomial of raw counts without its constant (which CDS removes), then the other numbers."""
    degree = len(coefficients) - 1
    shifted = coefficients.copy()  # Taylor shift: sum_k c_k (x + offset)^k in powers of x
    for lowest in range(degree):
        for k in range(degree - 1, lowest - 1, -1):
            shifted[k] += readout.offset * shifted[k + 1]
    c = np.empty(degree, np.float32)
    for k in range(degree):
        c[k] = shifted[k + 1] / readout.gain ** (k + 1)
    noise = (read_noise**2 + readout.quantisation) * readout.gain**2  # slopes are by counts here
    collected = dark * (readout.end_s - readout.start_s)
    d = np.array([collected, noise, 1.0 / flat, 1.0 / flat**2], np.float32)
    return c[0], c[1], c[2], c[3], c[4], d[0], d[1], d[2], d[3]


@njit(cache=True, nogil=True, fastmath=_FAST, inline="always")
def _collect(pair, c0, c1, c2, c3, c4):  # type: ignore[no-untyped-def]
    """Charge between two reads [e] and the sum of both squared slopes [e^2 / count^2]."""
    a, b = np.float32(np.int32(pair & _LOW_HALF)), np.float32(np.int32(pair >> _HALF))
    low = ((((c4 * a + c3) * a + c2) * a + c1) * a + c0) * a
    high = ((((c4 * b + c3) * b + c2) * b + c1) * b + c0) * b
    d1, d2, d3, d4 = _TWO * c1, _THREE * c2, _FOUR * c3, _FIVE * c4
    before = (((d4 * a + d3) * a + d2) * a + d1) * a + c0
    after = (((d4 * b + d3) * b + d2) * b + d1) * b + c0
    return high - low, before * before + after * after


@njit(cache=True, nogil=True, fastmath=_FAST)
def _expose(pairs, constants, signal):  # type: ignore[no-untyped-def]
    """One pixel's exposures; returns sums of signal and variance, and the raw row's extremes."""
    n, reads = len(signal), pairs.view(np.uint16)
    c0, c1, c2, c3, c4, dark, noise, gauge, squared = constants
    light, spread = np.float64(0), np.float64(0)
    top, bottom = np.uint16(0), np.uint16(65535)
    for start in range(0, n, _CHUNK):
        stop = min(start + _CHUNK, n)
        # Slices: the compiler takes loops that start at zero for vectors more readily.
        chunk, out, extremes = pairs[start:stop], signal[start:stop], reads[2 * start : 2 * stop]
        total, photons, stretch = _ZERO, _ZERO, _ZERO
        for t in range(len(out)):
            charge, slopes = _collect(chunk[t], c0, c1, c2, c3, c4)
            value = (charge - dark) * gauge
            out[t] = value
            total += value
            photons += max(charge, _ZERO)
            stretch += slopes
        light += total
        spread += photons + noise * stretch
        for i in range(len(extremes)):
            top, bottom = max(top, extremes[i]), min(bottom, extremes[i])
    return light, spread * squared, top, bottom


@njit(cache=True, nogil=True, fastmath=_FAST, inline="always")
def _variance(pair, constants):  # type: ignore[no-untyped-def]
    """Variance of one exposure, without the flat's error."""
    c0, c1, c2, c3, c4, _, noise, _, squared = constants
    charge, slopes = _collect(pair, c0, c1, c2, c3, c4)
    return (max(charge, _ZERO) + noise * slopes) * squared


@njit(cache=True, nogil=True, fastmath=_FAST)
def _state_variance(pairs, constants, signal, flat_error, variance):  # type: ignore[no-untyped-def]
    """Variance of a row's samples, with the flat's error."""
    error = np.float32(flat_error)
    for t in range(len(signal)):
        common = error * signal[t]
        variance[t] = _variance(pairs[t], constants) + common * common


@njit(cache=True, nogil=True)
def _steps(signal, stride):  # type: ignore[no-untyped-def]
    """Every stride-th step from one exposure to the next, without its sign."""
    steps = np.empty((len(signal) - 2) // stride + 1, np.float32)
    for i in range(len(steps)):
        steps[i] = abs(signal[i * stride + 1] - signal[i * stride])
    return steps


@njit(cache=True, nogil=True)
def _scatter(signal):  # type: ignore[no-untyped-def]
    """See cosmics.scatter."""
    n = len(signal)
    if n < 2:
        return 0.0
    return MAD_TO_SIGMA * np.median(_steps(signal, max(1, (n - 1) // SIGMA_SAMPLES))) / np.sqrt(2.0)


@njit(cache=True, nogil=True)
def _flag_clipped(pairs, saturation_counts, flags):  # type: ignore[no-untyped-def]
    """See full_well."""
    found = False
    for t in range(len(flags)):
        start, end = pairs[t] & _LOW_HALF, pairs[t] >> _HALF
        top, bottom = max(start, end), min(start, end)
        if top >= saturation_counts:
            flags[t] |= _SATURATED
        if top == _HIGH or bottom == _LOW:
            flags[t] |= _ADC_CLIP
        found |= flags[t] != 0
    return found


@njit(cache=True, nogil=True)
def _ends_below(pairs, top, reach):  # type: ignore[no-untyped-def]
    """How many end reads lie at most so many counts below the highest."""
    count = np.int32(0)
    for t in range(len(pairs)):
        count += np.int32(top - np.int32(pairs[t] >> _HALF) <= reach)
    return count


@njit(cache=True, nogil=True)
def _piled_up(pairs, read_noise, readout):  # type: ignore[no-untyped-def]
    """See full_well.piled_up."""
    n, light, top = len(pairs), 0.0, np.int32(0)
    stride = max(n // GLANCE, 1)
    for t in range(0, n, stride):
        light += (pairs[t] >> _HALF) / readout.gain + readout.offset
    light /= max((n + stride - 1) // stride, 1)
    band = BAND * np.sqrt(read_noise**2 + readout.quantisation)
    if np.sqrt(max(light, 0.0)) <= band / 2:
        return False
    for t in range(n):
        top = max(top, np.int32(pairs[t] >> _HALF))
    reach = band * readout.gain
    near, both = _ends_below(pairs, top, reach), _ends_below(pairs, top, 2 * reach)
    return 2 * near - both > PILE_SIGMA * np.sqrt(both)


@njit(cache=True, nogil=True)
def _clipped_by_habit(flags):  # type: ignore[no-untyped-def]
    """See full_well.habitual: exposures clipped and not struck."""
    count = 0
    for t in range(len(flags)):
        count += flags[t] & (_SATURATED | _ADC_CLIP) != 0 and flags[t] & _COSMIC == 0
    return count


@njit(cache=True, nogil=True, fastmath=_FAST)
def _jumps(signal, reach):  # type: ignore[no-untyped-def]
    """How many steps from one exposure to the next are longer than ``reach``."""
    count = np.int32(0)
    for t in range(1, len(signal)):
        count += np.int32(abs(signal[t] - signal[t - 1]) > reach)
    return count


@njit(cache=True, nogil=True)
def _is_hit(pairs, constants, signal, t, scatter, sigma):  # type: ignore[no-untyped-def]
    """Is exposure t far off the median of the window around it?"""
    n = len(signal)
    first = min(max(t - WINDOW // 2, 0), n - WINDOW)
    off = abs(signal[t] - np.median(signal[first : first + WINDOW]))
    if off <= sigma * scatter:
        return False
    stated = np.empty(WINDOW, np.float32)
    for i in range(WINDOW):
        stated[i] = _variance(pairs[first + i], constants)
    return off > sigma * np.sqrt(np.median(stated))


@njit(cache=True, nogil=True)
def _find_hits(pairs, constants, signal, scatter, sigma, flags):  # type: ignore[no-untyped-def]
    """Hits by one scale of the scatter.

    An exposure that far from the median is as far from a direct neighbour (three of the window's
    other four lie beyond the median): away from the ends the steps tell where to look, if at all.
    """
    n, half, found = len(signal), WINDOW // 2, False
    reach = np.float32(0.999 * sigma * scatter)  # a little less: rounding must not lose a hit
    for t in range(half):
        for end in (t, n - 1 - t):
            if _is_hit(pairs, constants, signal, end, scatter, sigma):
                flags[end] |= _COSMIC
                found = True
    if _jumps(signal, reach) == 0:
        return found
    for t in range(half, n - half):
        if max(abs(signal[t] - signal[t - 1]), abs(signal[t] - signal[t + 1])) > reach and _is_hit(
            pairs, constants, signal, t, scatter, sigma
        ):
            flags[t] |= _COSMIC
            found = True
    return found


@njit(cache=True, nogil=True)
def _tail(signal, rank):  # type: ignore[no-untyped-def]
    """See cosmics.tail."""
    stride, beyond, gain = rank
    steps = _steps(signal, stride)
    place = len(steps) - 1 - beyond
    return gain * np.partition(steps, place)[place]


@njit(cache=True, nogil=True)
def _flag_cosmics(pairs, constants, signal, scatter, sigma, rank, flags):  # type: ignore[no-untyped-def]
    """See cosmics. The tail only ever widens the limit: it is looked at where something is out."""
    if len(signal) < WINDOW or not _find_hits(pairs, constants, signal, scatter, sigma, flags):
        return False
    tail = HEAVY * _tail(signal, rank)
    if tail <= scatter:
        return True
    flags &= ~_COSMIC
    return _find_hits(pairs, constants, signal, tail, sigma, flags)


@njit(cache=True, nogil=True)
def _level_before(pairs, constants, signal, flags, hit, scatter):  # type: ignore[no-untyped-def]
    """Level and noise of the last good exposures before a hit, and how many there are."""
    values, stated = np.empty(WINDOW, np.float32), np.empty(WINDOW, np.float32)
    count, t = 0, hit - 1
    while t >= 0 and count < WINDOW:
        if flags[t] == 0:
            values[count], stated[count] = signal[t], _variance(pairs[t], constants)
            count += 1
        t -= 1
    if count == 0:
        return 0.0, 0.0, 0
    noise = max(scatter, np.sqrt(np.median(stated[:count])))
    return np.float64(np.median(values[:count])), noise, count


@njit(cache=True, nogil=True)
def _flag_persistence(pairs, constants, signal, scatter, sigma, flags):  # type: ignore[no-untyped-def]
    """See persistence_flags."""
    n, t = len(signal), 0
    while t < n:
        if flags[t] == 0:
            t += 1
            continue
        hit = t
        while t < n and flags[t] != 0:
            t += 1
        level, noise, count = _level_before(pairs, constants, signal, flags, hit, scatter)
        end = t
        while count > 0 and end < n and signal[end] - level > sigma * noise:
            end += 1
        if end < n:
            flags[t:end] |= _PERSISTENCE
            t = end


@njit(cache=True, nogil=True)
def _fill(pairs, constants, floor, signal, flags, variance, keep):  # type: ignore[no-untyped-def]
    """See interpolation.fill_in_time; returns what it adds to the sums of signal and variance."""
    n, t, light, spread = len(signal), 0, 0.0, 0.0
    while t < n:
        if flags[t] == 0:
            t += 1
            continue
        first = t
        while t < n and flags[t] != 0:
            t += 1
        left, right = (first - 1 if first > 0 else t), (t if t < n else first - 1)
        before, after = _variance(pairs[left], constants), _variance(pairs[right], constants)
        for hole in range(first, t):
            share = (hole - left) / (right - left) if right > left else 0.0
            value = signal[left] + share * (signal[right] - signal[left])
            epsilon = (floor * value) ** 2
            light += value - signal[hole]
            spread += before + share * (after - before) + epsilon
            spread -= _variance(pairs[hole], constants)
            signal[hole] = value
            if keep:
                variance[hole] = variance[left] + share * (variance[right] - variance[left])
                variance[hole] += epsilon
    return light, spread


@njit(cache=True, nogil=True)
def _count(flags, known, counts):  # type: ignore[no-untyped-def]
    """Flagged samples by cause; a pixel's own flags count in every exposure."""
    for t in range(len(flags)):
        flags[t] |= known
        for bit in range(_CAUSES):
            counts[bit] += (flags[t] >> bit) & 1


@njit(cache=True, nogil=True)
def _fuse(pairs, pixels, readout, rank, signal, variance, flags, keep, stats):  # type: ignore[no-untyped-def]
    n = signal.shape[1]
    scratch, no_variance = np.empty(n, np.uint16), np.empty(0, np.float32)
    for p in range(pairs.shape[0]):
        reads, row, known = pairs[p], signal[p], pixels.flags[p]
        constants = _constants(
            pixels.coefficients[p], pixels.dark[p], pixels.flat[p], pixels.read_noise[p], readout
        )
        light, spread, top, bottom = _expose(reads, constants, row)
        if _piled_up(reads, pixels.read_noise[p], readout):
            known |= _SATURATED
        scatter = _scatter(row)
        why = flags[p] if keep else scratch
        stated = variance[p] if keep else no_variance
        why[:] = 0
        found, habit, masked = False, np.int64(0), np.int64(0)
        if top >= readout.saturation_counts or top == _HIGH or bottom == _LOW:
            found = _flag_clipped(reads, readout.saturation_counts, why)
        if _flag_cosmics(reads, constants, row, scatter, readout.cosmic_sigma, rank, why):
            found = True
        if keep:
            _state_variance(reads, constants, row, readout.flat_error, stated)
        if found:
            _flag_persistence(reads, constants, row, scatter, readout.persistence_sigma, why)
            masked, habit = np.int64(np.count_nonzero(why)), _clipped_by_habit(why)
        bad = (known & _MASKING) != 0 or habit > CHRONIC * n or masked > HOPELESS * n
        if found and not bad:
            more, wider = _fill(reads, constants, readout.noise_floor, row, why, stated, keep)
            light, spread = light + more, spread + wider
        if found:
            _count(why, known, stats.counts[p])
        else:
            why[:] = known
            for bit in range(_CAUSES):
                stats.counts[p, bit] = n * ((known >> bit) & 1)
        stats.mean[p], stats.variance[p] = light / max(n, 1), spread / max(n, 1)
        stats.bad[p] = bad


def calibrate_block(
    raw: NDArray[np.uint16],
    pixels: Pixels,
    readout: Readout,
    signal: NDArray[np.float32],
    samples: Samples | None,
) -> PixelStats:
    """Run all per-pixel steps on a block of pixels.

    Momentary bad samples of a pixel that is not masked for good are filled.

    Args:
        raw: (P, n_reads) counts, a row a pixel; a last read without partner is left out.
        pixels: references of the block's pixels.
        readout: what all pixels share.
        signal: written, (P, n_reads // 2) [e].
        samples: written, when given.
    """
    n_pixels, n = signal.shape
    pairs = np.ascontiguousarray(raw[:, : 2 * n]).view(np.uint32)  # start read in the lower half
    pairs.flags.writeable = False  # as decoded columns are: one type to compile for
    stats = PixelStats(
        mean=np.empty(n_pixels),
        variance=np.empty(n_pixels),
        counts=np.zeros((n_pixels, _CAUSES), np.int64),
        bad=np.empty(n_pixels, np.bool_),
    )
    nothing = Samples(np.empty((0, 0), np.float32), np.empty((0, 0), np.uint16))
    variance, flags = samples or nothing
    keep = samples is not None
    rank = tail_rank(signal.shape[1])
    _fuse(pairs, pixels, readout, rank, signal, variance, flags, keep, stats)
    return stats
