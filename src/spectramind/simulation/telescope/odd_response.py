"""All that the response does beyond the ordinary drift, drawn for one visit."""

import numpy as np

from spectramind.config.sim import SimulationConfig
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.simulation.response_drift import Drift, draw_drift
from spectramind.simulation.streams import Source, Streams
from spectramind.simulation.telescope.odd_drift import draw_odd_drift
from spectramind.simulation.telescope.red_noise import draw_red_noise
from spectramind.simulation.telescope.response import Response, ResponseTerm
from spectramind.simulation.telescope.slow_course import knots_h


def draw_response(drift: Drift, config: SimulationConfig, streams: Streams) -> Response:
    """Draw what is switched on.

    Args:
        drift: the ordinary one, whose course FGS1 may leave.
        config: all settings of the tree.
        streams: of the visit.
    """
    foreign, knots = config.foreign.telescope, knots_h(config.hours)
    terms: list[ResponseTerm] = []
    if foreign.red_noise.airs or foreign.red_noise.fgs1:
        terms += draw_red_noise(streams(Source.RED_NOISE), foreign.red_noise, len(knots))
    if foreign.fgs1_own_drift and config.effects.drift:
        terms.append(_own_drift(drift, config, streams))
    if foreign.odd_drift.settling or foreign.odd_drift.cycling:
        terms += draw_odd_drift(streams(Source.ODD_DRIFT), foreign.odd_drift, knots)
    return Response(knots, terms)


def _own_drift(drift: Drift, config: SimulationConfig, streams: Streams) -> ResponseTerm:
    """Takes FGS1 from the common course f to sqrt(1 - s^2) f + s f', f' drawn as f is."""
    share = config.foreign.telescope.fgs1_own_drift
    own = draw_drift(streams(Source.FGS1_DRIFT), config.detector).legendre
    change = (np.sqrt(1 - share**2) - 1) * drift.legendre + share * own
    place = 2 * knots_h(config.hours) / config.hours - 1
    loading = np.zeros(N_BINS)
    loading[FGS1_BIN] = drift.spectrum[FGS1_BIN]
    course = np.polynomial.legendre.legval(place, change)
    return ResponseTerm("fgs1_own_drift", course, loading)
