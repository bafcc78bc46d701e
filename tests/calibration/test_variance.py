"""The stated variance is the true one: telemetry of known light through the simulator's detector.

Normalised residuals against the injected light have unit variance within 3 %, per detector and per
decade of flux, as they are and binned in time; where a limit is asserted the sampling error is
below a third of it.
"""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.calibration.kernel.fused import calibrate_block
from spectramind.calibration.kernel.pixels import PixelStats, Samples
from spectramind.calibration.kernel.stream import pixel_references, readout_of
from spectramind.config.calib import KillChainConfig
from spectramind.config.compose import compose
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import Timing
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.simulation.clock import Clock, make_clock
from spectramind.simulation.detector.adc import adc_info, encode
from spectramind.simulation.detector.linearity import measure
from spectramind.simulation.detector.photon import accumulate
from spectramind.simulation.detector.read import add_read_noise
from spectramind.simulation.detector.sensor import draw_frames
from spectramind.simulation.streams import Streams

Array = NDArray[np.float64]
SAMPLES = 480_000
BIN = 8
FULL_E = 1.2e5
PRECISION = 0.03


def telemetry(
    light: Array, frames: ReferenceFrames, row: int, clock: Clock, rng: np.random.Generator
) -> NDArray[np.uint16]:
    """Counts (W, reads) of one detector row that sees ``light`` (W, T) electrons an exposure."""
    rate = light / clock.integration_s * frames.flat[row][:, None] + frames.dark[row][:, None]
    charge = accumulate(rate, clock.start_s, clock.integration_s, rng).reshape(len(light), -1)
    measured = measure(charge, frames.linear_corr[:, row])
    return encode(add_read_noise(measured, frames.read[row], rng), adc_info(clock.cadence))


def calibrated(
    raw: NDArray[np.uint16],
    frames: ReferenceFrames,
    rows: slice,
    clock: Clock,
    chain: KillChainConfig,
) -> tuple[Array, Samples, PixelStats]:
    """Signal and samples (P, T), and stats, of some detector rows."""
    timing = Timing(
        np.array([clock.start_s, clock.start_s + clock.integration_s]),
        clock.mid_time_h,
        clock.integration_s,
    )
    width = frames.flat.shape[1]
    pixels = pixel_references(frames, clock.integration_s, chain)
    pixels = pixels.take(slice(rows.start * width, rows.stop * width))
    shape = (len(raw), raw.shape[1] // 2)
    signal = np.empty(shape, np.float32)
    samples = Samples(np.empty(shape, np.float32), np.empty(shape, np.uint16))
    readout = readout_of(adc_info(clock.cadence), timing, chain)
    stats = calibrate_block(raw, pixels, readout, signal, samples)
    return signal.astype(np.float64), samples, stats


def detector_of(
    detector: Detector, cadence: int, **chain: Any
) -> tuple[ReferenceFrames, Clock, KillChainConfig]:
    config = compose(["sim=full", f"sim.cadence={cadence}"])
    frames = draw_frames(detector, config.sim, Streams(5, 1, 0))
    settings = config.calib.kill_chain().model_copy(update=chain)
    return frames, make_clock(detector, config.sim.hours, cadence), settings


# FGS1 reads after 0.1 and 0.2 s: an exposure of 1e5 e would have 2e5 e in the well.
REACHABLE = [(FGS1, d) for d in (1, 2, 3, 4)] + [(AIRS, d) for d in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(("detector", "decade"), REACHABLE)
@pytest.mark.parametrize("cadence", [1, 40])
def test_normalised_residuals_have_unit_variance(
    detector: Detector, cadence: int, decade: int
) -> None:
    frames, clock, chain = detector_of(detector, cadence, flat_error=0.0)
    rng = np.random.default_rng([decade, cadence, detector.width])
    count = BIN * (SAMPLES // detector.width // BIN)
    most = FULL_E * clock.integration_s / (clock.start_s + clock.integration_s)
    exponent = rng.uniform(decade, min(decade + 1, np.log10(most)), (detector.width, 1))
    light = np.repeat(cadence * 10**exponent, count, axis=1)
    raw = telemetry(light, frames, 3, clock, rng)
    signal, samples, stats = calibrated(raw, frames, slice(3, 4), clock, chain)
    good = ~stats.bad
    residual, variance = (signal - light)[good], samples.variance[good].astype(np.float64)
    assert good.mean() > 0.9
    assert np.mean(residual**2 / variance) == pytest.approx(1.0, abs=PRECISION)
    binned, its_variance = (
        values.reshape(good.sum(), -1, BIN).sum(axis=2) for values in (residual, variance)
    )
    assert np.mean(binned**2 / its_variance) == pytest.approx(1.0, abs=PRECISION)
    seen = residual.var(axis=1) / stats.variance[good]
    assert np.mean(seen) == pytest.approx(1.0, abs=PRECISION)
    np.testing.assert_allclose(stats.mean[good], signal[good].mean(axis=1), rtol=1e-5, atol=1e-2)


@pytest.mark.parametrize("detector", [AIRS, FGS1])
def test_the_flats_error_is_stated_for_samples_and_common_to_exposures(detector: Detector) -> None:
    error, light_e, n = 0.01, 30_000.0, 4 if detector == AIRS else 16
    frames, clock, chain = detector_of(detector, 1, flat_error=error)
    rng = np.random.default_rng(9)
    light = np.full((detector.width, n), light_e)
    raw = np.concatenate(
        [telemetry(light, frames, row, clock, rng) for row in range(detector.height)]
    )
    believed = frames.flat * (1 + rng.normal(0, error, frames.flat.shape))
    published = ReferenceFrames(frames.dark, frames.dead, believed, frames.linear_corr, frames.read)
    rows = slice(0, detector.height)
    signal, samples, stats = calibrated(raw, published, rows, clock, chain)
    good = ~stats.bad
    residual = signal[good] - light_e
    sampling = np.sqrt(2 / good.sum())
    whole = np.mean(residual**2 / samples.variance[good])
    assert whole == pytest.approx(1.0, abs=max(PRECISION, 3.5 * sampling))
    inner = residual.var(axis=1, ddof=1) / stats.variance[good]
    assert np.mean(inner) == pytest.approx(1.0, abs=max(PRECISION, 3.5 * sampling / np.sqrt(n - 1)))
