"""Settings of the simulated pointing, detectors and their drift: how strong each effect is."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span
from spectramind.instrument.detectors import AIRS

Weight = Annotated[float, Field(ge=0, le=10)]


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


class DriftConfig(Section):
    """The slow change of the response, 1 + f(t) g(wavelength).

    Attributes:
        white, slope: standard deviations of g's white part, and of its value at AIRS's blue end
            less the white part (as much less at its red end).
        fgs1: standard deviation of FGS1's own g.
        orders: relative scatter of f's Legendre polynomials of orders 1 to 4; not all 0.
    """

    white: float = Field(ge=0, le=0.01)
    slope: float = Field(ge=0, le=0.01)
    fgs1: float = Field(ge=0, le=0.01)
    orders: tuple[Weight, Weight, Weight, Weight]

    @model_validator(mode="after")
    def _some_course(self) -> Self:
        if not any(self.orders):
            raise ValueError("orders are all 0: switch the effect off with effects.drift=false")
        return self


class LinearityConfig(Section):
    """How far pixels are from linear.

    Attributes:
        factor: multiplies the published curve's terms above the second.
        offset_e, gain, square: standard deviations from pixel to pixel of the polynomial's first
            three terms [e], [1], [1/e].
        high: relative standard deviation of the three highest terms together.
        outlier_fraction: share of pixels far outside.
        outlier_factor: how many times farther gain and square of these scatter.
    """

    factor: float = Field(ge=0, le=5)
    offset_e: float = Field(ge=0, le=5)
    gain: float = Field(ge=0, le=0.01)
    square: float = Field(ge=0, le=5e-8)
    high: float = Field(ge=0, le=0.3)
    outlier_fraction: float = Field(ge=0, le=0.2)
    outlier_factor: float = Field(ge=1, le=8)


class DetectorConfig(Section):
    """Strengths of the detector's effects. A range is drawn from uniformly.

    Attributes:
        dark_e_s, dark_scatter_e_s: mean and standard deviation over pixels of the dark current
            [e/s].
        hot_fraction: share of hot pixels.
        hot_least_e_s, hot_log_scale, hot_most_e_s: their excess is the least [e/s] times the
            exponential of an exponential variate of this mean, at most the most [e/s].
        dead_fraction: share of pixels flagged as dead.
        dead_silent_share: how many of them have no response to speak of.
        dead_response: the largest response of these.
        flat_scatter: standard deviation over pixels of the response.
        read_e, read_scatter_e: mean and standard deviation over pixels of the noise of one read of
            one cycle [e].
        noisy_fraction: share of noisier pixels.
        noisy_least_e, noisy_log_scale, noisy_most_e: their read noise, as for hot pixels [e].
        cosmic_a_pixel_s: cosmic-ray hits a pixel a second.
        cosmic_median_e, cosmic_log_scatter: median charge of a hit [e], and standard deviation of
            its logarithm.
        foreground_share: median foreground, as a share of the star's light.
        foreground_log_scatter: standard deviation, from visit to visit, of the share's logarithm.
        foreground_tilt: standard deviation of the logarithm of its change over the columns.
        drift_factor: multiplies the measured drift.
        drift: see DriftConfig.
        linearity: see LinearityConfig.
        intra_pixel: how much less sensitive a pixel's edge is than its centre.
        full_well_e: electrons at which a pixel's read stops growing, in one cycle.
        persistence_fraction: share of the charge that is trapped and released later.
        persistence_s: time constant of its release [s].
        persistence_before: brightness of what was looked at before, of this star's.
    """

    dark_e_s: float = Field(ge=0, le=10)
    dark_scatter_e_s: float = Field(ge=0, le=10)
    hot_fraction: Span
    hot_least_e_s: float = Field(gt=0, le=100)
    hot_log_scale: float = Field(ge=0, le=5)
    hot_most_e_s: float = Field(gt=0, le=1e4)
    dead_fraction: Span
    dead_silent_share: float = Field(ge=0, le=1)
    dead_response: float = Field(ge=0, le=0.5)
    flat_scatter: float = Field(ge=0, le=0.1)
    read_e: float = Field(gt=0, le=200)
    read_scatter_e: float = Field(ge=0)
    noisy_fraction: float = Field(ge=0, le=1)
    noisy_least_e: float = Field(gt=0, le=1000)
    noisy_log_scale: float = Field(ge=0, le=5)
    noisy_most_e: float = Field(gt=0, le=5000)
    cosmic_a_pixel_s: float = Field(ge=0, le=1e-3)
    cosmic_median_e: float = Field(gt=0, le=1e6)
    cosmic_log_scatter: float = Field(ge=0, le=3)
    foreground_share: float = Field(ge=0, le=0.2)
    foreground_log_scatter: float = Field(ge=0, le=1)
    foreground_tilt: float = Field(ge=0, le=2)
    drift_factor: float = Field(ge=0, le=10)
    drift: DriftConfig
    linearity: LinearityConfig
    intra_pixel: float = Field(ge=0, le=0.3)
    full_well_e: float = Field(ge=1e4, le=1e6)
    persistence_fraction: float = Field(ge=0, le=0.01)
    persistence_s: float = Field(ge=10, le=1e5)
    persistence_before: Span

    @model_validator(mode="after")
    def _within_the_model(self) -> Self:
        for name, most in (
            ("hot_fraction", 0.2),
            ("dead_fraction", 0.2),
            ("persistence_before", 10),
        ):
            low, high = getattr(self, name)
            if not 0 <= low <= high <= most:
                raise ValueError(f"{name} {(low, high)} is outside 0..{most}")
        for kind in ("hot", "noisy"):
            unit = "e_s" if kind == "hot" else "e"
            least, most = (getattr(self, f"{kind}_{end}_{unit}") for end in ("least", "most"))
            if least > most:
                raise ValueError(f"{kind}_least_{unit} {least:g} is above the most, {most:g}")
        if self.read_scatter_e > self.read_e / 6:
            raise ValueError(
                f"read_scatter_e {self.read_scatter_e:g} is above a sixth of read_e "
                f"{self.read_e:g}: some pixel would have a read noise below 0"
            )
        return self


class SeamConfig(Section):
    """A step of the gain between two readout channels of AIRS.

    Attributes:
        column: the first AIRS column behind the seam; null means that there is none.
        step: relative gain behind it, minus one.
    """

    column: int | None = Field(ge=1, lt=AIRS.width)
    step: float = Field(ge=-0.2, le=0.2)
