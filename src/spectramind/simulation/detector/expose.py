"""The detector's chain, one detector row at a time: scene in, counts out.

Place of each effect: (star and foreground) x flat -> + dark and hot pixels -> + persistence ->
charge with photon noise -> cosmic rays -> non-linearity -> saturation -> seam -> read noise -> ADC.
A row is small enough to stay in cache when cycles are summed, and bounds the memory when not.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector.adc import adc_info, encode
from spectramind.simulation.detector.cosmic import add_hits
from spectramind.simulation.detector.linearity import measure
from spectramind.simulation.detector.photon import accumulate
from spectramind.simulation.detector.read import add_read_noise
from spectramind.simulation.detector.saturation import saturate
from spectramind.simulation.detector.sensor import Sensor
from spectramind.simulation.scene import Scene
from spectramind.simulation.streams import Source, Streams


def expose(
    scene: Scene, sensor: Sensor, clock: Clock, config: SimulationConfig, streams: Streams
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Counts of every read, and which pixels were ever full.

    Returns:
        (pixels, 2 pairs), start and end read in turn; (H, W).
    """
    detector, effects, adc = sensor.detector, config.effects, adc_info(clock.cadence)
    photon, read = streams(Source.PHOTON, detector), streams(Source.READ, detector)
    counts = np.empty((detector.height, detector.width, 2 * clock.pairs), dtype=np.uint16)
    full = np.zeros((detector.height, detector.width), dtype=bool)
    for row in range(detector.height):
        reads = accumulate(
            _rate(scene, sensor, clock, row),
            clock.start_s,
            clock.integration_s,
            photon if effects.photon else None,
        )
        reads = add_hits(reads, sensor.hits.among(row * detector.width, detector.width))
        electrons = reads.reshape(detector.width, 2 * clock.pairs)
        if effects.nonlinearity:
            electrons = measure(electrons, sensor.linear[:, row])
        if effects.saturation:
            full[row] = electrons.max(1) >= sensor.full_well_e
            electrons = saturate(electrons, sensor.full_well_e)
        if config.seam.column is not None:
            electrons = electrons * sensor.gain[:, None]
        if effects.read:
            electrons = add_read_noise(electrons, sensor.frames.read[row], read)
        counts[row] = encode(electrons, adc)
    return counts.reshape(detector.pixels, -1), full


def _rate(scene: Scene, sensor: Sensor, clock: Clock, row: int) -> NDArray[np.float64]:
    """Electrons a second that gather in the pixels of one row, (W, T)."""
    frames = sensor.frames
    rate = sensor.flat[row][:, None] * scene.rate(row) + frames.dark[row][:, None]
    return np.asarray(rate + sensor.persistence.release(rate, clock.cycle_s))
