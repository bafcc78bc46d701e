"""What calibrators' files say of their origin, bound to a checkpoint and planets new to it."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.contracts.spectra import name_some
from spectramind.errors import ConfigError, SchemaError, first_fault


class FitRecord(BaseModel):
    """A calibrator's origin: the checkpoint's SHA-256, the fold and its planets."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    tau: float = Field(gt=0)
    planets: tuple[str, ...] = Field(min_length=1)
    fold: str
    checkpoint: str

    @classmethod
    def parse(cls, path: Path, text: str, again: str) -> Self:
        """Read the text of ``path``, which the command ``again`` writes.

        Raises:
            SchemaError: fields are missing or wrong.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise SchemaError(
                f"{path}: {first_fault(error)}; run `spectramind {again}` again"
            ) from error

    def belongs_to(self, path: Path, checkpoint: str, again: str) -> None:
        """Refuse what was fitted for another checkpoint.

        Raises:
            ConfigError: it was.
        """
        if self.checkpoint != checkpoint:
            raise ConfigError(
                f"{path} was fitted for checkpoint {self.checkpoint[:8]}, not for "
                f"{checkpoint[:8]}: run `spectramind {again}` again"
            )


def refuse_seen(command: str, fold: Sequence[str], seen: Mapping[str, Set[str]]) -> None:
    """Refuse to calibrate on planets that something before has seen: sigma would look too honest.

    Args:
        command: who asks. fold: planets to calibrate on.
        seen: planets by what was done with them (``trained on``).

    Raises:
        SchemaError: the first kind that the fold shares planets with.
    """
    for what, planets in seen.items():
        shared = [planet for planet in fold if planet in planets]
        if shared:
            raise SchemaError(
                f"leakage: {command} would calibrate on {len(shared)} planets that were {what} "
                f"({name_some(shared)}): the split file was changed afterwards; set it back, or "
                "run `spectramind train` again"
            )
