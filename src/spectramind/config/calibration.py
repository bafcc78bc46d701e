"""Settings of the detector's kill chain."""

from typing import Annotated

from pydantic import Field

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


class KillChainConfig(Section):
    """ADC reversal to flat field.

    Attributes:
        saturation_counts: raw counts from which a read is saturated (65535: the ADC's clip).
        hot_sigma: a pixel whose dark is so many clipped standard deviations off stands out.
        hot_noise: one that stands out is masked (hot, cold) when the shot noise of its dark charge
            also exceeds so many times the read noise of an exposure; below, the dark step corrects
            it and filling would only do harm. 0 masks all that stand out.
        cosmic_sigma: an exposure so many robust standard deviations off its pixel's running median
            is taken for a cosmic ray.
        interpolation: see there.
        seams: AIRS columns at which a detector seam begins; none on the real instrument.
    """

    saturation_counts: int = Field(ge=1, le=65535)
    hot_sigma: float = Field(gt=0)
    hot_noise: float = Field(ge=0)
    cosmic_sigma: float = Field(ge=3)
    interpolation: InterpolationConfig
    seams: tuple[Column, ...]

    def kill_chain(self) -> "KillChainConfig":
        """These settings alone, without what a subclass adds: what calibrated cubes depend on."""
        return KillChainConfig.model_validate(
            self.model_dump(include=set(KillChainConfig.model_fields))
        )
