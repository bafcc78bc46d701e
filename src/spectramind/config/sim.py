"""Settings of the telemetry simulator."""

from typing import Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_detector import DetectorConfig, JitterConfig, SeamConfig
from spectramind.config.sim_foreign import ForeignConfig
from spectramind.config.sim_planets import PopulationConfig

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
        saturation: the full well; the ADC's own clip stays.
        persistence: late release of charge from earlier exposures.
        jitter: pointing, fast and slow.
        defocus: the image's width.
        intra_pixel: sensitivity inside a pixel, felt where light moves.
        drift: the slow change of the response, 1 + f(t) g(lambda).
        foreground: constant diffuse light.
        cosmic: cosmic-ray hits.
        last_exposure: the last exposure of a visit shows no transit.
    """

    photon: bool
    read: bool
    dark: bool
    hot: bool
    dead: bool
    flat: bool
    nonlinearity: bool
    saturation: bool
    persistence: bool
    jitter: bool
    defocus: bool
    intra_pixel: bool
    drift: bool
    foreground: bool
    cosmic: bool
    last_exposure: bool


class SimulationConfig(Section):
    """A simulated tree.

    Attributes:
        planets, test_planets: planets of each split.
        cadence: reset cycles summed into one pair of frames; 1 is the real cadence.
        two_visit_fraction: share of planets observed twice.
        hours: length of a visit [h].
        effects: see EffectsConfig.
        jitter, detector, seam: see JitterConfig, DetectorConfig, SeamConfig.
        population: see PopulationConfig.
        foreign: see ForeignConfig.
    """

    planets: int = Field(ge=1)
    test_planets: int = Field(ge=1)
    cadence: int = Field(ge=1, le=500)
    two_visit_fraction: float = Field(ge=0, le=1)
    hours: float = Field(ge=0.5, le=24)
    effects: EffectsConfig
    jitter: JitterConfig
    detector: DetectorConfig
    seam: SeamConfig
    population: PopulationConfig
    foreign: ForeignConfig

    @model_validator(mode="after")
    def _enough_exposures(self) -> Self:
        exposures = int(self.hours * 3600 / _AIRS_CYCLE_S) // self.cadence
        if exposures < _LEAST_EXPOSURES:
            raise ValueError(
                f"hours {self.hours:g} at cadence {self.cadence} hold {exposures} AIRS exposures, "
                f"at least {_LEAST_EXPOSURES} are needed: lower the cadence"
            )
        return self
