"""Checkpoints of older formats -> the present one, one step a format.

A step takes a state of its format and returns one of the next; what the older one could not know
gets the value that was a constant in its time, or what is known before any planet is seen. States
of unfinished trainings have no prior: they pass through unchanged.

A change of the format: raise ``FORMAT`` by one and add the step from the old number to ``STEPS``.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from spectramind.errors import SchemaError

State = dict[str, Any]
FORMAT = 6
# In place of planets' ids, where a file does not say which planets it has seen.
UNKNOWN_IDS = ["planets that its file does not name"]

log = logging.getLogger("spectramind")

# Constants until format 2; what they mean: config.model.PriorConfig, prior.spectral_prior.
_SPOTTED = 1e-3
_HAZE = {"haze_share": 0.1, "haze_depth": 250e-6}
_NO_SYNTHETIC = {"share": 0.0, "share_with_labels": 0.0, "random_opacities": 0.33}
_NO_SYNTHETIC |= {"atmospheres": 1500, "opacities": 5000, "clusters": 16}
_FIRST_GRAPH = {"type": "gat", "edge_types": ["adjacent", "molecule", "detector"]}
_SEEING = {"blind": False}
_FIRST_SIGMA = {"type": "gaussian"}
_NO_FLOW = {"quantiles": False, "pieces": 8}
_NO_DIFFUSION = {
    "type": "multi_scale",
    "diffusion": {"modes": 25, "samples": 128, "steps": 8},
}
_FIRST_PRIOR = {"source": "labels", "strength": 10.0, "atmospheres": 256}


def migrated(state: State, path: Path) -> State:
    """A state of the present format; an older one is told of in the log and in one line.

    Raises:
        SchemaError: its format is not known, or it lacks what cannot be made up for.
    """
    number = state.get("format")
    if not isinstance(number, int) or (number != FORMAT and number not in STEPS):
        raise SchemaError(
            f"{path} is a checkpoint of format {number}, known are {min(STEPS)}..{FORMAT}: "
            "train again, or use the version that wrote it"
        )
    if number == FORMAT:
        return state
    for step in range(number, FORMAT):
        try:
            state = STEPS[step](state) | {"format": step + 1}
        except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
            raise SchemaError(
                f"{path} is a checkpoint of format {step} that lacks {error}: train again"
            ) from error
    line = f"{path} has format {number} and was read as format {FORMAT}; the file stays as it is"
    log.warning(line)
    from spectramind.run.progress import say  # rich, which a plain GPU machine may lack

    say(line)
    return state


def _from_first(state: State) -> State:
    """Format 1: one Gaussian of shapes, three error factors, no fold."""
    if "prior" not in state:
        return state
    old = state["prior"]
    one = torch.ones(1, dtype=torch.float64)
    kept = ("level", "level_sigma", "shape", "components", "remainder")
    prior = {name: old[name] for name in kept} | {
        "size": one,
        "weight": one,
        "errors_noise": old["noise_scale"],
        "errors_trust": torch.ones(2, dtype=torch.float64),
        "errors_visit": torch.stack([old["extra_fgs1"], old["extra_airs"]]),
        "errors_lasting": torch.zeros(2, dtype=torch.float64),
    }
    # It always learnt from labels; an empty fold would say that it read none.
    return _with_settings(state, _FIRST_PRIOR) | {"prior": prior, "fold": "unknown"}


def _from_second(state: State) -> State:
    """Format 2: hazes were constants; its first checkpoints knew no spots.

    Its fold was a digest, from which the planets it had seen cannot be told.
    """
    if "prior" not in state:
        return state
    given = {"spotted": _SPOTTED, **_HAZE}
    missing = {name: torch.tensor(v, dtype=torch.float64) for name, v in given.items()}
    seen = UNKNOWN_IDS if state.get("fold") else []
    ids = {"train_ids": seen, "stop_ids": seen}
    return _with_settings(ids | state, _HAZE) | {"prior": missing | state["prior"]}


def _from_third(state: State) -> State:
    """Format 3: no clusters of synthetic shapes beside the scale mixture."""
    if "prior" not in state:
        return state
    bins, components = state["prior"]["components"].shape
    none = {"share": (0,), "shape": (0, bins), "remainder": (0, bins)}
    none |= {"components": (0, bins, components)}
    empty = {
        f"clusters_{name}": torch.zeros(shape, dtype=torch.float64) for name, shape in none.items()
    }
    settings = {"synthetic": _NO_SYNTHETIC}
    return _with_settings(state, settings) | {"prior": empty | state["prior"]}


def _from_fourth(state: State) -> State:
    """Format 4: one network of one kind of graph encoder and sigma; nothing told its ignorance."""
    if "prior" not in state:
        return state
    state = _with_settings(state, _FIRST_GRAPH, "airs_gnn")
    state = _with_settings(state, _FIRST_SIGMA, "head_sigma")
    return {"members": [], "epistemic": {"kind": "none", "passes": 1, "seed": 0}} | state


def _from_fifth(state: State) -> State:
    """Format 5: neither spline densities, samples nor blind encoders; spots of one darkness."""
    if "prior" not in state:
        return state
    old = dict(state["prior"])
    patchy = {
        "patchy_share": old.pop("spotted"),
        "patchy_mean": torch.tensor([1.0, 0.0], dtype=torch.float64),
        "patchy_spread": torch.diag(torch.tensor([3**-0.5, 0.0], dtype=torch.float64)),
    }
    state = _with_settings(state, _NO_FLOW, "head_sigma")
    state = _with_settings(state, _NO_DIFFUSION, "decoder_mu")
    for encoder in ("fgs1_mamba", "airs_gnn"):
        state = _with_settings(state, _SEEING, encoder)
    return state | {"prior": old | patchy}


def _with_settings(state: State, settings: dict[str, Any], part: str = "prior") -> State:
    """The state with settings of a part of ``model`` that its file did not have."""
    model = json.loads(state["model"])
    model[part] = settings | model[part]
    return state | {"model": json.dumps(model)}


STEPS: dict[int, Callable[[State], State]] = {
    1: _from_first,
    2: _from_second,
    3: _from_third,
    4: _from_fourth,
    5: _from_fifth,
}
