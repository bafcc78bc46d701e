"""The code digest: stable, one for each room, blind to what does not change results."""

import ast

from spectramind.run.code import _without_docstrings, code_digest


def test_rooms_differ_and_repeat() -> None:
    assert code_digest("physics") == code_digest("physics")
    assert code_digest("physics") != code_digest("calibration")


def plain(text: str) -> str:
    return ast.dump(_without_docstrings(ast.parse(text)))


def test_comments_and_docstrings_do_not_count_but_code_does() -> None:
    base = plain('"""One."""\ndef f():\n    """Two."""\n    return 1\n')
    assert plain("def f():  # a comment\n    return 1\n") == base
    assert plain("def f():\n    return 2\n") != base
