"""What a run must remember of its surroundings: code, machine, packages, data."""

import hashlib
import importlib.metadata
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import spectramind
from spectramind.run.cores import core_count

_PACKAGES = ("numpy", "numba", "scipy", "pandas", "pyarrow", "pydantic", "hydra-core", "torch")


def git_sha() -> str | None:
    """Commit of the checkout this package runs from; None when it is not a checkout."""
    root = Path(spectramind.__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "-C", str(root), "rev-parse", "--verify", "HEAD"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def package_versions() -> dict[str, str]:
    """Installed versions, read from metadata: nothing is imported."""
    versions = {"spectramind": spectramind.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def describe_machine() -> dict[str, str]:
    """Host, system, cores; the CUDA device only when torch, slow to load, is there already."""
    machine = {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "cores": str(core_count()),
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        machine["cuda"] = str(torch.version.cuda)
        machine["device"] = torch.cuda.get_device_name(0)
    return machine


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(root: Path) -> str | None:
    """SHA-256 over the names and sizes of all files below ``root`` and the content of its tables.

    Reading 247 GB to name a data set is no option: names, sizes, labels and ADC tables do it.
    """
    if not root.is_dir():
        return None
    summary = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            summary.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
            if path.suffix == ".csv":
                summary.update(path.read_bytes())
    return summary.hexdigest()
