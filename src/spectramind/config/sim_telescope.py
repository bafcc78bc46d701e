"""Settings of what a foreign telescope does that the fit does not expect: 0 (or 1) is off."""

from typing import Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span


class AirsMotionConfig(Section):
    """How AIRS's image moves by itself.

    Attributes:
        shared: share of FGS1's pointing track that AIRS follows; 1 is one telescope, rigid. The
            rest is a track of its own with the same power spectrum, so that its rms stays.
        own_px: rms on either axis of a slow, smooth motion of its own [AIRS px].
        slope_px: standard deviation on either axis of a straight motion through the visit, end to
            end [AIRS px].
        memory_h: of the slow motion, see telescope.slow_course [h].
    """

    shared: float = Field(ge=0, le=1)
    own_px: float = Field(ge=0, le=0.1)
    slope_px: float = Field(ge=0, le=0.1)
    memory_h: float = Field(ge=0.1, le=24)


class RedNoiseConfig(Section):
    """Noise with memory that all light of a detector shares.

    Attributes:
        airs, fgs1: relative rms in either detector, independent of each other.
        memory_h: time over which it forgets [h].
    """

    airs: float = Field(ge=0, le=0.01)
    fgs1: float = Field(ge=0, le=0.01)
    memory_h: float = Field(ge=0.05, le=24)


class OddDriftConfig(Section):
    """A drift that is no polynomial, neither in time nor in wavelength. Ranges: drawn uniformly.

    Attributes:
        settling: standard deviation, from visit to visit, of what decays after the visit's begin.
        settling_h: its time constant [h].
        cycling: standard deviation of the amplitude of a thermal cycle, a sine.
        cycling_h: its period [h].
        bump: standard deviation of the height of a bump at some AIRS wavelength that both have, of
            the part that all AIRS bins share.
    """

    settling: float = Field(ge=0, le=0.01)
    settling_h: Span
    cycling: float = Field(ge=0, le=0.01)
    cycling_h: Span
    bump: float = Field(ge=0, le=10)

    @model_validator(mode="after")
    def _within_a_visit(self) -> Self:
        for name in ("settling_h", "cycling_h"):
            low, high = getattr(self, name)
            if not 0.1 <= low <= high <= 24:
                raise ValueError(f"{name} {(low, high)} is outside 0.1..24 h")
        return self


class BreathingConfig(Section):
    """How the images' width changes through a visit.

    Attributes:
        fgs1_px2, airs_px2: standard deviation of a trend's half range, and of a cycle's amplitude,
            of the variance of the width [each detector's px^2].
        period_h: of the cycle, drawn uniformly [h].
    """

    fgs1_px2: float = Field(ge=0, le=0.01)
    airs_px2: float = Field(ge=0, le=0.01)
    period_h: Span

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        if not 0.1 <= self.period_h[0] <= self.period_h[1] <= 24:
            raise ValueError(f"period_h {self.period_h} is outside 0.1..24 h")
        return self


class FlatErrorConfig(Section):
    """How far the published flat is from the true one.

    Attributes:
        pixel: relative rms from pixel to pixel.
        smooth: relative rms over the detector.
    """

    pixel: float = Field(ge=0, le=0.05)
    smooth: float = Field(ge=0, le=0.05)


class ForeignTelescopeConfig(Section):
    """What telescope and detectors do, each by its own switch.

    Attributes:
        airs_motion: see AirsMotionConfig.
        red_noise: see RedNoiseConfig.
        fgs1_own_drift: share of FGS1's drift whose course in time is its own; 0 is AIRS's course.
        odd_drift: see OddDriftConfig.
        breathing: see BreathingConfig.
        flat_error: see FlatErrorConfig.
        curvature_error: how much more curved pixels are than the published polynomial says.
        stray_gradient: standard deviation, on either axis, of the change of the foreground's
            logarithm from edge to edge.
    """

    airs_motion: AirsMotionConfig
    red_noise: RedNoiseConfig
    fgs1_own_drift: float = Field(ge=0, le=1)
    odd_drift: OddDriftConfig
    breathing: BreathingConfig
    flat_error: FlatErrorConfig
    curvature_error: float = Field(ge=-0.2, le=0.2)
    stray_gradient: float = Field(ge=0, le=2)
