"""Settings of the detector's kill chain."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.instrument.detectors import AIRS, Detector

Width = Annotated[float, Field(gt=0, le=8)]
Column = Annotated[int, Field(ge=0, lt=AIRS.width)]


class InterpolationConfig(Section):
    """How masked pixels are filled.

    Attributes:
        fgs1_width_px, airs_width_px: standard deviation of the Gaussian weights of the good
            neighbours, along rows' and columns' numbers [px]. AIRS is smooth along the
            dispersion and steep across it.
        noise_floor: epsilon as a fraction of the filled value; its square goes to the variance.
    """

    fgs1_width_px: tuple[Width, Width]
    airs_width_px: tuple[Width, Width]
    noise_floor: float = Field(ge=0, le=1)

    def width_px(self, detector: Detector) -> tuple[float, float]:
        """The kernel's widths for a detector."""
        return self.airs_width_px if detector == AIRS else self.fgs1_width_px


class PhotometryConfig(Section):
    """FGS1's aperture.

    Attributes:
        aperture_px: its radius [px].
        annulus_px: inner and outer radius of the background annulus [px].
    """

    aperture_px: float = Field(ge=1, le=16)
    annulus_px: tuple[float, float]

    @model_validator(mode="after")
    def _annulus_outside_aperture(self) -> Self:
        inner, outer = self.annulus_px
        if not self.aperture_px <= inner < outer <= 16:
            raise ValueError(
                f"need aperture_px <= annulus_px[0] < annulus_px[1] <= 16, "
                f"got {self.aperture_px}, {inner}, {outer}"
            )
        return self


class PointingConfig(Section):
    """What the telescope's motion does to the light curves.

    Attributes:
        regress: take it out at full cadence.
        block_min: minutes over which a light curve's mean and slope belong to star and drift.
    """

    regress: bool
    block_min: float = Field(gt=0)


class KillChainConfig(Section):
    """Raw reads to light curves.

    Attributes:
        saturation_counts: raw counts from which a read is saturated (65535: the ADC's clip).
        hot_sigma: a pixel whose dark is so many clipped standard deviations off stands out.
        hot_noise: one that stands out is masked (hot, cold) when the shot noise of its dark charge
            also exceeds so many times the read noise of an exposure; below, the dark step corrects
            it and filling would only do harm. 0 masks all that stand out.
        noisy_sigma: a pixel whose read noise is so many clipped standard deviations above the rest
            is flagged noisy. It is not masked: its variance, and so its weight, says it all.
        cosmic_sigma: an exposure so many robust standard deviations off its pixel's running median
            is taken for a cosmic ray.
        persistence_sigma: exposures after a saturated one or a cosmic ray belong to its tail as
            long as they stay so many robust standard deviations above the level before it.
        flat_error: standard deviation of the flat field's own error, as a fraction of the flat.
        interpolation: see there.
        photometry, pointing: see there.
        cadence_min: light curves are averaged to samples of about so many minutes; 0 keeps every
            exposure. Exposures that last longer stay as they are.
        keep_cubes: whether calibrated frames are kept beside the light curves: none, those around
            the star's image (cropped), or all.
        seams: AIRS columns at which a detector seam begins; none on the real instrument.
    """

    saturation_counts: int = Field(ge=1, le=65535)
    hot_sigma: float = Field(gt=0)
    hot_noise: float = Field(ge=0)
    noisy_sigma: float = Field(gt=0)
    cosmic_sigma: float = Field(ge=3)
    persistence_sigma: float = Field(ge=1)
    flat_error: float = Field(ge=0, le=1)
    interpolation: InterpolationConfig
    photometry: PhotometryConfig
    pointing: PointingConfig
    cadence_min: float = Field(ge=0, le=7.5)
    keep_cubes: Literal["none", "cropped", "all"]
    seams: tuple[Column, ...]

    def kill_chain(self) -> "KillChainConfig":
        """These settings alone, without what a subclass adds: what light curves depend on."""
        return KillChainConfig.model_validate(
            self.model_dump(include=set(KillChainConfig.model_fields))
        )
