"""Effect: AIRS moves by itself.

Units: AIRS pixels. Place in the chain: moves AIRS's image before it meets the pixels. Equation, on
either axis, p FGS1's track at AIRS's plate scale, q another of the same power spectrum, s smooth:

    shared p + sqrt(1 - shared^2) q + own_px s(t) + slope_px n (t / hours - 1/2).

Source: benches bend as they warm; the 0.013 px that AIRS moves turn by the spectrum's slope, 1.2 %
a column, into 160 ppm of its level.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import FGS1
from spectramind.simulation.clock import make_clock
from spectramind.simulation.jitter import airs_plate_scale, draw_track
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.telescope.slow_course import at, knots_h, smooth

Array = NDArray[np.float64]


def airs_track(fgs1_track: Array, config: SimulationConfig, streams: Streams) -> Array:
    """AIRS's displacement (row, column) at every FGS1 cycle, (2, samples) [AIRS px].

    Args:
        fgs1_track: (2, samples) [FGS1 px].
        config: all settings of the tree.
        streams: of the visit.
    """
    motion = config.foreign.telescope.airs_motion
    track = fgs1_track
    if motion.shared < 1 and config.effects.jitter:
        rng = streams(Source.AIRS_JITTER)
        alone = draw_track(rng, config.jitter, fgs1_track.shape[1])
        track = motion.shared * track + np.sqrt(1 - motion.shared**2) * alone
    track = airs_plate_scale(config.jitter) * track
    if motion.own_px or motion.slope_px:
        track = track + _flexure(config, streams)
    return track


def _flexure(config: SimulationConfig, streams: Streams) -> Array:
    motion, rng = config.foreign.telescope.airs_motion, streams(Source.AIRS_FLEXURE)
    knots = knots_h(config.hours)
    slope = rng.standard_normal((2, 1)) * motion.slope_px
    course = motion.own_px * smooth(rng, 2, len(knots), motion.memory_h)
    course += slope * (knots / config.hours - 0.5)
    return at(make_clock(FGS1, config.hours, cadence=1).mid_time_h, knots, course)
