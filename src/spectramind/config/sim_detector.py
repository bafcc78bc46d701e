"""Settings of the simulated pointing and detectors: how strong each effect is."""

from typing import Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span
from spectramind.instrument.detectors import AIRS


class JitterConfig(Section):
    """Pointing errors: white noise plus red noise, Lorentzian with a knee.

    Attributes:
        fgs1_px: rms of an FGS1 cycle (0.4 s) on either axis [FGS1 px].
        airs_px: rms of an AIRS cycle's mean (4.8 s) [AIRS px]; sets the ratio of the plate scales.
        slow_fraction: share of the variance that is red.
        knee_hz: frequency at which the red part has half its power.
        defocus_px2: rms of what defocus adds to the variance of the image's width [FGS1 px^2].
        factor: multiplies all three amplitudes.
    """

    fgs1_px: float = Field(gt=0, le=0.3)
    airs_px: float = Field(gt=0, le=0.1)
    slow_fraction: float = Field(ge=0, le=1)
    knee_hz: float = Field(gt=0, le=1)
    defocus_px2: float = Field(ge=0, le=0.05)
    factor: float = Field(ge=0, le=4)


class DetectorConfig(Section):
    """Strengths of the detector's effects.

    Attributes:
        hot_fraction: share of hot pixels, drawn uniformly.
        cosmic_a_pixel_s: cosmic-ray hits a pixel a second.
        foreground_share: median foreground, as a share of the star's light.
        drift_factor: multiplies the measured drift.
        intra_pixel: how much less sensitive a pixel's edge is than its centre.
        full_well_e: electrons at which a pixel's read stops growing, in one cycle.
        persistence_fraction: share of the charge that is trapped and released later.
        persistence_s: time constant of its release [s].
    """

    hot_fraction: Span
    cosmic_a_pixel_s: float = Field(ge=0, le=1e-3)
    foreground_share: float = Field(ge=0, le=0.2)
    drift_factor: float = Field(ge=0, le=10)
    intra_pixel: float = Field(ge=0, le=0.3)
    full_well_e: float = Field(ge=1e4, le=1e6)
    persistence_fraction: float = Field(ge=0, le=0.01)
    persistence_s: float = Field(ge=10, le=1e5)

    @model_validator(mode="after")
    def _a_share(self) -> Self:
        if not 0 <= self.hot_fraction[0] <= self.hot_fraction[1] <= 0.2:
            raise ValueError(f"hot_fraction {self.hot_fraction} is outside 0..0.2")
        return self


class SeamConfig(Section):
    """A step of the gain between two readout channels of AIRS.

    Attributes:
        column: the first AIRS column behind the seam; null means that there is none.
        step: relative gain behind it, minus one.
    """

    column: int | None = Field(ge=1, lt=AIRS.width)
    step: float = Field(ge=-0.2, le=0.2)
