"""``--config FILE``: a YAML file of settings, read as the overrides that say the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from spectramind.config.compose import ROOT_NAME, resource_dir
from spectramind.config.overrides import quoted
from spectramind.errors import ConfigError

_ENDINGS = ("", ".yaml", ".yml")
_WORD = re.compile(r"(?!(?:true|false|null|nan|inf)\Z)[A-Za-z_][\w-]*", re.IGNORECASE)


def overrides_of_file(typed: str) -> list[str]:
    """Overrides that a file of settings stands for; they come before those typed.

    A file of ``configs/`` (``overrides/kaggle_fast.yaml``, with its path or without) is its group's
    choice. Any other is a tree of values, nested or with dotted keys, all spellings of the command
    line understood; its ``defaults`` may choose groups (``override /sim: smoke``).

    Args:
        typed: a path, from the current folder or from ``configs/``.

    Raises:
        ConfigError: no such file, no YAML, or not a tree of settings.
    """
    path = _found(typed)
    tree = resource_dir("configs").resolve()
    if path.resolve().is_relative_to(tree):
        inside = path.resolve().relative_to(tree).with_suffix("")
        if inside == Path(ROOT_NAME):  # it is read anyway
            return []
        if len(inside.parts) != 2:
            raise ConfigError(f"--config {typed}: {path} is no choice of a group of settings")
        return [f"{inside.parts[0]}={inside.parts[1]}"]
    return [*_overrides(path, _mapping(path))]


def _found(typed: str) -> Path:
    given = Path(typed).expanduser()
    for folder in (Path(), resource_dir("configs")):
        for ending in _ENDINGS if given.name else ():
            path = folder / given.with_name(given.name + ending)
            if path.is_file():
                return path
    raise ConfigError(
        f"--config {typed}: no such file here or in {resource_dir('configs')}: name a YAML file of "
        "settings, such as overrides/kaggle_fast.yaml"
    )


def _mapping(path: Path) -> dict[Any, Any]:
    try:
        held = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (YAMLError, OmegaConfBaseException, OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read as YAML settings: {' '.join(str(error).split())}"
        ) from error
    if not isinstance(held, dict):
        raise ConfigError(f"{path} must hold settings, KEY: VALUE, and holds a {_kind(held)}")
    return dict(held)


def _overrides(path: Path, held: dict[Any, Any]) -> Iterator[str]:
    chosen = held.pop("defaults", [])
    for choice in chosen if isinstance(chosen, list) else [chosen]:
        if choice == "_self_":
            continue
        if not isinstance(choice, dict) or len(choice) != 1:
            raise ConfigError(
                f"{path}: defaults: {choice!r} is no choice of a group: write `override /GROUP: "
                "NAME`"
            )
        ((group, name),) = choice.items()
        yield f"{str(group).removeprefix('override').strip().lstrip('/')}={name}"
    for key, value in _leaves(held, ()):
        yield f"{key}={_written(path, key, value)}"


def _leaves(node: dict[Any, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        parts = (*above, str(name))
        if isinstance(value, dict) and value:
            yield from _leaves(value, parts)
        elif value != {}:
            yield ".".join(parts), value


def _written(path: Path, key: str, value: Any) -> str:
    """A value in the grammar of overrides."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        return f"[{','.join(_written(path, key, one) for one in value)}]"
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else quoted("", value).removeprefix("=")
    raise ConfigError(f"{path}: {key} holds a {_kind(value)}: a setting is a number, text or list")


def _kind(value: Any) -> str:
    return {"dict": "mapping", "str": "text"}.get(type(value).__name__, type(value).__name__)
