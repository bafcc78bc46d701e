"""The detector's chain, one detector row at a time: scene in, counts out.

Place of each effect: (star and foreground) x flat -> + dark -> charge with photon noise -> cosmic
rays -> non-linearity -> read noise -> ADC. A row is small enough to stay in cache when cycles are
summed, and bounds the memory when they are not.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.simulation import EffectsConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.dataset.tables import AdcInfo
from spectramind.instrument.detectors import Detector
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector.adc import encode
from spectramind.simulation.detector.cosmic import Hits, add_hits
from spectramind.simulation.detector.dark import draw_dark
from spectramind.simulation.detector.dead import draw_dead
from spectramind.simulation.detector.flat import draw_flat
from spectramind.simulation.detector.hot import draw_hot
from spectramind.simulation.detector.linearity import (
    coadded,
    draw_coefficients,
    identity,
    measure,
)
from spectramind.simulation.detector.photon import accumulate
from spectramind.simulation.detector.read import add_read_noise, draw_read_map
from spectramind.simulation.scene import Scene
from spectramind.simulation.streams import Source, Streams


def draw_frames(
    detector: Detector, cadence: int, effects: EffectsConfig, streams: Streams
) -> ReferenceFrames:
    """Draw the detector. What is published as reference frames is what acts."""
    shape = (detector.height, detector.width)

    def rng(source: Source) -> np.random.Generator:
        return streams(source, detector)

    flat = draw_flat(rng(Source.FLAT), shape) if effects.flat else np.ones(shape)
    dead = np.zeros(shape, dtype=bool)
    if effects.dead:
        dead, response = draw_dead(rng(Source.DEAD), shape)
        flat = flat * response
    dark = draw_dark(rng(Source.DARK), shape) if effects.dark else np.zeros(shape)
    if effects.hot:
        dark = dark + draw_hot(rng(Source.HOT), shape)
    linear = identity(shape)
    if effects.nonlinearity:
        linear = coadded(draw_coefficients(rng(Source.NONLINEARITY), shape), cadence)
    read = np.zeros(shape)
    if effects.read:
        read = draw_read_map(rng(Source.READ_MAP), shape) * np.sqrt(cadence)
    return ReferenceFrames(dark=dark, dead=dead, flat=flat, linear_corr=linear, read=read)


def expose(
    scene: Scene,
    frames: ReferenceFrames,
    detector: Detector,
    clock: Clock,
    hits: Hits,
    adc: AdcInfo,
    effects: EffectsConfig,
    streams: Streams,
) -> NDArray[np.uint16]:
    """Counts of every read, (pixels, 2 pairs), start and end read in turn."""
    photon, read = streams(Source.PHOTON, detector), streams(Source.READ, detector)
    counts = np.empty((detector.height, detector.width, 2 * clock.pairs), dtype=np.uint16)
    for row in range(detector.height):
        rate = frames.flat[row][:, None] * scene.rate(row) + frames.dark[row][:, None]
        reads = accumulate(
            rate, clock.start_s, clock.integration_s, photon if effects.photon else None
        )
        reads = add_hits(reads, hits.among(row * detector.width, detector.width))
        electrons = reads.reshape(detector.width, 2 * clock.pairs)
        if effects.nonlinearity:
            electrons = measure(electrons, frames.linear_corr[:, row])
        if effects.read:
            electrons = add_read_noise(electrons, frames.read[row], read)
        counts[row] = encode(electrons, adc)
    return counts.reshape(detector.pixels, -1)
