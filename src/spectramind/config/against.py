"""Settings of ``score``."""

from typing import Literal

from pydantic import Field, field_validator

from spectramind.config.base import Section

Reference = Literal["constant", "box", "lsq", "physics", "linear", "oracle"]


class ScoreConfig(Section):
    """What the score is set beside.

    Attributes:
        against: references, in the order of the table. constant: mean and scatter of the train
            labels. box: mean in transit against out of it. lsq: polynomial drift times transit,
            each bin alone. physics: the estimate the network starts from. linear: that with a ridge
            regression's correction, which a network must beat. oracle: everything known
            but the depth, on simulated data only.
    """

    against: tuple[Reference, ...] = Field(max_length=6)

    @field_validator("against")
    @classmethod
    def _each_once(cls, names: tuple[Reference, ...]) -> tuple[Reference, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a reference is named twice")
        return names
