"""Settings of the symbolic physics pack, the part of the objective beside the likelihood."""

from typing import Literal

from pydantic import Field, field_validator

from spectramind.config.base import Section
from spectramind.instrument.grid import N_BINS

Molecule = Literal["h2o", "co2", "ch4", "co", "nh3"]
RatioPair = Literal["ch4_h2o", "co2_h2o", "co2_ch4"]


class SmoothnessConfig(Section):
    """Weight of a bin inside any molecule's window; outside it is one."""

    window_weight: float = Field(ge=0, le=1)


class CoherenceConfig(Section):
    """When a molecule's bands must look like its template.

    Attributes:
        molecules: which molecules the rule knows.
        envelope: fraction of the template that the normalised shape must reach.
        presence: rms contrast, in ``loss.unit``, at which the rule counts half.
    """

    molecules: tuple[Molecule, ...] = Field(min_length=1)
    envelope: float = Field(gt=0, le=1)
    presence: float = Field(gt=0)


class RatioConfig(Section):
    """Allowed ratios of band areas.

    Attributes:
        bounds: ``{"a_b": (lowest, highest)}`` for area of a over area of b.
        floor: mean contrast of the denominator's window, in ``loss.unit``, added to its area.
    """

    bounds: dict[RatioPair, tuple[float, float]] = Field(min_length=1)
    floor: float = Field(gt=0)

    @field_validator("bounds")
    @classmethod
    def _ordered(
        cls, bounds: dict[RatioPair, tuple[float, float]]
    ) -> dict[RatioPair, tuple[float, float]]:
        for pair, (low, high) in bounds.items():
            if not 0 <= low < high:
                raise ValueError(f"bounds of {pair} must satisfy 0 <= lowest < highest")
        return bounds


class LossConfig(Section):
    """Weights of the rules and what they need to know.

    Attributes:
        lambda_sm, lambda_nn, lambda_coh, lambda_seam, lambda_ratio: weight of each rule (0 = off).
        unit: depth that counts as one; the rules see mu / unit.
        continuum: quantile of a planet's AIRS bins that stands for its continuum.
        seam: first bin right of a detector seam, null without one (then no seam rule).
    """

    lambda_sm: float = Field(ge=0)
    lambda_nn: float = Field(ge=0)
    lambda_coh: float = Field(ge=0)
    lambda_seam: float = Field(ge=0)
    lambda_ratio: float = Field(ge=0)
    unit: float = Field(gt=0)
    continuum: float = Field(ge=0, le=0.5)
    seam: int | None = Field(ge=2, lt=N_BINS)
    smoothness: SmoothnessConfig
    coherence: CoherenceConfig
    ratio: RatioConfig
