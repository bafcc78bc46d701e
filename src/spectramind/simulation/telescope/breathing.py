"""Effect: the image's width changes through the visit.

Units: a detector's own pixels squared. Place in the chain: added to what defocus adds to the
variance of the width. Equation, n normal, the period uniform, each detector its own:

    amplitude (n_1 (2 t / hours - 1) + n_2 sin(2 pi t / period + phase)).

Source: telescopes breathe with their temperature, Hubble once an orbit.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.instrument.detectors import FGS1, Detector
from spectramind.simulation.clock import make_clock
from spectramind.simulation.streams import Source, Streams


def draw_breathing(
    detector: Detector, config: SimulationConfig, streams: Streams
) -> NDArray[np.float64]:
    """What is added to the variance of the width at every FGS1 cycle, (samples,) [px^2]."""
    breathing = config.foreign.telescope.breathing
    amplitude = breathing.fgs1_px2 if detector == FGS1 else breathing.airs_px2
    time_h = make_clock(FGS1, config.hours, cadence=1).mid_time_h
    if not amplitude:
        return np.zeros(len(time_h))
    rng = streams(Source.BREATHING, detector)
    trend, cycle = amplitude * rng.standard_normal(2)
    turn = 2 * np.pi * time_h / rng.uniform(*breathing.period_h)
    phase = rng.uniform(0, 2 * np.pi)
    return np.asarray(trend * (2 * time_h / config.hours - 1) + cycle * np.sin(turn + phase))
