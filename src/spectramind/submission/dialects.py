"""The two dialects of a submission: their columns, row models and JSON Schema."""

from enum import StrEnum
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from spectramind.contracts.planet_id import ID_PATTERN
from spectramind.instrument.grid import N_BINS

ID_COLUMN = "planet_id"

_PlanetId = Annotated[str, Field(pattern=ID_PATTERN)]
_Depth = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
_Sigma = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Dialect(StrEnum):
    """How the columns are called: mu_0..mu_282, sigma_0.. or Kaggle's wl_1..wl_283, sigma_1.."""

    SPECTRAMIND = "spectramind"
    KAGGLE = "kaggle"

    def mu_columns(self) -> tuple[str, ...]:
        """The 283 columns of mu, bin 0 first."""
        prefix, first = ("mu", 0) if self is Dialect.SPECTRAMIND else ("wl", 1)
        return tuple(f"{prefix}_{first + i}" for i in range(N_BINS))

    def sigma_columns(self) -> tuple[str, ...]:
        """The 283 columns of sigma, bin 0 first."""
        first = 0 if self is Dialect.SPECTRAMIND else 1
        return tuple(f"sigma_{first + i}" for i in range(N_BINS))

    def columns(self) -> tuple[str, ...]:
        """All 567 columns in file order."""
        return (ID_COLUMN, *self.mu_columns(), *self.sigma_columns())


@cache
def row_model(dialect: Dialect) -> type[BaseModel]:
    """Model of one row: a planet id, mu in 0..1, finite sigma > 0; decimal strings are read."""
    fields: dict[str, Any] = {ID_COLUMN: (_PlanetId, ...)}
    fields |= dict.fromkeys(dialect.mu_columns(), (_Depth, ...))
    fields |= dict.fromkeys(dialect.sigma_columns(), (_Sigma, ...))
    config = ConfigDict(frozen=True, extra="forbid")
    return create_model(f"{dialect.name.title()}Row", __config__=config, **fields)


def _row_schema(dialect: Dialect) -> dict[str, Any]:
    schema = row_model(dialect).model_json_schema()
    for field in schema["properties"].values():
        del field["title"]  # pydantic's echo of the column's name
    return schema


def submission_schema() -> dict[str, Any]:
    """JSON Schema of one row of a submission, in either dialect."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Submission row",
        "description": (
            "One planet: transit depth (Rp/Rs)^2 and its standard deviation in 283 bins, FGS1 "
            "first, then AIRS-CH0 ascending in wavelength. Columns stand in the order of "
            "'required'."
        ),
        "oneOf": [_row_schema(dialect) for dialect in Dialect],
    }
