"""Settings of the symbolic physics pack, the part of the objective beside the likelihood."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from spectramind.config.base import Section
from spectramind.instrument.grid import N_BINS

Molecule = Literal["h2o", "co2", "ch4", "co", "nh3"]
RatioPair = Literal["ch4_h2o", "co2_h2o", "co2_ch4"]


class SmoothnessConfig(Section):
    """Weight of a bin inside any molecule's window; outside it is one."""

    window_weight: float = Field(ge=0, le=1)


class NonNegativityConfig(Section):
    """``squared``: the square of each negative, which pushes deep ones harder."""

    squared: bool


class CoherenceConfig(Section):
    """When a molecule's bands must look like its template.

    Attributes:
        molecules: which molecules the rule knows.
        envelope: fraction of the template that the normalised shape must reach.
        presence: rms of the template's own shape, in ``loss.unit``, at which the rule counts half.
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


class FftConfig(Section):
    """What counts as noise along wavelength.

    Attributes:
        cutoff: cycles a bin beyond which a spectrum should have no power.
        window_weight: weight of a bin inside any molecule's window; outside it is one.
    """

    cutoff: float = Field(ge=0, lt=0.5)
    window_weight: float = Field(ge=0, le=1)


class AsymmetryConfig(Section):
    """Notches that no absorption makes.

    Attributes:
        width: bins, odd: narrower notches are seen.
        allowed: depth of a notch that costs nothing, in ``loss.unit``.
    """

    width: int = Field(ge=3, le=101)
    allowed: float = Field(ge=0)

    @field_validator("width")
    @classmethod
    def _odd(cls, width: int) -> int:
        if width % 2 == 0:
            raise ValueError("width must be odd: a window has a middle")
        return width


class RegionConfig(Section):
    """A stretch of wavelength in which rules' weights are multiplied by ``weight``.

    Attributes:
        rules: which (sm, coh, ...); empty for all.
        um: lowest and highest wavelength [um], or
        molecule: the molecule whose windows they are: weight 0 exempts them.
        weight: the factor.
    """

    rules: tuple[str, ...] = ()
    um: tuple[float, float] | None = None
    molecule: Molecule | None = None
    weight: float = Field(ge=0)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.um is None) == (self.molecule is None):
            raise ValueError("a region needs either um: [lowest, highest] or molecule: NAME")
        if self.um is not None and not 0 <= self.um[0] < self.um[1]:
            raise ValueError(f"um must satisfy 0 <= lowest < highest, not {list(self.um)}")
        return self


class LossConfig(Section):
    """Weights of the rules and what they need to know.

    Attributes:
        lambda_sm, lambda_nn, lambda_coh, lambda_seam, lambda_ratio, lambda_qm, lambda_fft,
            lambda_asym: weight of each rule (0 = off). ``lambda_qm`` counts where quantiles are
            predicted.
        unit: depth that counts as one; the rules see mu / unit.
        continuum: quantile of a planet's AIRS bins that stands for its continuum.
        seam: first bin right of a detector seam, null without one (then no seam rule).
        regions: where weights are others; overlapping ones multiply.
    """

    lambda_sm: float = Field(ge=0)
    lambda_nn: float = Field(ge=0)
    lambda_coh: float = Field(ge=0)
    lambda_seam: float = Field(ge=0)
    lambda_ratio: float = Field(ge=0)
    lambda_qm: float = Field(ge=0)
    lambda_fft: float = Field(ge=0)
    lambda_asym: float = Field(ge=0)
    unit: float = Field(gt=0)
    continuum: float = Field(ge=0, le=0.5)
    seam: int | None = Field(ge=2, lt=N_BINS)
    smoothness: SmoothnessConfig
    nonnegativity: NonNegativityConfig
    coherence: CoherenceConfig
    ratio: RatioConfig
    fft: FftConfig
    asymmetry: AsymmetryConfig
    regions: tuple[RegionConfig, ...]
