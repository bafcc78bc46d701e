"""Where numba keeps compiled code when it cannot do so where it would.

By itself numba writes beside the modules, else below the user's cache folder, else it refuses to
import them. An installation for all users, run by one without a home, has neither. The package
settles this when it is imported, before numba is: every ``@njit(cache=True)``, in workers too,
obeys ``NUMBA_CACHE_DIR``.
"""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

_VARIABLE = "NUMBA_CACHE_DIR"
_PACKAGE = Path(__file__).parents[1]


def settle(*more: Path) -> None:
    """Point numba to the first folder that can be written, unless it finds one by itself.

    Args:
        more: folders to try last.
    """
    if _is_package_writable() or any(_can_write(folder) for folder in _numbas_own()):
        return
    for folder in (*_private(), *more):
        if _can_write(folder) and _is_ours(folder):
            os.environ[_VARIABLE] = str(folder)
            numba = sys.modules.get("numba")
            if numba is not None:  # it has read the variable already
                numba.config.CACHE_DIR = str(folder)
            return


def _is_package_writable() -> bool:
    """Whether numba can write beside every module."""
    rooms = {path.parent for path in _PACKAGE.rglob("*.py")}
    caches = (room / "__pycache__" for room in rooms)
    return all(os.access(c if c.is_dir() else c.parent, os.W_OK | os.X_OK) for c in caches)


def _numbas_own() -> Iterator[Path]:
    """Folders that numba tries by itself, apart from the package's."""
    if named := os.environ.get(_VARIABLE):
        yield Path(named)
    if sys.platform == "darwin":
        yield Path(os.path.expanduser("~/Library/Caches/numba"))
    elif sys.platform != "win32":
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        yield Path(home) / "numba"


def _private() -> Iterator[Path]:
    """A folder of this user's own in each place for temporary files."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    for place in (os.environ.get("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm"):
        if place and os.path.isdir(place):
            yield Path(place) / f"spectramind-numba-{user}"


def _can_write(folder: Path) -> bool:
    """Try it, as numba does: permissions alone do not tell (root, read-only mounts, /proc)."""
    import tempfile  # only an installation that cannot be written pays for it

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"numba")
    except OSError:
        return False
    return True


def _is_ours(folder: Path) -> bool:
    """Nobody else may plant code in it: numba runs what it finds there."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.lstat()
    writable_by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not writable_by_others
