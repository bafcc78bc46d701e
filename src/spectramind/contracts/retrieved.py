"""The posterior of one planet's atmosphere: its files."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
_KEYS = ("parameters", "log_weight", "log_likelihood", "draws", "spectra", "measured", "sigma")
_TEXTS = ("names", "units", "components")
SPECTRUM_LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)
_NUMBERS = ("ln_z", "ln_z_error", "effective", "efficiency", "p_value")


def sigma_said(component: Mapping[str, Any]) -> str:
    """How sure a component is, in words: a bounded factor is at least that."""
    more = ">" if component.get("method") == "bound" else ""
    return f"{more}{component['sigma']:.1f}"


@dataclass(frozen=True)
class Retrieved:
    """Content of ``samples.npz`` and ``retrieval.json``.

    Attributes:
        names, units: of the P free parameters.
        parameters: (n, P) weighted samples. log_weight: (n,), normalised. log_likelihood: (n,).
        draws: (D, P) equally likely samples.
        spectra: (5, 283) quantiles ``SPECTRUM_LEVELS`` of the depths that the model predicts.
        measured, sigma: (283,) depths that were fitted and their deviations.
        components: those that may be there.
        contributions: (C, 283) depth that each adds at the likeliest sample.
        summary: what ``retrieval.json`` holds: ``planet``, ``ln_z``, ``ln_z_error``, ``effective``,
            ``efficiency``, ``path``, ``why``, ``converged``, ``p_value``, ``fits``, ``warning``,
            ``parameters`` and ``components`` (a mapping each).
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    parameters: Array
    log_weight: Array
    log_likelihood: Array
    draws: Array
    spectra: Array
    measured: Array
    sigma: Array
    components: tuple[str, ...]
    contributions: Array
    summary: Mapping[str, Any]

    def save(self, samples: Path, summary: Path) -> None:
        """Write both files, the summary last."""
        arrays = {key: getattr(self, key) for key in (*_KEYS, "contributions")}
        texts = {key: np.array(getattr(self, key), dtype=np.str_) for key in _TEXTS}
        write_npz(samples, **arrays, **texts)
        write_json(summary, dict(self.summary))

    @classmethod
    def load(cls, samples: Path, summary: Path) -> "Retrieved":
        """Read both.

        Raises:
            SchemaError: missing or broken.
        """
        told = read_summary(summary)
        keys = (*_KEYS, "contributions", *_TEXTS)
        raw = read_npz(samples, *keys, made_by="retrieve", texts=_TEXTS)
        arrays = {k: np.asarray(raw[k], dtype=np.float64) for k in (*_KEYS, "contributions")}
        names, units, parts = (tuple(str(text) for text in raw[key]) for key in _TEXTS)
        if arrays["parameters"].shape[1:] != (len(names),):
            raise SchemaError(f"{samples}: parameters do not fit names: run retrieve again")
        return cls(names=names, units=units, components=parts, summary=told, **arrays)


def read_summary(path: Path) -> dict[str, Any]:
    """``retrieval.json``.

    Raises:
        SchemaError: missing or broken.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind retrieve` first")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(told, dict) or not isinstance(told["parameters"], list):
            raise ValueError("no summary")
        for key in _NUMBERS:
            if told[key] is not None:
                float(told[key])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SchemaError(
            f"{path} cannot be read ({error!r}): delete it and run `spectramind retrieve` again"
        ) from error
    return told
