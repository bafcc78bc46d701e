"""Settings of the telemetry simulator."""

from typing import Self

from pydantic import Field, model_validator

from spectramind.config.base import Section

_AIRS_CYCLE_S = 4.8
_LEAST_EXPOSURES = 8


class EffectsConfig(Section):
    """Which effects are on. One that is off leaves its reference frame at identity (or zero).

    Attributes:
        photon: shot noise of all charge.
        read: noise of each read.
        dark: ordinary dark current.
        hot: pixels with a far larger dark current.
        dead: flagged pixels, half of them without response.
        flat: pixel-to-pixel response.
        nonlinearity: the inverse of the published polynomial.
        jitter: pointing, fast and slow.
        drift: the slow change of the response, 1 + f(t) g(lambda).
        foreground: constant diffuse light.
        cosmic: cosmic-ray hits.
    """

    photon: bool
    read: bool
    dark: bool
    hot: bool
    dead: bool
    flat: bool
    nonlinearity: bool
    jitter: bool
    drift: bool
    foreground: bool
    cosmic: bool


class SimulationConfig(Section):
    """A simulated tree.

    Attributes:
        planets, test_planets: planets of each split.
        cadence: reset cycles summed into one pair of frames; 1 is the real cadence.
        two_visit_fraction: share of planets observed twice.
        hours: length of a visit [h].
        effects: see EffectsConfig.
    """

    planets: int = Field(ge=1)
    test_planets: int = Field(ge=1)
    cadence: int = Field(ge=1, le=500)
    two_visit_fraction: float = Field(ge=0, le=1)
    hours: float = Field(ge=0.5, le=24)
    effects: EffectsConfig

    @model_validator(mode="after")
    def _enough_exposures(self) -> Self:
        exposures = int(self.hours * 3600 / _AIRS_CYCLE_S) // self.cadence
        if exposures < _LEAST_EXPOSURES:
            raise ValueError(
                f"hours {self.hours:g} at cadence {self.cadence} hold {exposures} AIRS exposures, "
                f"at least {_LEAST_EXPOSURES} are needed: lower the cadence"
            )
        return self
