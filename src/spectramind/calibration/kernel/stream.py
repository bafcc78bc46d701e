"""One detector's pixels through the fused kernel, block by block as they are decoded.

A parquet column is one pixel's time series and every step up to extraction is per pixel, so a block
of pixels goes from file to exposures while it is hot in the cache; the cube of raw reads never
exists. Decoder and kernel both release the GIL: blocks may run in several threads.
"""

from dataclasses import replace
from queue import Empty, SimpleQueue
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.kernel.fused import calibrate_block
from spectramind.calibration.kernel.pixels import Pixels, Readout, Samples
from spectramind.calibration.step_records import AUDITED_EXPOSURES
from spectramind.calibration.steps import adc_reversal as adc_step
from spectramind.calibration.steps.bad_pixels import (
    MASKING,
    Flag,
    reference_flags,
    usable_read_noise,
)
from spectramind.calibration.steps.dark_current import usable_dark
from spectramind.calibration.steps.flat_field import usable_flat
from spectramind.calibration.steps.lost_exposures import (
    MOST_LOST,
    LostExposures,
    find_lost,
    witnesses,
)
from spectramind.calibration.steps.non_linearity import usable_coefficients
from spectramind.config.calib import KillChainConfig
from spectramind.dataset.frames import ReferenceFrames, SignalFile
from spectramind.dataset.tables import AdcInfo, Timing
from spectramind.errors import SchemaError
from spectramind.instrument.detectors import Detector

Indices = NDArray[np.int64]


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


def readout_of(adc: AdcInfo, timing: Timing, config: KillChainConfig) -> Readout:
    """What all pixels of a detector share."""
    return Readout(
        gain=adc.gain,
        offset=adc.offset,
        quantisation=adc_step.quantisation_variance(adc),
        start_s=float(timing.read_time_s[0]),
        end_s=float(timing.read_time_s[1]),
        saturation_counts=config.saturation_counts,
        cosmic_sigma=config.cosmic_sigma,
        persistence_sigma=config.persistence_sigma,
        flat_error=config.flat_error,
        noise_floor=config.interpolation.noise_floor,
    )


class Stream:
    """One detector in one visit.

    Attributes:
        detector: its geometry.
        signal: the file of raw reads.
        adc, timing: how counts and reads are to be understood; the timing is of kept exposures.
        lost: which pairs of reads are no exposures.
        kept: int64 (T,) the other pairs, by their number in the file: what all below is of.
        n_exposures: T; a last read without partner is left out.
        pixels: references of all pixels.
        mean, variance: float64 (pixels,) time means of the exposures [e] and of their variance
            [e^2]; of the pixels that were run.
        bad: bool (pixels,), masked for good.
        counts: int64 (pixels, flags), samples flagged by cause.
        ran: bool (pixels,), which pixels were run.
        sample: uint16 (reads, pixels), raw reads kept for the audit.
        holds: whether all exposures are kept.
        exposures: float32 (pixels, T) if they are, else (0, T).
        samples: what the kernel says of every sample, if that is kept as well, else None.
        spent_ms: time by stage, summed over the threads.
    """

    def __init__(
        self,
        detector: Detector,
        signal: SignalFile,
        references: ReferenceFrames,
        adc: AdcInfo,
        timing: Timing,
        config: KillChainConfig,
    ) -> None:
        """Open the stream and look for lost exposures.

        Raises:
            SchemaError: the data are damaged, or too many exposures are lost.
        """
        self.detector, self.signal, self.adc = detector, signal, adc
        self.pixels = pixel_references(references, timing.integration_s, config)
        self._readout = readout_of(adc, timing, config)
        self._files: SimpleQueue[SignalFile] = SimpleQueue()
        self._files.put(signal)
        count = detector.pixels
        self.lost = self._find_lost(config)
        self.kept = np.flatnonzero(~self.lost.lost)
        self.n_exposures = len(self.kept)
        self.timing = replace(timing, mid_time_h=timing.mid_time_h[self.kept])
        self.mean, self.variance = np.zeros(count), np.zeros(count)
        self.bad, self.ran = np.zeros(count, bool), np.zeros(count, bool)
        self.counts = np.zeros((count, len(Flag)), np.int64)
        picked = np.unique(np.linspace(0, self.n_exposures - 1, AUDITED_EXPOSURES).astype(int))
        self._audited = np.stack([2 * picked, 2 * picked + 1], axis=1).ravel()
        self.sample = np.zeros((len(self._audited), count), np.uint16)
        self.exposures = np.empty((0, self.n_exposures), np.float32)
        self.samples: Samples | None = None
        self.spent_ms = {"decode": 0.0, "fused": 0.0, "extraction": 0.0}

    @property
    def holds(self) -> bool:
        """Whether all exposures are kept."""
        return len(self.exposures) > 0

    def hold(self, samples: bool) -> None:
        """Keep all exposures, and with ``samples`` each one's variance and flags."""
        shape = (self.detector.pixels, self.n_exposures)
        self.exposures = np.empty(shape, np.float32)
        if samples:
            self.samples = Samples(np.empty(shape, np.float32), np.empty(shape, np.uint16))

    def run(self, block: Indices) -> NDArray[np.float32]:
        """Decode and calibrate some pixels: exposures (len(block), T) float32.

        Raises:
            SchemaError: the data are damaged.
        """
        start = perf_counter()
        raw = self._kept_reads(self._decode(block))
        decoded = perf_counter()
        signal = self._room(block)
        samples = self._samples_of(signal.shape)
        stats = calibrate_block(raw, self.pixels.take(block), self._readout, signal, samples)
        self.mean[block], self.variance[block] = stats.mean, stats.variance
        self.bad[block], self.counts[block], self.ran[block] = stats.bad, stats.counts, True
        self.sample[:, block] = raw[:, self._audited].T
        if self.holds and signal.base is not self.exposures:
            self.exposures[block] = signal
        if self.samples is not None and samples is not None:
            self.samples.variance[block], self.samples.flags[block] = samples
        self.spent_ms["decode"] += 1e3 * (decoded - start)
        self.spent_ms["fused"] += 1e3 * (perf_counter() - decoded)
        return signal

    def require_good_pixels(self) -> None:
        """See that of the pixels that were run some can be used.

        Raises:
            SchemaError: none can; it says what is wrong with them.
        """
        if not self.bad[self.ran].all():
            return
        struck = (self.counts[self.ran] > 0).mean(axis=0)
        causes = ", ".join(
            f"{str(flag.name).lower()} {share:.0%}"
            for flag, share in zip(Flag, struck, strict=True)
            if share > 0.01 and flag & MASKING
        )
        raise SchemaError(
            f"{self.signal.path}: no pixel of {self.detector.kaggle} can be used ({causes} of "
            f"them): its reference frames (dark, dead, flat, linear_corr, read) or its reads are "
            "broken, fetch them again"
        )

    def _room(self, block: Indices) -> NDArray[np.float32]:
        """Where a block's exposures go: their own place at once, if that is in one piece."""
        first, end = int(block[0]), int(block[-1]) + 1
        if self.holds and end - first == len(block):
            return self.exposures[first:end]
        return np.empty((len(block), self.n_exposures), np.float32)

    def _samples_of(self, shape: tuple[int, ...]) -> Samples | None:
        if self.samples is None:
            return None
        return Samples(np.empty(shape, np.float32), np.empty(shape, np.uint16))

    def _find_lost(self, config: KillChainConfig) -> LostExposures:
        told = witnesses(self.pixels.flags & MASKING == 0)
        if not len(told):  # no pixel can be used, which is said when all have been run
            nothing = np.zeros(self.signal.n_reads // 2, dtype=bool)
            return LostExposures(nothing, nothing)
        lost = find_lost(self._decode(told), config.saturation_counts)
        if lost.too_many:
            raise SchemaError(
                f"{self.signal.path}: {lost.told()}: at most {MOST_LOST:.0%} of a visit may be "
                "lost, fetch it again"
            )
        return lost

    def _kept_reads(self, raw: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Reads (P, n_reads) without those of lost exposures; as they are where none is lost."""
        pairs = self.signal.n_reads // 2
        if self.n_exposures == pairs:
            return raw
        return raw[:, : 2 * pairs].reshape(len(raw), pairs, 2)[:, self.kept].reshape(len(raw), -1)

    def _decode(self, block: Indices) -> NDArray[np.uint16]:
        try:
            file = self._files.get_nowait()
        except Empty:  # another thread is at it
            file = self.signal.reopened()
        try:
            return file.pixels(block)
        finally:
            self._files.put(file)
