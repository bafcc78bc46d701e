"""The fitted calibrators on disk, each bound to the checkpoint it was fitted for."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from spectramind.contracts.spectra import name_some
from spectramind.contracts.work_folder import CalibratorFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.evaluation.coverage import ConformalKind
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.run.atomic import write_json, write_npz, write_text
from spectramind.run.npz import read_npz
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.temperature import Temperature


class _Record(BaseModel):
    """What both files say of their origin: the checkpoint's SHA-256, the fold and its planets."""

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
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"])) or "the file"
            raise SchemaError(
                f"{path}: {where}: {problem['msg']}; run `spectramind {again}` again"
            ) from error

    def belongs_to(self, path: Path, checkpoint: str, again: str) -> None:
        if self.checkpoint != checkpoint:
            raise ConfigError(
                f"{path} was fitted for checkpoint {self.checkpoint[:8]}, not for "
                f"{checkpoint[:8]}: run `spectramind {again}` again"
            )


class _CorelRecord(_Record):
    """COREL also depends on the temperature that made its z-scores (1 without one)."""

    alpha: float = Field(gt=0, lt=1)
    kind: ConformalKind = "split"


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


def save_temperature(
    path: Path, temperature: Temperature, *, fold: str, planets: Sequence[str], checkpoint: str
) -> None:
    """Write ``temperature.json``.

    Args:
        path: the target.
        temperature: what was fitted.
        fold: what the split file calls the planets it was fitted on.
        planets: their ids.
        checkpoint: SHA-256 of the checkpoint whose predictions it corrects.
    """
    record = _Record(tau=temperature.tau, planets=tuple(planets), fold=fold, checkpoint=checkpoint)
    write_json(path, record.model_dump())


def load_temperature(path: Path, *, checkpoint: str) -> tuple[Temperature, frozenset[str]]:
    """Read ``temperature.json``.

    Returns:
        The temperature, and the planets it was fitted on.

    Raises:
        SchemaError: the file is missing or broken.
        ConfigError: it was fitted for another checkpoint.
    """
    again = "calibrate-temp"
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind {again}` first")
    record = _Record.parse(path, path.read_text(encoding="utf-8", errors="replace"), again)
    record.belongs_to(path, checkpoint, again)
    return Temperature(record.tau, len(record.planets)), frozenset(record.planets)


def save_corel(
    folder: CalibratorFolder,
    corel: Corel,
    *,
    tau: float,
    fold: str,
    planets: Sequence[str],
    checkpoint: str,
) -> None:
    """Write the npz and the table for people beside it (bin, wavelength_um, q, factor).

    Args:
        folder: where both go.
        corel: what was fitted.
        tau: the temperature that made the z-scores, 1 without one.
        fold, planets, checkpoint: as in ``save_temperature``.
    """
    record = _CorelRecord(
        tau=tau,
        planets=tuple(planets),
        fold=fold,
        checkpoint=checkpoint,
        alpha=corel.alpha,
        kind=corel.kind,
    )
    table = pd.DataFrame(
        {
            "bin": np.arange(N_BINS),
            "wavelength_um": bin_wavelengths(),
            "q": corel.quantiles,
            "factor": corel.factors,
        }
    )
    write_text(folder.corel_table, table.to_csv(index=False, float_format="%.9g"))
    write_npz(
        folder.corel,
        factors=corel.factors,
        quantiles=corel.quantiles,
        record=record.model_dump_json(),
    )


def _per_bin(path: Path, name: str, values: NDArray[np.generic], again: str) -> NDArray[np.float64]:
    plain = values.astype(np.float64) if values.dtype.kind == "f" else np.array([np.nan])
    if plain.shape != (N_BINS,) or not (plain >= 0).all():
        raise SchemaError(
            f"{path}: {name} must be {N_BINS} numbers from 0 up; run `spectramind {again}` again"
        )
    return plain


def load_corel(path: Path, *, tau: float, checkpoint: str) -> Corel:
    """Read ``corel.npz``.

    Args:
        path: the npz.
        tau: the temperature in use, 1 without one.
        checkpoint: SHA-256 of the checkpoint in use.

    Raises:
        SchemaError: the file is missing or broken.
        ConfigError: it was fitted for another checkpoint or temperature.
    """
    again = "calibrate-corel"
    arrays = read_npz(path, "factors", "quantiles", "record", made_by=again)
    record = _CorelRecord.parse(path, str(arrays["record"]), again)
    record.belongs_to(path, checkpoint, again)
    if record.tau != tau:
        raise ConfigError(
            f"{path} was fitted at temperature {record.tau:.6g}, but {tau:.6g} is in use: "
            f"run `spectramind {again}` again"
        )
    factors = _per_bin(path, "factors", arrays["factors"], again)
    quantiles = _per_bin(path, "quantiles", arrays["quantiles"], again)
    return Corel(record.alpha, len(record.planets), factors, quantiles, record.kind)
