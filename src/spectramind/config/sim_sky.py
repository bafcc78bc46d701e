"""Settings of a foreign sky: stars, planets and orbits unlike those that the fit expects."""

from typing import Literal, Self

from pydantic import Field, model_validator

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span


def _within(name: str, span: tuple[float, float], low: float, high: float) -> None:
    if not low <= span[0] <= span[1] <= high:
        raise ValueError(f"{name} {span} is outside {low:g}..{high:g}")


class EccentricityConfig(Section):
    """Eccentric orbits, e drawn from a beta distribution, omega from all angles.

    Attributes:
        largest: the largest eccentricity; 0: circles.
        table_tells: whether the star table has e and omega; else it says e = 0.
    """

    largest: float = Field(ge=0, le=0.6)
    table_tells: bool


class FaculaeConfig(Section):
    """Bright regions beside the transit's chord. A range is drawn from uniformly.

    Attributes:
        fraction: share of the disc that they cover; [0, 0] means none.
        contrast_k: how much hotter than the photosphere they are [K].
    """

    fraction: Span
    contrast_k: Span

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        _within("fraction", self.fraction, 0, 0.5)
        _within("contrast_k", self.contrast_k, 0, 1000)
        return self


class CrossedSpotConfig(Section):
    """A spot under the planet's path. A range is drawn from uniformly.

    Attributes:
        share: of the visits in which a spot is crossed; 0 means none.
        radius: of the spot [stellar radii].
        contrast_k: how much cooler than the photosphere it is [K].
    """

    share: float = Field(ge=0, le=1)
    radius: Span
    contrast_k: Span

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        _within("radius", self.radius, 0.005, 0.2)
        _within("contrast_k", self.contrast_k, 0, 2000)
        return self


class MoonConfig(Section):
    """A second, smaller dip beside the planet's. A range is drawn from uniformly.

    Attributes:
        share: of the planets that have one; 0 means none.
        size: its radius over the planet's.
        offset_h: its mid-time before or after the planet's [h].
    """

    share: float = Field(ge=0, le=1)
    size: Span
    offset_h: Span

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        _within("size", self.size, 0.01, 0.8)
        _within("offset_h", self.offset_h, 0, 5)
        return self


class ForeignSkyConfig(Section):
    """How the sky differs from what the fit expects. Each works alone.

    Attributes:
        limb_darkening_law: ``quadratic`` near a grey atmosphere's; ``four_parameter`` and
            ``power2`` follow an atmosphere whose opacity is not grey.
        limb_factor: multiplies 1 - I(mu), whatever the law.
        opacities: ``known`` gases, or ``random`` bands, others for every seed of a tree.
        eccentricity: see EccentricityConfig.
        faculae: see FaculaeConfig.
        crossed_spots: see CrossedSpotConfig.
        moon: see MoonConfig.
    """

    limb_darkening_law: Literal["quadratic", "four_parameter", "power2"]
    limb_factor: float = Field(ge=0.5, le=1.25)
    opacities: Literal["known", "random"]
    eccentricity: EccentricityConfig
    faculae: FaculaeConfig
    crossed_spots: CrossedSpotConfig
    moon: MoonConfig
