"""Progress on a terminal: a loop inside another is a line of the same display."""

import io

import pytest
from rich.console import Console

from spectramind.run import progress


def test_bars_nest_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        progress, "console", Console(file=screen, force_terminal=True, width=100, height=20)
    )
    seen = []
    for outer in progress.track("ab", "outside", 2):
        seen += [(outer, inner) for inner in progress.track([1, 2], "inside", 2)]
        assert [task.description for task in progress._bars[-1].tasks] == ["outside"]
    assert seen == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert progress._bars == []
    assert "outside" in screen.getvalue()


def test_a_loop_that_breaks_leaves_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    monkeypatch.setattr(progress, "console", console)

    def stopping() -> None:
        for _ in progress.track([1], "outside", 1):
            for _ in progress.track([1], "inside", 1):
                raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"):
        stopping()
    assert progress._bars == []
    assert list(progress.track([1], "again", 1)) == [1]
