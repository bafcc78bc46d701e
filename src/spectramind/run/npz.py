"""Reading our own npz files: never a pickle, and one clear line when the contract is broken."""

import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError

# What zipfile and NumPy raise at damaged or hostile archives; TokenError: of an array's header.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    KeyError,
    TypeError,
    SyntaxError,
    SystemError,
    TokenError,
)


def read_npz(
    path: Path,
    *keys: str,
    made_by: str,
    optional: Iterable[str] = (),
    texts: Iterable[str] | None = None,
) -> dict[str, NDArray[np.generic]]:
    """Read the named arrays.

    Args:
        path: the npz file.
        keys: arrays that must be there.
        made_by: the command that writes the file, named in the error.
        optional: arrays that are read where they are there.
        texts: arrays that may hold text; None: any. A damaged header makes text of numbers.

    Raises:
        SchemaError: the file is missing, not an npz, truncated, lacks a key, or holds text where
            numbers belong.
    """
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind {made_by}` first")
    try:
        with np.load(path, allow_pickle=False) as archive:
            lacking = [key for key in keys if key not in archive.files]
            if lacking:
                raise SchemaError(
                    f"{path} lacks {lacking}: it holds {archive.files}; "
                    f"delete it and run `spectramind {made_by}` again"
                )
            more = [key for key in optional if key in archive.files]
            held = {key: archive[key] for key in (*keys, *more)}
            for key, values in held.items():
                kind = getattr(values, "dtype", np.dtype("V")).kind  # no array: its bytes
                if kind not in ("biufU" if texts is None or key in texts else "biuf"):
                    raise ValueError(f"{key} is of a type that it must not have ({kind!r})")
            return held
    except UNREADABLE as error:
        raise SchemaError(
            f"{path} cannot be read ({error}): delete it and run `spectramind {made_by}` again"
        ) from error
