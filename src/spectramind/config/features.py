"""Settings of the light curves."""

from typing import Literal, Self

from pydantic import Field, model_validator

from spectramind.config.base import Section


class PhotometryConfig(Section):
    """FGS1 photometry.

    Attributes:
        method: flux by least squares on the mean image (``psf``) or by the aperture.
        aperture_px: radius of the aperture [px].
        annulus_px: inner and outer radius of the background annulus [px].
        jitter_window_min: window of the running median that separates jitter from drift [min].
    """

    method: Literal["psf", "aperture"]
    aperture_px: float = Field(ge=1, le=16)
    annulus_px: tuple[float, float]
    jitter_window_min: float = Field(gt=0)

    @model_validator(mode="after")
    def _annulus_outside_aperture(self) -> Self:
        inner, outer = self.annulus_px
        if not self.aperture_px <= inner < outer <= 16:
            raise ValueError(
                f"need aperture_px <= annulus_px[0] < annulus_px[1] <= 16, "
                f"got {self.aperture_px}, {inner}, {outer}"
            )
        return self


class FeaturesConfig(Section):
    """Cubes to light curves."""

    photometry: PhotometryConfig
