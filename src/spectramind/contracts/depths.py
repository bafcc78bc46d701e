"""The depths of one visit with their covariance, and what the fit says of itself; their file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.errors import SchemaError
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import write_npz
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
# What is known of a depth when nothing was measured: the range of transiting planets.
IGNORANCE = 0.03
# What a depth is taken to be where nothing tells: the mean of the competition's training labels.
MEAN_DEPTH = 0.0147
KEYS = ("depth", "variance", "modes", "time", "white", "model", "info")
_LATER = ("drift",)  # not in files of an earlier version


@dataclass(frozen=True)
class Depths:
    """Content of ``depths_{visit}.npz``.

    Attributes:
        fit: depths and covariance.
        time_h: (T,) sample times; white, model: (T, 2) light curves without star and drift, and
            transit models, FGS1 and AIRS.
        info: fitted parameters, noise, detection, settings digest and ``reason`` (empty: trusted).
        drift: (T, 2) what the light curves were divided by, with what follows the pointing, in
            units of their medians; None in files of an earlier version, which did not keep it.
        measured: whether a transit was fitted at all.
    """

    fit: Measurement
    time_h: Array
    white: Array
    model: Array
    info: dict[str, Any]
    drift: Array | None = None

    @property
    def measured(self) -> bool:
        return len(self.time_h) > 0


def load_depths(path: Path) -> Depths:
    """Read the depths of a visit.

    Raises:
        SchemaError: missing or broken.
    """
    raw = read_npz(path, *KEYS, made_by="features", optional=_LATER, texts=("info",))
    values = {key: np.asarray(raw[key], dtype=np.float64) for key in KEYS[:-1]}
    info = _info(path, raw["info"])
    return Depths(
        fit=Measurement(values["depth"], values["variance"], values["modes"]),
        time_h=values["time"],
        white=values["white"],
        model=values["model"],
        info=info,
        drift=np.asarray(raw["drift"], dtype=np.float64) if "drift" in raw else None,
    )


def load_info(path: Path) -> dict[str, Any]:
    """Read nothing but what the fit says of itself, ``Depths.info``.

    Raises:
        SchemaError: missing or broken.
    """
    return _info(path, read_npz(path, "info", made_by="features", texts=("info",))["info"])


def _info(path: Path, held: NDArray[np.generic]) -> dict[str, Any]:
    try:
        info: dict[str, Any] = json.loads(str(held))
        return info
    except ValueError as error:
        raise SchemaError(
            f"{path}: info is no JSON ({error}): delete it and run `spectramind features` again"
        ) from error


def unmeasured(reason: str) -> Depths:
    """What is to be said of a visit whose light curves tell nothing."""
    common = np.full((N_BINS, 1), IGNORANCE)
    fit = Measurement(np.full(N_BINS, MEAN_DEPTH), np.full(N_BINS, 1e-8), common)
    empty = np.zeros((0, 2))
    return Depths(fit, np.zeros(0), empty, empty, {"reason": reason}, empty)


def save_depths(path: Path, depths: Depths, settings: str) -> None:
    """Write the depths of a visit with the digest of the settings that made them."""
    later = {} if depths.drift is None else {"drift": depths.drift.astype(np.float32)}
    write_npz(
        path,
        depth=depths.fit.depth,
        variance=depths.fit.variance,
        modes=depths.fit.modes,
        time=depths.time_h,
        white=depths.white.astype(np.float32),
        model=depths.model.astype(np.float32),
        info=np.array(json.dumps(depths.info | {"settings": settings})),
        **later,
    )
