"""Digest of the code behind a result: finished work is redone when that code has changed.

What a step depends on is read off its imports, so that no room can be forgotten.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import spectramind
from spectramind.errors import ConfigError

PACKAGE = Path(spectramind.__file__).parent


@cache
def code_digest(*modules: str, package: Path = PACKAGE) -> str:
    """SHA-256 of some modules and of all they import of the package, directly or not.

    Comments, docstrings and layout do not count.

    Args:
        modules: dotted names; ``spectramind.features.fits``.
        package: the package's folder.

    Raises:
        ConfigError: no module of that name.
    """
    summary = hashlib.sha256()
    for name in sorted(imported_modules(*modules, package=package)):
        summary.update(f"{name}\n{ast.dump(_parsed(_file(name, package)))}\n".encode())
    return summary.hexdigest()


@cache
def imported_modules(*modules: str, package: Path = PACKAGE) -> frozenset[str]:
    """These modules and all that they import of the package, directly or not, by dotted name.

    Imports inside functions count; those that only a type checker sees do, too. A package's own
    ``__init__`` is run by an import of any of its modules, so it belongs to them.

    Raises:
        ConfigError: no module of that name.
    """
    for name in modules:
        _file(name, package)
    found: set[str] = set()
    ahead = list(modules)
    while ahead:
        name = ahead.pop()
        if name not in found and _path(name, package) is not None:
            found.add(name)
            ahead += _direct_imports(name, package)
    return frozenset(found)


@cache
def _direct_imports(name: str, package: Path) -> tuple[str, ...]:
    """Dotted names, of modules and perhaps of what is in them, that a module imports."""
    path = _file(name, package)
    parents = name.split(".")
    found = [".".join(parents[:depth]) for depth in range(1, len(parents))]
    own = parents if path.name == "__init__.py" else parents[:-1]
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Import):
            found += [part for alias in node.names for part in _with_parents(alias.name)]
        elif isinstance(node, ast.ImportFrom):
            above = own[: len(own) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            found += _with_parents(source)
            found += [f"{source}.{alias.name}" for alias in node.names]
    return tuple(part for part in found if part.split(".")[0] == package.name)


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def _file(name: str, package: Path) -> Path:
    path = _path(name, package)
    if path is None:
        raise ConfigError(f"{name} is no module of {package}: give its dotted name")
    return path


def _path(name: str, package: Path) -> Path | None:
    """The file of a module of the package; None: there is none of that name."""
    first, *rest = name.split(".")
    if first != package.name:
        return None
    folder = package.joinpath(*rest)
    for path in (folder / "__init__.py", folder.with_name(f"{folder.name}.py")):
        if path.is_file():
            return path
    return None


@cache
def _parsed(path: Path) -> ast.Module:
    return _without_docstrings(ast.parse(path.read_text(encoding="utf-8")))


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree
