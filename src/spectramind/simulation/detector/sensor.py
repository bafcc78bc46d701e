"""One detector of one visit, as drawn: what is published as reference frames, and what is not."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spectramind.config.sim import SimulationConfig
from spectramind.dataset.frames import ReferenceFrames
from spectramind.instrument.detectors import Detector
from spectramind.simulation.clock import Clock
from spectramind.simulation.detector.cosmic import Hits, draw_hits, no_hits
from spectramind.simulation.detector.dark import draw_dark
from spectramind.simulation.detector.dead import draw_dead
from spectramind.simulation.detector.flat import draw_flat
from spectramind.simulation.detector.hot import draw_hot
from spectramind.simulation.detector.linearity import coadded, draw_coefficients, identity
from spectramind.simulation.detector.persistence import (
    Persistence,
    draw_persistence,
    no_persistence,
)
from spectramind.simulation.detector.read import draw_read_map
from spectramind.simulation.detector.seam_step import column_gain
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.telescope.published_frames import publish, true_linearity


@dataclass(frozen=True)
class Sensor:
    """Everything drawn about one detector; an effect that is off is neutral here.

    Attributes:
        detector: which one.
        frames: its reference frames as published; they act so but for the next two.
        flat: (H, W) flat that acts.
        curvature_error: how much more curved the pixels are than ``frames.linear_corr``.
        hot: (H, W) hot pixels.
        persistence: see detector.persistence.
        hits: cosmic rays.
        full_well_e: of a sum of cycles [e].
        gain: (W,) of each column, see detector.seam.
    """

    detector: Detector
    frames: ReferenceFrames
    flat: NDArray[np.float64]
    curvature_error: float
    hot: NDArray[np.bool_]
    persistence: Persistence
    hits: Hits
    full_well_e: float
    gain: NDArray[np.float64]

    @cached_property
    def linear(self) -> NDArray[np.float64]:
        """Linearity polynomials that act, (6, H, W)."""
        return true_linearity(self.frames.linear_corr, self.curvature_error)


def draw_sensor(
    detector: Detector, clock: Clock, config: SimulationConfig, streams: Streams
) -> Sensor:
    """Draw a detector for one visit."""
    effects, strengths = config.effects, config.detector
    persistence, hits = no_persistence(), no_hits()
    if effects.persistence:
        persistence = draw_persistence(streams(Source.PERSISTENCE, detector), strengths)
    if effects.cosmic:
        rng = streams(Source.COSMIC, detector)
        hits = draw_hits(rng, detector.pixels, clock, strengths)
    acting = draw_frames(detector, config, streams)
    return Sensor(
        detector=detector,
        frames=publish(acting, detector, config, streams),
        flat=acting.flat,
        curvature_error=config.foreign.telescope.curvature_error if effects.nonlinearity else 0.0,
        hot=_hot_current(detector, config, streams) > 0,
        persistence=persistence,
        hits=hits,
        full_well_e=strengths.full_well_e * clock.cadence,
        gain=column_gain(config.seam, detector),
    )


def draw_frames(detector: Detector, config: SimulationConfig, streams: Streams) -> ReferenceFrames:
    """Draw the pixels: the frames that act, and are published unless something is wrong there."""
    shape, effects = (detector.height, detector.width), config.effects
    strengths = config.detector

    def rng(source: Source) -> np.random.Generator:
        return streams(source, detector)

    flat = draw_flat(rng(Source.FLAT), shape, strengths) if effects.flat else np.ones(shape)
    dead = np.zeros(shape, dtype=bool)
    if effects.dead:
        dead, response = draw_dead(rng(Source.DEAD), shape, strengths)
        flat = flat * response
    dark = np.zeros(shape)
    if effects.dark:
        dark = draw_dark(rng(Source.DARK), shape, strengths)
    dark = dark + _hot_current(detector, config, streams)
    linear = identity(shape)
    if effects.nonlinearity:
        one_cycle = draw_coefficients(rng(Source.NONLINEARITY), shape, strengths.linearity)
        linear = coadded(one_cycle, config.cadence)
    read = np.zeros(shape)
    if effects.read:
        read = draw_read_map(rng(Source.READ_MAP), shape, strengths) * np.sqrt(config.cadence)
    return ReferenceFrames(dark=dark, dead=dead, flat=flat, linear_corr=linear, read=read)


def _hot_current(
    detector: Detector, config: SimulationConfig, streams: Streams
) -> NDArray[np.float64]:
    shape = (detector.height, detector.width)
    if not config.effects.hot:
        return np.zeros(shape)
    return draw_hot(streams(Source.HOT, detector), shape, config.detector)
