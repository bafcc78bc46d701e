"""Settings of ``ablate``."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from spectramind.config.base import Section


class AblateConfig(Section):
    """Variants of the training against a base.

    Attributes:
        grid: YAML file of the variants; null for ``configs/ablate/grids/parts.yaml``.
        search: YAML file of settings and their ranges: Optuna proposes the variants, no grid does
            (extra ``sweep``); null for the grid.
        trials: variants of a search in all, those of its earlier runs counted.
        seeds: each variant is trained once from each; two or more tell luck from merit.
        judge_on: planets that judge: the ``calibration`` fold of the split, or ``test``, where
            their truth is known.
        top_n: variants that are printed, the best first; the files hold all.
        markdown: print the table as Markdown.
        open: open the page in the browser.
    """

    grid: Path | None
    search: Path | None
    trials: int = Field(ge=1, le=10_000)
    seeds: tuple[int, ...] = Field(min_length=1, max_length=64)
    judge_on: Literal["calibration", "test"]
    top_n: int = Field(ge=1)
    markdown: bool
    open: bool

    @model_validator(mode="after")
    def _grid_or_search(self) -> Self:
        if self.grid is not None and self.search is not None:
            raise ValueError("grid and search each name the variants: leave one of them out")
        return self

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if min(seeds) < 0 or len(set(seeds)) < len(seeds):
            raise ValueError("seeds must be 0 or above, each named once")
        return seeds
