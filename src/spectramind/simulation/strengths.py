"""Every planet under a foreign sky and telescope of its own strengths.

Place in the chain: before the planet is drawn. What ``foreign`` (and the spots' share) says is then
the most that there is: each switch is off for half of the planets, and has between none and all of
its strength for the others, each drawn by itself. So a tree holds all combinations, and whoever
learns from it cannot rely on any.
"""

from typing import TypeVar

import numpy as np

from spectramind.config.base import Section
from spectramind.config.sim import SimulationConfig
from spectramind.config.sim_planets import Span
from spectramind.config.sim_sky import ForeignSkyConfig
from spectramind.config.sim_telescope import ForeignTelescopeConfig

S = TypeVar("S", bound=Section)


def of_own_strengths(config: SimulationConfig, rng: np.random.Generator) -> SimulationConfig:
    """The settings of one planet."""
    drawn = _Strengths(rng)
    telescope = _telescope(config.foreign.telescope, drawn)
    sky = _sky(config.foreign.sky, drawn)
    spots = config.population.spots
    spots = _with(spots, fraction=_up_to(spots.fraction, drawn()))
    return _with(
        config,
        foreign=_with(config.foreign, telescope=telescope, sky=sky),
        population=_with(config.population, spots=spots),
    )


class _Strengths:
    """Draws how strong a switch is, 0..1, half of them 0."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def __call__(self) -> float:
        on, strength = self._rng.random() < 0.5, self._rng.random()
        return float(strength) if on else 0.0


def _telescope(told: ForeignTelescopeConfig, drawn: _Strengths) -> ForeignTelescopeConfig:
    motion, red, odd = told.airs_motion, told.red_noise, told.odd_drift
    breathing, flat = told.breathing, told.flat_error
    rigid = drawn()
    return _with(
        told,
        airs_motion=_with(
            motion,
            shared=1 - rigid * (1 - motion.shared),
            own_px=drawn() * motion.own_px,
            slope_px=drawn() * motion.slope_px,
        ),
        red_noise=_with(red, airs=drawn() * red.airs, fgs1=drawn() * red.fgs1),
        fgs1_own_drift=drawn() * told.fgs1_own_drift,
        odd_drift=_with(
            odd,
            settling=drawn() * odd.settling,
            cycling=drawn() * odd.cycling,
            bump=drawn() * odd.bump,
        ),
        breathing=_with(
            breathing,
            fgs1_px2=drawn() * breathing.fgs1_px2,
            airs_px2=drawn() * breathing.airs_px2,
        ),
        flat_error=_with(flat, pixel=drawn() * flat.pixel, smooth=drawn() * flat.smooth),
        curvature_error=drawn() * told.curvature_error,
        stray_gradient=drawn() * told.stray_gradient,
    )


def _sky(told: ForeignSkyConfig, drawn: _Strengths) -> ForeignSkyConfig:
    """Laws, opacities and ellipses are there or not; what has a share has it in part."""
    law, opacities, ellipse = drawn() > 0, drawn() > 0, drawn() > 0
    faculae, spots, moon, orbit = told.faculae, told.crossed_spots, told.moon, told.eccentricity
    return _with(
        told,
        limb_darkening_law=told.limb_darkening_law if law else "quadratic",
        limb_factor=1 + drawn() * (told.limb_factor - 1),
        opacities=told.opacities if opacities else "known",
        eccentricity=_with(orbit, largest=orbit.largest if ellipse else 0.0),
        faculae=_with(faculae, fraction=_up_to(faculae.fraction, drawn())),
        crossed_spots=_with(spots, share=drawn() * spots.share),
        moon=_with(moon, share=drawn() * moon.share),
    )


def _up_to(span: Span, strength: float) -> Span:
    return strength * span[0], strength * span[1]


def _with(section: S, **changed: object) -> S:
    return section.model_copy(update=changed)
