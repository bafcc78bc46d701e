"""Hydra tree plus overrides -> one frozen, validated ``Config``."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ValidationError

import spectramind
from spectramind.config.root import Config
from spectramind.config.typed_overrides import understood
from spectramind.errors import ConfigError

ROOT_NAME = "config_v50"
_composing = Lock()  # Hydra keeps what it composes with in one place of the process


def resource_dir(name: str) -> Path:
    """Folder ``name`` (``configs``, ``schemas``): in an installed package, else in the checkout."""
    package = Path(spectramind.__file__).parent
    for candidate in (package / name, package.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise ConfigError(f"no folder {name!r} beside {package}: the installation is broken, reinstall")


def compose(overrides: Sequence[str] = ()) -> Config:
    """Compose the tree with overrides and validate it.

    Raises:
        ConfigError: an unknown key or group choice, a malformed override, a value out of range.
    """
    return freeze(composed(overrides))


def composed(overrides: Sequence[str] = ()) -> DictConfig:
    """The tree as composed, its interpolations unresolved, its values not validated.

    Raises:
        ConfigError: an unknown key or group choice, or a malformed override.
    """
    wanted = understood(overrides)
    with _composing, initialize_config_dir(str(resource_dir("configs")), version_base="1.3"):
        try:
            return hydra_compose(ROOT_NAME, overrides=wanted)
        except (HydraException, OmegaConfBaseException) as error:
            raise ConfigError(_one_line(error)) from error


def freeze(tree: DictConfig) -> Config:
    """Validate a composed tree.

    Raises:
        ConfigError: the first violation, and how many more there are.
    """
    try:
        return validated(OmegaConf.to_container(tree, resolve=True))
    except OmegaConfBaseException as error:  # an interpolation of nothing
        raise ConfigError(_one_line(error)) from error


def validated(values: Any) -> Config:
    """Settings as plain values, typed.

    Raises:
        ConfigError: the first violation, and how many more there are.
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        first, *others = error.errors()
        key = ".".join(str(part) for part in first["loc"])
        more = f" (and {len(others)} more)" if others else ""
        said = first["msg"].removeprefix("Value error, ")  # of our own validators
        raise ConfigError(f"config key {key!r}: {said}, got {first['input']!r}{more}") from error


def _one_line(error: Exception) -> str:
    """Hydra's and OmegaConf's messages run over several lines: say the same in one."""
    text = str(error)
    unknown = re.search(r"Could not override '([^']+)'", text)
    if unknown is None:
        return " ".join(re.split(r"Config search path|See https", text)[0].split())
    key = unknown.group(1)
    near = difflib.get_close_matches(key, list(_keys()), n=1)
    hint = f": did you mean {near[0]!r}?" if near else ""
    return f"unknown config key {key!r}{hint}"


def _keys() -> Iterator[str]:
    yield from _flatten(OmegaConf.to_container(hydra_compose(ROOT_NAME)), ())


def _flatten(node: Any, path: tuple[str, ...]) -> Iterable[str]:
    if not isinstance(node, dict):
        return [".".join(path)]
    return [key for name, child in node.items() for key in _flatten(child, (*path, str(name)))]
