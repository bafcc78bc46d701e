"""The kill chain of a visit: raw reads of both detectors in, light curves out.

Order: ADC reversal, saturation, bad pixels, non-linearity, dark, CDS, flat, cosmic rays and
persistence, extraction, pointing. AIRS blocks are whole spectral columns: profile, weights and
weighted sums of a column need no other, so they are taken while its exposures are hot. FGS1's
exposures are held until their mean image is known. Blocks of both detectors share the threads.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.calibrated_curves import (
    LightCurves,
    airs_light_curves,
    fgs1_light_curves,
)
from spectramind.calibration.extraction import AirsForms, airs_forms, join
from spectramind.calibration.kernel.stream import Indices, Stream
from spectramind.calibration.kernel.sums import weighted_sums
from spectramind.calibration.photometry import Fgs1Series, fgs1_forms, fgs1_series
from spectramind.config.calib import KillChainConfig
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1, Detector

_FGS1_BLOCK = 64  # pixels
_AIRS_BLOCK = 24  # spectral columns of 32 pixels

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Extracted:
    """A visit's light curves at native cadence, and the streams they were read from."""

    curves: dict[Detector, LightCurves]
    streams: dict[Detector, Stream]


def extract_visit(
    open_stream: Callable[[Detector], Stream], config: KillChainConfig, threads: int
) -> Extracted:
    """Run both detectors and extract their light curves.

    Args:
        open_stream: a detector's stream, not yet run; FGS1's holds its exposures. AIRS columns
            outside the science range are run only if its stream holds exposures as well.
        threads: blocks at work at once.

    Raises:
        SchemaError: the data are damaged, or leave a detector without a good pixel.
    """
    with _threads(threads) as pool:
        fgs1 = open_stream(FGS1)
        frames = [pool.submit(fgs1.run, block) for block in _blocks(FGS1.pixels, _FGS1_BLOCK)]
        airs = open_stream(AIRS)  # while FGS1 is being decoded
        spectra = [pool.submit(_extract_columns, airs, block) for block in _column_blocks()]
        beside = [pool.submit(airs.run, column_pixels(b)) for b in _columns_beside(airs)]
        for job in frames:
            job.result()
        fgs1.require_good_pixels()
        star = _extract_star(fgs1, config)  # while AIRS is being decoded
        white = fgs1_light_curves(star, fgs1.timing.mid_time_h, config)
        extracted = [job.result() for job in spectra]
        for job in beside:
            job.result()
    airs.require_good_pixels()
    forms = join([forms for forms, _ in extracted])
    sums = np.concatenate([sums for _, sums in extracted], axis=-1)
    clocks = [stream.timing.mid_time_h for stream in (airs, fgs1)]
    bins = airs_light_curves(sums, forms, clocks[0], star, clocks[1], config)
    return Extracted({FGS1: white, AIRS: bins}, {FGS1: fgs1, AIRS: airs})


def _column_blocks() -> list[Indices]:
    """The science columns block by block; the blocks are the same whatever else is kept."""
    science = np.arange(AIRS.width)[AIRS_SCIENCE]
    return [science[block] for block in _blocks(len(science), _AIRS_BLOCK)]


def _columns_beside(airs: Stream) -> list[Indices]:
    """Blocks of the other columns, which nothing but a kept cube asks for."""
    if not airs.holds:
        return []
    others = np.delete(np.arange(AIRS.width), AIRS_SCIENCE)
    return [others[block] for block in _blocks(len(others), _AIRS_BLOCK)]


def column_pixels(columns: Indices) -> Indices:
    """Pixels of whole AIRS columns, row by row: (32 * len(columns),)."""
    return np.add.outer(AIRS.width * np.arange(AIRS.height), columns).ravel()


def _extract_star(stream: Stream, config: KillChainConfig) -> Fgs1Series:
    start = perf_counter()
    forms = fgs1_forms(*_images(stream, slice(None), FGS1.width), config.photometry)
    sums = weighted_sums(forms.weights[:, :, None], stream.exposures[:, None])[:, 0]
    stream.spent_ms["extraction"] += 1e3 * (perf_counter() - start)
    return fgs1_series(sums, forms)


def _extract_columns(stream: Stream, columns: Indices) -> tuple[AirsForms, Array]:
    """Run some AIRS columns and take their weighted sums, (F, T, columns)."""
    block = column_pixels(columns)
    signal = stream.run(block)
    start = perf_counter()
    forms = airs_forms(*_images(stream, block, len(columns)))
    sums = weighted_sums(forms.weights, signal.reshape(AIRS.height, len(columns), -1))
    stream.spent_ms["extraction"] += 1e3 * (perf_counter() - start)
    return forms, sums.transpose(0, 2, 1)


def _images(
    stream: Stream, block: Indices | slice, width: int
) -> tuple[Array, Array, Array, NDArray[np.bool_]]:
    """What forms are made from: mean exposure, its variance, flat and bad pixels, (rows, width)."""
    shape = (-1, width)
    return (
        stream.mean[block].reshape(shape),
        stream.variance[block].reshape(shape),
        stream.pixels.flat[block].reshape(shape),
        stream.bad[block].reshape(shape),
    )


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that drops what has not started when something fails."""
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _blocks(count: int, size: int) -> list[Indices]:
    return np.array_split(np.arange(count), -(-count // size))
