"""Settings of ``audit``."""

from typing import Literal, Self

from pydantic import Field, model_validator

from spectramind.config.base import Section


class SeverityBand(Section):
    """Penalties (without lambda, in ``loss.unit``) beyond which a planet is warned of, or fails."""

    warn: float = Field(ge=0)
    fail: float = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.fail < self.warn:
            raise ValueError(f"fail ({self.fail:g}) must not be below warn ({self.warn:g})")
        return self


class StrangerConfig(Section):
    """When a predicted spectrum is unlike those that were learnt from.

    Attributes:
        reference: which spectra are familiar: the tree's labels, or random atmospheres.
        floor: shapes of less rms than it count as flat, (Rp/Rs)^2.
        modes: principal components of their shapes that are compared.
        level: chance at which a familiar spectrum would be called a stranger.
        alarm_share: share of strangers among the planets beyond which the whole set alarms.
    """

    reference: Literal["labels", "atmospheres"]
    floor: float = Field(gt=0)
    modes: int = Field(ge=1, le=50)
    level: float = Field(gt=0, lt=0.5)
    alarm_share: float = Field(ge=0, le=1)


class AuditConfig(Section):
    """The auditor: a severity band for every rule, by its name (sm, coh, ...), and strangers."""

    bands: dict[str, SeverityBand]
    strangers: StrangerConfig
