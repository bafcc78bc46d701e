"""Settings of ``calib``: temperature and COREL."""

from pydantic import Field

from spectramind.config.base import Section


class TempConfig(Section):
    """Temperature scaling.

    Attributes:
        enabled: fit and apply tau; off means tau = 1.
        prior_planets: weight of the prior tau 1, in planets.
    """

    enabled: bool
    prior_planets: float = Field(ge=0, allow_inf_nan=False)


class CorelConfig(Section):
    """Per-bin sigma factors and conformal intervals.

    Attributes:
        enabled: fit and apply them.
        alpha: miscoverage the intervals allow.
        smoothing_um: width of the kernel over neighbouring bins, as a standard deviation [um].
        prior_planets: weight of the prior factor 1, in planets.
    """

    enabled: bool
    alpha: float = Field(gt=0, lt=1)
    smoothing_um: float = Field(gt=0, le=2)
    prior_planets: float = Field(ge=0, allow_inf_nan=False)
