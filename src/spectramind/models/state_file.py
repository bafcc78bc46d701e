"""Files of tensors and plain values, written whole, read without running code from them."""

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from spectramind.errors import SchemaError
from spectramind.models.migration import FORMAT, migrated
from spectramind.run.atomic import atomic_path

# What taking a state apart raises where something else stands in its place.
MALFORMED = (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError)


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically; the same state gives the same bytes."""
    content = BytesIO()  # a file's name, here a process's own, would stand in the archive
    torch.save(_by_value({"format": FORMAT, **state}), content)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())


def _by_value(value: Any) -> Any:
    """The same value in new containers: a pickle holds which of them were one object, and that
    differs between a training at one go and one that went on from a file.
    """
    if isinstance(value, dict):
        return type(value)((_by_value(key), _by_value(one)) for key, one in value.items())
    if type(value) in (list, tuple):
        return type(value)(_by_value(one) for one in value)
    if isinstance(value, str):
        return sys.intern(value)
    if type(value) is torch.Tensor:
        return value.detach().clone()
    return value


def load_state(path: Path) -> dict[str, Any]:
    """Read a checkpoint without running code from it; one of an older format is migrated.

    Raises:
        SchemaError: missing, damaged, of an unknown format, or not to be migrated.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind train` first")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to mean
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise SchemaError(f"{path} cannot be read as a checkpoint ({reason}): delete it") from error
    if not isinstance(state, dict) or "format" not in state:
        raise SchemaError(f"{path} is not a checkpoint of SpectraMind: train again")
    return migrated(state, path)
