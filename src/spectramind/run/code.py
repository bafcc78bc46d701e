"""Digest of the code behind a result: finished work is redone when that code has changed."""

import ast
import hashlib
from functools import cache
from pathlib import Path

import spectramind


@cache
def code_digest(*rooms: str) -> str:
    """SHA-256 of the rooms' modules; comments, docstrings and layout do not count."""
    summary = hashlib.sha256()
    for room in rooms:
        for path in sorted((Path(spectramind.__file__).parent / room).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            summary.update(f"{room}/{path.name}\n{ast.dump(_without_docstrings(tree))}".encode())
    return summary.hexdigest()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree
