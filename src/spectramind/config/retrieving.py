"""Settings of retrieval: which atmosphere is fitted, and what is believed of it beforehand."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from spectramind.config.base import Section
from spectramind.config.posteriors import EmulatorConfig, ProposalConfig, SamplingConfig
from spectramind.config.sim_planets import Span


@dataclass(frozen=True)
class Quantity:
    """A parameter's unit and meaning, and how far the model reaches."""

    unit: str
    low: float
    high: float
    meaning: str


_GAS = "log10 of the mole fraction of"
QUANTITIES = MappingProxyType(
    {
        "star_radius_rsun": Quantity("R_sun", 0.05, 20, "radius of the star"),
        "star_temperature_k": Quantity("K", 1000, 20000, "effective temperature of the star"),
        "planet_mass_mjup": Quantity("M_Jup", 0.001, 100, "mass of the planet"),
        "radius_ratio": Quantity("", 0.005, 0.5, "planet's radius at 10 bar over the star's"),
        "temperature_k": Quantity("K", 150, 4000, "temperature; grey: of equilibrium"),
        "log10_kappa_cm2_g": Quantity("cm2/g", -6, 3, "log10 of the grey infrared opacity"),
        "log10_gamma": Quantity("", -3, 2, "log10 of visible over infrared opacity"),
        "mean_weight_u": Quantity("u", 1, 100, "mean molecular weight"),
        "log10_h2o": Quantity("", -30, 0, f"{_GAS} H2O"),
        "log10_co2": Quantity("", -30, 0, f"{_GAS} CO2"),
        "log10_co": Quantity("", -30, 0, f"{_GAS} CO"),
        "log10_ch4": Quantity("", -30, 0, f"{_GAS} CH4"),
        "log10_nh3": Quantity("", -30, 0, f"{_GAS} NH3"),
        "cloud_log10_pa": Quantity("Pa", -3, 8, "log10 of the cloud deck's top pressure"),
        "haze_log10": Quantity("", -10, 8, "log10 of haze over H2 Rayleigh at 0.35 um"),
        "haze_slope": Quantity("", -20, 0, "power of wavelength of the haze"),
        "spot_fraction": Quantity("", 0, 0.9, "share of the star that spots cover"),
        "spot_contrast_k": Quantity("K", 0, 3000, "how much cooler spots are than the star"),
    }
)
TABLE_COLUMNS = MappingProxyType(
    {"star_radius_rsun": "Rs", "star_temperature_k": "Ts", "planet_mass_mjup": "Mp"}
)


class ParameterConfig(Section):
    """What is believed of a parameter beforehand.

    Attributes:
        prior: ``uniform``, ``loguniform``: over ``range``; ``normal``: ``value`` is its mean,
            ``sd`` its deviation, cut to ``range``; ``fixed``: not free, it is ``value``; ``table``:
            what the star table says, not free, or with a relative error of ``sd`` (normal, cut).
        range: lowest and highest.
        value, sd: see ``prior``.
    """

    prior: Literal["uniform", "loguniform", "normal", "fixed", "table"]
    range: Span
    value: float | None
    sd: float | None = Field(ge=0)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        low, high = self.range
        if self.prior in ("fixed", "normal") and self.value is None:
            raise ValueError(f"prior {self.prior} needs a value")
        if self.prior in ("normal", "table") and self.sd is None:
            raise ValueError(f"prior {self.prior} needs sd")
        if self.prior == "normal" and self.sd == 0:
            raise ValueError("a normal prior of sd 0 is a fixed value: say prior fixed")
        if self.prior != "fixed" and low == high:
            raise ValueError(f"range {low:g}..{high:g} is one value: say prior fixed")
        if self.prior == "loguniform" and low <= 0:
            raise ValueError(f"a loguniform prior needs a range above 0, not {low:g}..{high:g}")
        if self.value is not None and not low <= self.value <= high:
            raise ValueError(f"value {self.value:g} is outside its range {low:g}..{high:g}")
        return self


class ParametersConfig(Section):
    """All parameters; ``QUANTITIES`` says what they are, in which unit, and the model's limits."""

    star_radius_rsun: ParameterConfig
    star_temperature_k: ParameterConfig
    planet_mass_mjup: ParameterConfig
    radius_ratio: ParameterConfig
    temperature_k: ParameterConfig
    log10_kappa_cm2_g: ParameterConfig
    log10_gamma: ParameterConfig
    mean_weight_u: ParameterConfig
    log10_h2o: ParameterConfig
    log10_co2: ParameterConfig
    log10_co: ParameterConfig
    log10_ch4: ParameterConfig
    log10_nh3: ParameterConfig
    cloud_log10_pa: ParameterConfig
    haze_log10: ParameterConfig
    haze_slope: ParameterConfig
    spot_fraction: ParameterConfig
    spot_contrast_k: ParameterConfig

    @field_validator("*")
    @classmethod
    def _within_the_model(cls, chosen: ParameterConfig, info: ValidationInfo) -> ParameterConfig:
        limit = QUANTITIES[str(info.field_name)]
        if not limit.low <= chosen.range[0] <= chosen.range[1] <= limit.high:
            raise ValueError(
                f"range {list(chosen.range)} is outside {limit.low:g}..{limit.high:g} {limit.unit}"
            )
        if chosen.prior == "table" and info.field_name not in TABLE_COLUMNS:
            raise ValueError(f"prior cannot be table: that holds {', '.join(TABLE_COLUMNS)}")
        return chosen


class RetrievalConfig(Section):
    """The atmosphere that is fitted. What is switched off has no parameters.

    Attributes:
        temperature: ``isothermal``, or ``grey``: Guillot's profile of three parameters.
        weight: mean molecular weight from the ``composition`` (five gases, the rest hydrogen and
            helium), or ``free``.
        gases: those that may be there.
        clouds: a grey deck. haze: a power law. spots: on the star, beside the transit's chord.
        parameters: what is believed of each beforehand.
        sampling: how the posterior is found. network: what proposes it.
        emulator: what stands in for the forward model meanwhile.
    """

    temperature: Literal["isothermal", "grey"]
    weight: Literal["composition", "free"]
    gases: tuple[Literal["h2o", "co2", "co", "ch4", "nh3"], ...]
    clouds: bool
    haze: bool
    spots: bool
    parameters: ParametersConfig
    sampling: SamplingConfig
    network: ProposalConfig
    emulator: EmulatorConfig

    @field_validator("gases")
    @classmethod
    def _each_once(cls, gases: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(gases)) < len(gases):
            raise ValueError("a gas is named twice")
        return gases
