"""Progress: a rich bar on a terminal, plain lines otherwise.

Of several processes that are one command the first one speaks.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spectramind.run.pace import Pace
from spectramind.run.processes import processes
from spectramind.run.stage_clock import timed

T = TypeVar("T")
_bars: list[Progress] = []  # shown now; a bar inside another is a line of it
console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
PLAIN_LINE_EVERY_S = 10.0


def say(line: str) -> None:
    """Print one line for the user (standard error: standard output carries results)."""
    if processes().first:
        console.print(line, markup=False, soft_wrap=True)


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yield ``items`` while showing how many of ``total`` are done; bars may nest.

    The stage is timed, and held to the command's budget.

    Raises:
        RuntimeRiskError: it cannot end in the time or on the disk that the command may take.
    """
    yield from _shown(timed(items, description, total), description, total)


def _shown(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    if not processes().first:
        yield from items
        return
    if console.is_terminal and _bars:
        task = _bars[-1].add_task(description, total=total)
        try:
            for item in items:
                yield item
                _bars[-1].advance(task)
        finally:
            _bars[-1].remove_task(task)
        return
    if console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(description, total=total)
            _bars.append(bar)
            try:
                for item in items:
                    yield item
                    bar.advance(task)
            finally:
                _bars.remove(bar)
        return
    start = last = time.monotonic()
    pace = Pace(total)
    for done, item in enumerate(items, start=1):
        pace.tick()
        yield item
        now = time.monotonic()
        if now - last >= PLAIN_LINE_EVERY_S or done == total:
            line = f"{description}: {done}/{total} in {now - start:.0f} s"
            left = pace.left_s
            line += f", about {left:.0f} s to go" if left and done < total else ""
            print(line, file=sys.stderr, flush=True)
            last = now


def show(*results: RenderableType) -> None:
    """Print results for the user (standard output)."""
    for result in results if processes().first else ():
        if isinstance(result, str):
            output.print(result, markup=False, soft_wrap=True)
        else:
            output.print(result)
