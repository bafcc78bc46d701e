"""An experiment's model, training and loss, without Hydra and without a YAML library.

Reads the subset of YAML that these files keep to: nested mappings, plain scalars, lists in one
line. A test holds it to what Hydra composes.
"""

import json
from pathlib import Path
from typing import Any

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
# As configs/model/v50.yaml mounts them.
_PARTS = {
    "prior": "prior",
    "fgs1_mamba": "fgs1_mamba",
    "airs_gnn": "airs_gnn",
    "fusion": "fusion",
    "decoder": "decoder_mu",
    "sigma_head": "head_sigma",
}


def _scalar(text: str) -> Any:
    if text.startswith("["):
        return [_scalar(item.strip()) for item in text.strip("[]").split(",") if item.strip()]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def read_yaml(path: Path) -> dict[str, Any]:
    """A file as nested dicts; lines of a block list (Hydra's defaults) are passed over."""
    tree: dict[str, Any] = {}
    open_at: list[tuple[int, dict[str, Any]]] = [(-1, tree)]
    for line in path.read_text(encoding="utf-8").splitlines():
        bare = line.partition(" #")[0].rstrip()
        text = bare.strip()
        if not text or text.startswith(("#", "- ")):
            continue
        indent = len(bare) - len(bare.lstrip())
        while open_at[-1][0] >= indent:
            open_at.pop()
        key, _, value = text.partition(":")
        parent = open_at[-1][1]
        if value.strip():
            parent[key] = _scalar(value.strip())
        else:
            parent[key] = {}
            open_at.append((indent, parent[key]))
    return tree


def _merge(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def read_settings(experiment: str) -> dict[str, Any]:
    """``{"model": ..., "train": ..., "loss": ...}`` of an experiment."""
    model = {mount: read_yaml(CONFIGS / "model" / f"{name}.yaml") for name, mount in _PARTS.items()}
    usual = {
        "model": model,
        "train": read_yaml(CONFIGS / "train" / "supervised.yaml"),
        "loss": read_yaml(CONFIGS / "loss" / "symbolic.yaml"),
    }
    merged = _merge(usual, read_yaml(CONFIGS / "experiment" / f"{experiment}.yaml"))
    return {part: merged[part] for part in usual}
