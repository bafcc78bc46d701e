"""``params.yaml``: the settings of a run in one file, which DVC compares key by key.

``python -m spectramind.pipeline.params experiment=smoke`` writes it anew from the Hydra tree. The
stages of ``dvc.yaml`` read it by ``--config params.yaml``, so that ``dvc exp run -S train.lr=1e-3``
reaches them. Settings that follow from others (paths below ``paths.work``) are left out.
"""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from spectramind.config.compose import compose, composed
from spectramind.errors import ConfigError, SpectraMindError
from spectramind.run.atomic import write_text

FILE = Path("params.yaml")
_MADE_BY = "# Made by: python -m spectramind.pipeline.params "


def params_text(overrides: Sequence[str]) -> str:
    """What the file holds for these overrides.

    Raises:
        ConfigError: they do not compose.
    """
    compose(overrides)  # every value in its range
    held = _own_values(composed(overrides))
    return f"{_MADE_BY}{shlex.join(overrides)}\n{OmegaConf.to_yaml(OmegaConf.create(held))}"


def made_with(text: str) -> list[str]:
    """The overrides a file says it was made with.

    Raises:
        ConfigError: its first line does not say.
    """
    first = text.partition("\n")[0]
    if not first.startswith(_MADE_BY.rstrip()):
        raise ConfigError(f"{FILE} does not begin with {_MADE_BY.strip()!r} OVERRIDES")
    return shlex.split(first.removeprefix(_MADE_BY.rstrip()))


def _own_values(tree: DictConfig) -> dict[str, Any]:
    """Settings that do not follow from others."""
    held: dict[str, Any] = {}
    for key in map(str, tree):
        if OmegaConf.is_interpolation(tree, key):
            continue
        value = tree[key]
        if isinstance(value, DictConfig):
            below = _own_values(value)
            if below:
                held[key] = below
        else:
            held[key] = OmegaConf.to_container(value) if OmegaConf.is_config(value) else value
    return held


def write_params(overrides: Sequence[str], path: Path = FILE) -> None:
    """Write the file.

    Raises:
        ConfigError: the overrides do not compose.
    """
    write_text(path, params_text(overrides))


if __name__ == "__main__":
    try:
        write_params(sys.argv[1:])
    except SpectraMindError as error:
        sys.stderr.write(f"spectramind: {error}\n")
        sys.exit(int(error.exit_code))
