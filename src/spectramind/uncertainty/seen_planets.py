"""Planets' traits on disk: those that calibration saw, and those that were predicted."""

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.contracts.traits import TRAITS, Traits
from spectramind.errors import SchemaError, first_fault
from spectramind.run.atomic import write_json


class TraitsFile(BaseModel):
    """Traits by planet and name, null where a planet does not tell.

    Attributes:
        checkpoint: SHA-256 of what the spectra were predicted with.
        traits: names, in the order of the rows; planets: by id.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    checkpoint: str
    traits: tuple[str, ...]
    planets: dict[str, tuple[float | None, ...]] = Field(min_length=1)


def save_traits(path: Path, traits: Traits, checkpoint: str) -> None:
    """Write traits with the digest of the checkpoint they belong to: the same give the same bytes.

    Args:
        path: the target. traits: at least one planet's.
        checkpoint: SHA-256.
    """
    rows = {
        planet: tuple(None if np.isnan(one) else one for one in row)
        for planet, row in zip(traits.planet_ids, traits.values.tolist(), strict=True)
    }
    held = TraitsFile(checkpoint=checkpoint, traits=tuple(TRAITS), planets=rows)
    write_json(path, held.model_dump(mode="json"))


def load_traits(path: Path, checkpoint: str, again: str) -> Traits | None:
    """Read traits.

    Args:
        path: their file. checkpoint: SHA-256 of the one in use.
        again: the command that writes the file, for errors.

    Returns:
        The traits; None where there are none, or they belong to another checkpoint.

    Raises:
        SchemaError: the file is broken, or holds other traits than are told today.
    """
    if not path.is_file():
        return None
    redo = f"delete it and run `spectramind {again}` again"
    try:
        held = TraitsFile.model_validate_json(path.read_text(encoding="utf-8", errors="replace"))
    except ValidationError as error:
        raise SchemaError(f"{path}: {first_fault(error)}; {redo}") from error
    if held.checkpoint != checkpoint:
        return None
    odd = [planet for planet, row in held.planets.items() if len(row) != len(TRAITS)]
    if held.traits != tuple(TRAITS) or odd:
        raise SchemaError(
            f"{path}: traits must be the {len(TRAITS)} of this version for every planet; {redo}"
        )
    return Traits.of(
        {
            planet: np.array([np.nan if one is None else one for one in row], dtype=np.float64)
            for planet, row in held.planets.items()
        }
    )
