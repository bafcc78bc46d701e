"""Reference frames as they are published, where that is not what acts."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.instrument.detectors import Detector
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.telescope.flat_error import draw_flat_error

_CURVED = slice(2, None)  # of a linearity polynomial: what bends it


def publish(
    acting: ReferenceFrames, detector: Detector, config: SimulationConfig, streams: Streams
) -> ReferenceFrames:
    """The frames that calibration is given."""
    error = config.foreign.telescope.flat_error
    if not (error.pixel or error.smooth):
        return acting
    wrong = draw_flat_error(streams(Source.FLAT_ERROR, detector), acting.flat.shape, error)
    return replace(acting, flat=acting.flat * (1 + wrong))


def true_linearity(published: NDArray[np.float64], error: float) -> NDArray[np.float64]:
    """Coefficients (6, H, W) that act, more curved than the published by a share."""
    acting = published.copy()
    acting[_CURVED] *= 1 + error
    return acting
