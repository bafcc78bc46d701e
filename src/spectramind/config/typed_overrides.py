"""What a user typed, understood: a path needs no quotes, and what cannot be read is one line."""

import os
import types
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, QuotedString
from hydra.errors import HydraException

from spectramind.config.base import Section
from spectramind.config.overrides import normalise, quoted
from spectramind.config.root import Config
from spectramind.errors import ConfigError

_NUMBER_OR_LIST = (bool, int, float, list, dict)


def understood(overrides: Sequence[str], sweep: bool = False) -> list[str]:
    """Overrides in Hydra's grammar and the tree's spelling.

    A path, or other text, that the grammar refuses or takes for a number or a list is quoted; a
    leading ``~`` of a path becomes the home folder. In a sweep ``a,b`` stays two values.

    Raises:
        ConfigError: an override that is none, or whose value must be quoted by the user.
    """
    return [_understood(override, sweep) for override in overrides]


def swept_keys(overrides: Sequence[str]) -> set[str]:
    """Keys that take several values; the overrides are understood already."""
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return {override.key_or_group for override in parsed if override.is_sweep_override()}


def _understood(typed: str, sweep: bool) -> str:
    override = normalise(typed)
    key, equals, text = override.partition("=")
    kinds = _leaves().get(key, frozenset())
    if not equals and not key.startswith("~"):
        raise ConfigError(f"override {typed!r} has no '=': write KEY=VALUE")
    parsed = _parsed(override)
    if not kinds & {Path, str}:
        if parsed is None:
            raise ConfigError(
                f"override {typed!r} cannot be read: a value with brackets, quotes or other "
                f"special characters must be quoted, for the shell too: '{quoted(key, text)}'"
            )
        return override
    if parsed is None and sweep:
        return f"{key}={','.join(_quoted_text(part, kinds) for part in text.split(','))}"
    if parsed is None or (parsed.is_sweep_override() and not sweep):
        return quoted(key, _home(text, kinds))
    value = parsed.value()
    if isinstance(value, _NUMBER_OR_LIST):
        return quoted(key, text)
    plain = value.text if isinstance(value, QuotedString) else value
    if isinstance(plain, str) and plain.startswith("~"):
        return quoted(key, _home(plain, kinds))
    return override


def _home(text: str, kinds: frozenset[Any]) -> str:
    return os.path.expanduser(text) if Path in kinds else text


def _quoted_text(text: str, kinds: frozenset[Any]) -> str:
    return quoted("", _home(text, kinds)).removeprefix("=")


def _parsed(override: str) -> Override | None:
    """As Hydra reads it; None when it cannot."""
    try:
        return OverridesParser.create().parse_override(override)
    except HydraException:
        return None


@cache
def _leaves() -> dict[str, frozenset[Any]]:
    """Types by dotted key."""
    return dict(_walk(Config, ""))


def _walk(section: type[Section], prefix: str) -> Iterator[tuple[str, frozenset[Any]]]:
    for name, field in section.model_fields.items():
        kinds = frozenset(_plain(field.annotation))
        below = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section)]
        for child in below:
            yield from _walk(child, f"{prefix}{name}.")
        if not below:
            yield f"{prefix}{name}", kinds


def _plain(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _plain(part)
    elif origin is not Literal:
        yield annotation
