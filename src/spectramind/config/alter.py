"""A frozen configuration with some of its values changed."""

import difflib
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spectramind.config.compose import freeze
from spectramind.config.root import Config
from spectramind.config.typed_overrides import understood
from spectramind.errors import ConfigError


def altered(config: Config, overrides: Sequence[str]) -> Config:
    """The configuration with overrides applied to it as it stands, whatever it was composed of.

    Args:
        config: left as it is.
        overrides: ``key=value`` as on a command line, one value each; no choice of a group.

    Raises:
        ConfigError: an unknown key, a group, several values, or a value out of range.
    """
    tree = OmegaConf.create(config.model_dump(mode="json"))
    for override in OverridesParser.create().parse_overrides(understood(overrides)):
        key = override.key_or_group
        if override.is_delete() or override.is_sweep_override():
            raise ConfigError(f"override {override.input_line!r} must give a key one value")
        _check_key(tree, key)
        try:
            OmegaConf.update(tree, key, _plain(override.value()), merge=False)
        except OmegaConfBaseException as error:
            raise ConfigError(
                f"override {override.input_line!r}: {' '.join(str(error).split())}"
            ) from error
    return freeze(tree)


def _check_key(tree: Any, key: str) -> None:
    """A known key with a value of its own, not a section."""
    missing = object()
    found: Any = OmegaConf.to_container(tree)
    for part in key.split("."):
        found = found.get(part, missing) if isinstance(found, dict) else missing
    if found is missing:
        near = difflib.get_close_matches(key, list(_leaves(OmegaConf.to_container(tree))), n=1)
        hint = f": did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"unknown config key {key!r}{hint}")
    if isinstance(found, dict):
        raise ConfigError(f"{key!r} is a section: name a key in it, {key}.{next(iter(found))}=...")


def _leaves(node: Any, prefix: str = "") -> list[str]:
    if not isinstance(node, dict):
        return [prefix]
    return [
        leaf for k, child in node.items() for leaf in _leaves(child, f"{prefix}.{k}".strip("."))
    ]


def _plain(value: Any) -> Any:
    """What Hydra's parser gives, without its own type of text."""
    if isinstance(value, QuotedString):
        return value.text
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(_plain(k)): _plain(one) for k, one in value.items()}
    return value
