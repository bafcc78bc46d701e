"""Settings of ``gate``."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from spectramind.config.base import Section
from spectramind.config.sim_planets import Span

Share = Annotated[float, Field(ge=0, le=1)]


Seconds = Annotated[float | None, Field(gt=0)]


class SecondsConfig(Section):
    """What the last run of a command that made something may have taken [s]; null: any time."""

    calibrate: Seconds
    features: Seconds
    train: Seconds
    predict: Seconds


class GateConfig(Section):
    """What a finished run must reach. A bound that is null is not asked for.

    Attributes:
        score_least: official score on the scored planets.
        baseline: a ``score.json`` to compare with, of the same planets; score_drop: how far below
            its score the run may lie.
        one_sigma_coverage: range for the share of true values within one sigma.
        interval_shortfall: how far below what they promise intervals may cover, all bins together.
        region_shortfall: the same in the worst molecule region.
        far_off: planets that may be 6 sigma off though nobody doubted their fit.
        seconds: see SecondsConfig.
        required: files that must be there, below ``paths.work``.
    """

    score_least: float | None = Field(le=1)
    baseline: Path | None
    score_drop: float = Field(ge=0)
    one_sigma_coverage: Span | None
    interval_shortfall: Share | None
    region_shortfall: Share | None
    far_off: int | None = Field(ge=0)
    seconds: SecondsConfig
    required: list[Path]
