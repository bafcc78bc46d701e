"""Wheels of what a machine without network lacks, for its Python, told from a list of what it has.

pip loads and builds; which packages are missing is found by walking requirements: no resolver of
pip's takes a list of another machine's packages for installed.
"""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from spectramind.errors import ConfigError, RuntimeRiskError, SchemaError

# pip takes the first that a wheel is made for.
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIMEOUT_S = 900
_LAST_LINES = 3


@dataclass(frozen=True)
class Image:
    """What a machine has.

    Attributes:
        python: its Python, ``3.12``.
        packages: version by normalised name.
        source: the file that says so.
    """

    python: str
    packages: Mapping[str, Version]
    source: Path

    @classmethod
    def read(cls, path: Path) -> "Image":
        """A list as ``pip freeze`` prints it, with a line ``python==3.12``.

        Raises:
            SchemaError: no such file, a line that is none of these, no Python or no torch.
        """
        if not path.is_file():
            raise SchemaError(f"{path} is missing: it must list what the image has, `pip freeze`")
        found: dict[str, Version] = {}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.partition("#")[0].strip()
            name, _, version = text.partition("==")
            if not text:
                continue
            try:
                found[canonicalize_name(name, validate=True)] = Version(version)
            except (InvalidVersion, ValueError) as error:
                raise SchemaError(
                    f"{path}, line {number}: {text!r} is not NAME==VERSION, as `pip freeze` prints "
                    "it (leave out what it prints otherwise)"
                ) from error
        for name in ("python", "torch"):
            if name not in found:
                raise SchemaError(f"{path} names no {name}: add a line {name}==VERSION")
        python = found.pop(canonicalize_name("python"))
        return cls(f"{python.major}.{python.minor}", found, path)

    def applies(self, requirement: Requirement, extras: Sequence[str]) -> bool:
        """Whether a requirement's marker holds there."""
        there = {
            "platform_release": "",
            "platform_version": "",
            "implementation_version": f"{self.python}.0",
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
        }
        marker = requirement.marker
        return marker is None or any(marker.evaluate({**there, "extra": e}) for e in extras or [""])


@dataclass(frozen=True)
class Wheelhouse:
    """A folder of wheels.

    Attributes:
        own: the project's wheel. lacking: those of packages that the image has not, by file name.
        newer: packages that the image has in a version that is too old: ``name: there -> here``.
    """

    own: Path
    lacking: tuple[str, ...]
    newer: tuple[str, ...]


def fill(folder: Path, checkout: Path, image: Image) -> Wheelhouse:
    """Build the project's wheel, and fetch the wheels of all it needs that the image has not.

    Versions follow the checkout's ``constraints.txt``.

    Args:
        folder: where they go; it exists and is empty.
        checkout: the project. image: what is there already.

    Raises:
        ConfigError: no pip here.
        RuntimeRiskError: a package cannot be fetched or built, or not for the image's Python.
        SchemaError: the image has a package in a version that something needed forbids.
    """
    own = _built(folder, str(checkout))
    newer: list[str] = []
    here: dict[str, Version] = {}
    ahead = [(need, own.name) for need in requirements_of(own, image)]
    while ahead:
        need, who = ahead.pop()
        name = canonicalize_name(need.name)
        version = here.get(name, image.packages.get(name))
        if version is not None and need.specifier.contains(version, prereleases=True):
            continue
        if name in here:
            raise SchemaError(
                f"{who} needs {need}, but {name} {here[name]} was taken: mend constraints.txt"
            )
        wheel = _fetched(folder, need, image, checkout / "constraints.txt")
        here[name] = parse_wheel_filename(wheel.name)[1]
        if version is not None:
            newer.append(f"{name}: {version} -> {here[name]}")
        ahead += [(one, wheel.name) for one in requirements_of(wheel, image, sorted(need.extras))]
    lacking = sorted(path.name for path in folder.glob("*.whl") if path != own)
    return Wheelhouse(own, tuple(lacking), tuple(newer))


def requirements_of(wheel: Path, image: Image, extras: Sequence[str] = ()) -> list[Requirement]:
    """What a wheel needs on the image, of those extras too.

    Raises:
        SchemaError: it says that in no way that is understood.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
            told = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
        needs = [Requirement(text) for text in told.get_all("Requires-Dist", [])]
    except (zipfile.BadZipFile, ValueError, InvalidRequirement) as error:
        raise SchemaError(f"{wheel} cannot be read as a wheel: {error}") from error
    return [need for need in needs if image.applies(need, extras)]


def _fetched(folder: Path, need: Requirement, image: Image, constraints: Path) -> Path:
    """The wheel of a package; one that has sources alone is built, if it is pure Python.

    Raises:
        RuntimeRiskError: there is none.
    """
    wanted = str(Requirement(f"{need.name}{need.specifier}"))
    bound = ["--constraint", str(constraints)] if constraints.is_file() else []
    target = ["--only-binary=:all:", "--implementation", "cp", "--python-version", image.python]
    target += [part for platform in _PLATFORMS for part in ("--platform", platform)]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        try:
            _pip("download", "--no-deps", "--dest", scratch, *target, *bound, wanted)
        except RuntimeRiskError as error:
            try:
                built = _built(Path(scratch), wanted, *bound)
            except RuntimeRiskError:
                raise error from None
            if not built.name.endswith("-none-any.whl"):
                raise RuntimeRiskError(
                    f"{wanted} has no wheel for Python {image.python} on Linux, and building it "
                    f"gives {built.name}: add what the image has of it to {image.source}"
                ) from error
        (found,) = Path(scratch).glob("*.whl")
        return found.rename(folder / found.name)


def _built(folder: Path, what: str, *more: str) -> Path:
    """A wheel of a folder or a package's sources."""
    before = set(folder.glob("*.whl"))
    # poetry-core may be here already: then nothing need be fetched to build.
    here = importlib.util.find_spec("poetry") is not None and Path(what).is_dir()
    alone = ["--no-build-isolation"] if here else []
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), *alone, *more, what)
    (made,) = set(folder.glob("*.whl")) - before
    return made


def _pip(*arguments: str) -> None:
    """Run this Python's pip.

    Raises:
        ConfigError: there is none.
        RuntimeRiskError: it could not do it; its own last words say why.
    """
    if importlib.util.find_spec("pip") is None:
        raise ConfigError("no pip in this environment: run `python -m ensurepip`")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeRiskError(f"pip {arguments[0]} took more than {_TIMEOUT_S} s") from error
    if done.returncode:
        said = " ".join(list(_complaints(done.stderr))[-_LAST_LINES:])
        raise RuntimeRiskError(f"pip {arguments[0]} {arguments[-1]} failed: {said}")


def _complaints(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR") and line != "ERROR: Exception:"]
    yield from errors or lines[-1:]
