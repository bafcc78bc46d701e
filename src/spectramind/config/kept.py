"""``settings/{cfg_hash}.json``: the settings of a run, kept beside its record and read again."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from spectramind.config.base import Section
from spectramind.config.compose import validated
from spectramind.config.root import Config
from spectramind.contracts.work_folder import RecordFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.run.atomic import write_text

_CWD = "cwd"
Some = TypeVar("Some", bound=Section)


def keep_settings(config: Config, path: Path) -> None:
    """Write the settings, and ``cwd``, where their relative paths begin, unless they are there.

    Raises:
        ConfigError: the file may not be written.
        RuntimeRiskError: the disk is full.
    """
    values = config.model_dump(mode="json") | {_CWD: str(Path.cwd())}
    text = json.dumps(values, indent=2, sort_keys=True) + "\n"
    try:
        if path.read_text(encoding="utf-8") == text:
            return
    except (OSError, UnicodeDecodeError):
        pass  # none yet, or a broken one
    write_text(path, text)


def kept_values(path: Path) -> dict[str, Any]:
    """Kept settings by dotted key, as they were written: without a look at what they mean.

    Raises:
        SchemaError: there are none, or the file is broken.
    """
    return dict(_flat(_read(path)[0], ()))


def kept_settings(path: Path) -> Config:
    """Kept settings, their paths absolute.

    Paths below the work folder follow it where it has been moved or copied to. So ``hash`` is that
    of absolute paths; ``science_hash`` is the run's.

    Raises:
        SchemaError: there are none, the file is broken, or another version wrote it.
    """
    values, cwd = _read(path)
    try:
        config = validated(values)
    except ConfigError as error:
        raise SchemaError(f"{path} was kept by another version of SpectraMind: {error}") from error
    before = cwd / config.paths.work
    now = RecordFolder.of_settings(path).work_now(before)

    def moved(one: Path) -> Path:
        whole = cwd / one
        return now / whole.relative_to(before) if whole.is_relative_to(before) else whole

    return _with_paths(config, moved)


def _read(path: Path) -> tuple[dict[str, Any], Path]:
    """The settings, and where relative paths begin."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        cwd = Path(values.pop(_CWD))
    except FileNotFoundError as error:
        raise SchemaError(
            f"{path} is missing: the command ran before settings were kept, or it was removed"
        ) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SchemaError(
            f"{path} holds no settings ({type(error).__name__}: {error}): remove it; the next "
            "command with these settings writes it anew"
        ) from error
    return values, cwd


def _flat(node: Any, above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*above, name))
        else:
            yield ".".join((*above, name)), value


def _with_paths(section: Some, moved: Callable[[Path], Path]) -> Some:
    """The same settings with other paths."""
    changed: dict[str, Any] = {}
    for name, value in section:
        if isinstance(value, Path):
            changed[name] = moved(value)
        elif isinstance(value, Section):
            changed[name] = _with_paths(value, moved)
    return section.model_copy(update=changed)
