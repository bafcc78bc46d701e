"""Settings of the simulated planets: their stars, orbits, atmospheres and star spots."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from spectramind.config.base import Section


def _ascending(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError(f"a range must ascend: {span[0]:g} is above {span[1]:g}")
    return span


Span = Annotated[tuple[float, float], AfterValidator(_ascending)]


class AbundanceConfig(Section):
    """log10 of the mole fraction of each gas, drawn uniformly."""

    h2o: Span
    co2: Span
    co: Span
    ch4: Span
    nh3: Span


class ChemistryConfig(Section):
    """Atmospheres. A range is drawn from uniformly.

    Attributes:
        log10_abundance: see AbundanceConfig.
        temperature_factor: atmosphere over equilibrium temperature.
        cloud_log10_pa: log10 of the pressure of the cloud deck's top [Pa].
        haze_log10: log10 of the haze's strength in units of H2 Rayleigh at 0.35 um.
        haze_slope: its power of wavelength.
        largest_signal: depth that one scale height adds at most; lighter, hotter planets keep a
            heavier atmosphere than hydrogen's. No planet of the range of depths loses its
            atmosphere up to 2e-4.
    """

    log10_abundance: AbundanceConfig
    temperature_factor: Span
    cloud_log10_pa: Span
    haze_log10: Span
    haze_slope: Span
    largest_signal: float = Field(ge=1e-5, le=2e-4)

    @model_validator(mode="after")
    def _within_the_model(self) -> Self:
        bounds = {
            "temperature_factor": (self.temperature_factor, 0.3, 1.5),
            "cloud_log10_pa": (self.cloud_log10_pa, 0.0, 6.0),
            "haze_log10": (self.haze_log10, -2.0, 7.0),
            "haze_slope": (self.haze_slope, -20.0, 0.0),
        }
        bounds |= {gas: (span, -30.0, -1.0) for gas, span in self.log10_abundance}
        for name, (span, low, high) in bounds.items():
            if not low <= span[0] <= span[1] <= high:
                raise ValueError(f"{name} {span} is outside {low:g}..{high:g}")
        return self


class SpotsConfig(Section):
    """Unocculted star spots. A range is drawn from uniformly.

    Attributes:
        fraction: share of the star's disc that spots cover; [0, 0] means no spots.
        contrast_k: how much cooler than the photosphere they are [K].
    """

    fraction: Span
    contrast_k: Span

    @model_validator(mode="after")
    def _within_the_model(self) -> Self:
        if not 0 <= self.fraction[0] <= self.fraction[1] <= 0.5:
            raise ValueError(f"fraction {self.fraction} is outside 0..0.5")
        if not 0 <= self.contrast_k[0] <= self.contrast_k[1] <= 2000:
            raise ValueError(f"contrast_k {self.contrast_k} is outside 0..2000 K")
        return self


Offset = Annotated[float, Field(ge=-0.1, le=0.1)]


class LimbDarkeningConfig(Section):
    """How the stars' limb darkening differs from the grey atmosphere's.

    Attributes:
        fgs1_offset, airs_offset: added to u1 and u2 of all stars.
        fgs1_scatter, airs_scatter: standard deviation from star to star of u1, and of u2; alike in
            all AIRS bins of a star.
    """

    fgs1_offset: tuple[Offset, Offset]
    airs_offset: tuple[Offset, Offset]
    fgs1_scatter: float = Field(ge=0, le=0.1)
    airs_scatter: float = Field(ge=0, le=0.1)


class StarLightConfig(Section):
    """How bright the stars are. A range is drawn from uniformly.

    Attributes:
        fgs1_e: electrons of all FGS1 in one exposure of 0.1 s.
        airs_e: electrons of AIRS's 282 science columns in one exposure of 4.5 s.
    """

    fgs1_e: Span
    airs_e: Span

    @model_validator(mode="after")
    def _within_the_model(self) -> Self:
        for name, low, high in (("fgs1_e", 1e3, 5e6), ("airs_e", 1e5, 3e8)):
            span = getattr(self, name)
            if not low <= span[0] <= span[1] <= high:
                raise ValueError(f"{name} {span} is outside {low:g}..{high:g} electrons")
        return self


class PopulationConfig(Section):
    """The planets of a simulated tree.

    Attributes:
        mid_time: where in the visit the transit's middle lies, drawn uniformly: 0 its begin, 1 its
            end. Near either the transit is incomplete.
        table_scatter: scatter of ln sma and of ln P in the star table around the truth.
        star_light: see StarLightConfig.
        teff_shift_k: added to the real stars' temperatures; mass and radius follow the correlation.
        chemistry: see ChemistryConfig.
        spots: see SpotsConfig.
        limb_darkening: see LimbDarkeningConfig.
    """

    mid_time: Span
    table_scatter: float = Field(ge=0, le=0.15)
    star_light: StarLightConfig
    teff_shift_k: float = Field(ge=-1200, le=1500)
    chemistry: ChemistryConfig
    spots: SpotsConfig
    limb_darkening: LimbDarkeningConfig

    @model_validator(mode="after")
    def _within_the_visit(self) -> Self:
        if not 0 <= self.mid_time[0] <= self.mid_time[1] <= 1:
            raise ValueError(f"mid_time {self.mid_time} is outside 0..1 of the visit")
        return self
