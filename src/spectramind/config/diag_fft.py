"""Settings of the residuals' spectra."""

from pydantic import Field, field_validator

from spectramind.config.base import Section


class ResidualsConfig(Section):
    """What the fit leaves: spectra and memory of residuals.

    Attributes:
        false_alarm: probability that white noise alone flags anything, over all planets, detectors
            and frequencies together.
        neighbours: frequencies on either side that make the level a peak is judged by.
        smooth_bins: odd width [bins] within which a spectrum is smooth.
        rough_sigma: a bin that leaves the line between its neighbours by more errors is rough.
    """

    false_alarm: float = Field(gt=0, le=0.2)
    neighbours: int = Field(ge=5, le=100)
    smooth_bins: int = Field(ge=5, le=141)
    rough_sigma: float = Field(gt=0)

    @field_validator("smooth_bins")
    @classmethod
    def _odd(cls, value: int) -> int:
        if value % 2 == 0:
            raise ValueError(f"{value} is even: a window has a middle, give an odd number of bins")
        return value
