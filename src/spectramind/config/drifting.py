"""Settings of the drift alarm."""

from typing import Self

from pydantic import Field, model_validator

from spectramind.config.base import Section


class DriftAlarmConfig(Section):
    """Whether new planets are like those that calibration saw; an alarm changes no number.

    Attributes:
        enabled: ``predict`` looks.
        level: chance of an alarm where the planets are alike.
        permutations: of the test of all quantities at once; its p is no smaller than 1 in so many.
    """

    enabled: bool
    level: float = Field(gt=0, le=0.2)
    permutations: int = Field(ge=99, le=100_000)

    @model_validator(mode="after")
    def _it_can_alarm(self) -> Self:
        least = 2 / (self.permutations + 1)
        if least >= self.level:
            raise ValueError(
                f"{self.permutations} permutations give no p below {least:.2g}, so they never "
                f"alarm at level {self.level:g}: take more than {2 / self.level:.0f}"
            )
        return self
