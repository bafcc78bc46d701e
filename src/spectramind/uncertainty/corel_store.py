"""COREL on disk, bound to the checkpoint, temperature, grid, graph and split it was fitted for."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from spectramind.config.base import digest
from spectramind.config.uq import QuantileForm
from spectramind.contracts.work_folder import CalibratorFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.evaluation.coverage import ConformalKind
from spectramind.instrument.graph import build_graph
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.run.atomic import write_json, write_npz, write_text
from spectramind.run.npz import read_npz
from spectramind.uncertainty.corel import Corel, GroupQuantiles
from spectramind.uncertainty.fit_record import FitRecord
from spectramind.uncertainty.mondrian import Mondrian, corel_promise
from spectramind.uncertainty.quantile_network import QuantileNetwork


class _LevelRecord(BaseModel):
    """One alpha: how many planets gave the scores of each group's quantiles, and which."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(gt=0, lt=1)
    n_scores: tuple[int, ...] = Field(min_length=1)
    taught_by: tuple[str, ...] = Field(min_length=1)


class _CorelRecord(FitRecord):
    """COREL also depends on the temperature that made its z-scores (1 without one), on the grid and
    graph of bins, and on the split that says who was held out together. Files from before these
    were told lack them.
    """

    alpha: float = Field(gt=0, lt=1)
    kind: ConformalKind = "split"
    form: QuantileForm = "lift"
    levels: tuple[_LevelRecord, ...] = ()
    mondrian: Mondrian = Mondrian()
    grid: str | None = None
    graph: str | None = None
    split: str | None = None

    def fits(self, path: Path, split: str | None, again: str) -> None:
        """Refuse another grid, graph or split; None: there is nothing to set beside."""
        pairs = {
            "another wavelength grid": (self.grid, grid_digest()),
            "another bin graph": (self.graph, graph_digest()),
            "another split of the labelled planets": (self.split, split),
        }
        for what, (ours, now) in pairs.items():
            if ours is not None and now is not None and ours != now:
                raise ConfigError(
                    f"{path} was fitted with {what} ({ours[:8]}, in use is {now[:8]}): run "
                    f"`spectramind {again}` again"
                )


def grid_digest() -> str:
    """SHA-256 of the bins' wavelengths, to 1e-9 um."""
    return digest({"um": [round(float(um), 9) for um in bin_wavelengths()]})


def graph_digest() -> str:
    """SHA-256 of the bin graph's edges."""
    graph = build_graph()
    return digest({"source": graph.source.tolist(), "target": graph.target.tolist()})


def save_corel(
    folder: CalibratorFolder,
    corel: Corel,
    *,
    tau: float,
    fold: str,
    planets: Sequence[str],
    checkpoint: str,
    split: str | None = None,
    found: Mapping[str, Any] | None = None,
) -> None:
    """Write the npz and beside it, for people, the table of bins (bin, wavelength_um, q, factor),
    ``q_i.csv`` with every level and group, and ``calibration.json``.

    Args:
        folder: where all go.
        corel: what was fitted.
        tau: the temperature that made the z-scores, 1 without one.
        fold, planets, checkpoint: as in ``save_temperature``.
        split: digest of the split, None without one.
        found: what more ``calibration.json`` tells: why this form, coverage of held-out planets.
    """
    levels = corel.every_level
    record = _CorelRecord(
        tau=tau,
        planets=tuple(planets),
        fold=fold,
        checkpoint=checkpoint,
        alpha=corel.alpha,
        kind=corel.kind,
        form=corel.form,
        levels=tuple(
            _LevelRecord(alpha=one.alpha, n_scores=one.n_scores, taught_by=one.taught_by)
            for one in levels
        ),
        mondrian=corel.mondrian,
        grid=grid_digest(),
        graph=graph_digest(),
        split=split,
    )
    write_text(folder.corel_table, _bin_table(corel).to_csv(index=False, float_format="%.9g"))
    quantiles = _quantile_table(corel).to_csv(index=False, float_format="%.9g")
    write_text(folder.corel_quantiles, quantiles)
    network = {} if corel.network is None else corel.network.arrays()
    write_npz(
        folder.corel,
        factors=corel.factors,
        quantiles=corel.quantiles,
        levels=np.stack([one.quantiles for one in levels]),
        record=record.model_dump_json(),
        **network,
    )
    write_json(folder.corel_record, _for_people(record, corel) | dict(found or {}))


def _bin_table(corel: Corel) -> pd.DataFrame:
    """A row a bin, of planets in no group at the first alpha."""
    return pd.DataFrame(
        {
            "bin": np.arange(N_BINS),
            "wavelength_um": bin_wavelengths(),
            "q": corel.quantiles,
            "factor": corel.factors,
        }
    )


def _quantile_table(corel: Corel) -> pd.DataFrame:
    """A row an alpha, a group and a bin."""
    rows = [
        pd.DataFrame(
            {
                "alpha": level.alpha,
                "group": group,
                "bin": np.arange(N_BINS),
                "wavelength_um": bin_wavelengths(),
                "q": level.quantiles[number],
                "n_scores": level.n_scores[number],
                "taught_by": level.taught_by[number],
            }
        )
        for level in corel.every_level
        for number, group in enumerate(corel.mondrian.rows)
    ]
    return pd.concat(rows, ignore_index=True)


def _for_people(record: _CorelRecord, corel: Corel) -> dict[str, Any]:
    """What ``calibration.json`` tells of the fit itself."""
    return {
        "kind": record.form,
        "scores": record.kind,
        "alpha": [level.alpha for level in record.levels],
        "promise": [
            corel_promise(record.kind, level.alpha, len(corel.mondrian.names) > 0)
            for level in record.levels
        ],
        "n": len(record.planets),
        "groups": [
            {"alpha": level.alpha, "group": name, "n_scores": n, "taught_by": by}
            for level in record.levels
            for name, n, by in zip(
                corel.mondrian.rows, level.n_scores, level.taught_by, strict=True
            )
        ],
        "fold": record.fold,
        "planets": list(record.planets),
        "tau": record.tau,
        "checkpoint": record.checkpoint,
        "grid": record.grid,
        "graph": record.graph,
        "split": record.split,
    }


def _same_fit(path: Path, record: _CorelRecord, corel: Corel, again: str) -> None:
    """Refuse a ``calibration.json`` that tells of another fit."""
    if not path.is_file():
        return
    try:
        told = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except ValueError as error:
        raise SchemaError(
            f"{path} is no JSON ({error}): run `spectramind {again}` again"
        ) from error
    ours = json.loads(json.dumps(_for_people(record, corel)))
    other = [key for key in ours if not isinstance(told, dict) or told.get(key) != ours[key]]
    if other:
        raise SchemaError(
            f"{path} tells of another fit than the quantiles beside it ({', '.join(other[:3])} "
            f"differ): run `spectramind {again}` again"
        )


def _per_bin(path: Path, name: str, values: NDArray[np.generic], again: str) -> NDArray[np.float64]:
    plain = values.astype(np.float64) if values.dtype.kind == "f" else np.array([np.nan])
    if plain.shape != (N_BINS,) or not (plain >= 0).all():
        raise SchemaError(
            f"{path}: {name} must be {N_BINS} numbers from 0 up; run `spectramind {again}` again"
        )
    return plain


def load_corel(
    folder: CalibratorFolder | Path, *, tau: float, checkpoint: str, split: str | None = None
) -> Corel:
    """Read ``corel.npz``.

    Args:
        folder: where it lies, or the npz itself.
        tau: the temperature in use, 1 without one.
        checkpoint: SHA-256 of the checkpoint in use.
        split: digest of the split in use, None where there is none.

    Raises:
        SchemaError: the file is missing or broken, or ``calibration.json`` tells of another fit.
        ConfigError: it was fitted for another checkpoint, temperature, grid, graph or split.
    """
    again = "calibrate-corel"
    where = CalibratorFolder(folder, folder) if isinstance(folder, Path) else folder
    path, more = where.corel, ("levels", *QuantileNetwork.names())
    arrays = read_npz(path, "factors", "quantiles", "record", made_by=again, optional=more)
    record = _CorelRecord.parse(path, str(arrays["record"]), again)
    record.belongs_to(path, checkpoint, again)
    record.fits(path, split, again)
    if record.tau != tau:
        raise ConfigError(
            f"{path} was fitted at temperature {record.tau:.6g}, but {tau:.6g} is in use: "
            f"run `spectramind {again}` again"
        )
    factors = _per_bin(path, "factors", arrays["factors"], again)
    quantiles = _per_bin(path, "quantiles", arrays["quantiles"], again)
    try:
        network = QuantileNetwork.of(arrays) if record.form == "gnn" else None
    except SchemaError as error:
        raise SchemaError(f"{path}: {error}; run `spectramind {again}` again") from error
    corel = Corel(
        record.alpha,
        len(record.planets),
        factors,
        quantiles,
        record.kind,
        record.form,
        _levels(path, record, arrays, again),
        record.mondrian,
        network,
    )
    _same_fit(where.corel_record, record, corel, again)
    return corel


def _levels(
    path: Path, record: _CorelRecord, arrays: Mapping[str, NDArray[np.generic]], again: str
) -> tuple[GroupQuantiles, ...]:
    """Every alpha with every group; none in files from before there were several."""
    if not record.levels:
        return ()
    held = arrays.get("levels", np.zeros(0))
    rows = len(record.mondrian.rows)
    counts = {len(one.n_scores) for one in record.levels}
    counts |= {len(one.taught_by) for one in record.levels}
    if held.shape != (len(record.levels), rows, N_BINS) or counts != {rows}:
        raise SchemaError(
            f"{path}: levels must be {len(record.levels)} x {rows} x {N_BINS} numbers; run "
            f"`spectramind {again}` again"
        )
    return tuple(
        GroupQuantiles(
            one.alpha,
            np.stack([_per_bin(path, "levels", row, again) for row in table]),
            one.n_scores,
            one.taught_by,
        )
        for one, table in zip(record.levels, held, strict=True)
    )
