"""Progress: a rich bar on a terminal, plain lines otherwise.

Of several processes that are one command the first one speaks.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spectramind.run.processes import processes

T = TypeVar("T")
console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
PLAIN_LINE_EVERY_S = 10.0


def say(line: str) -> None:
    """Print one line for the user (standard error: standard output carries results)."""
    if processes().first:
        console.print(line, markup=False, soft_wrap=True)


def track(items: Iterable[T], description: str, total: int) -> Iterator[T]:
    """Yield ``items`` while showing how many of ``total`` are done."""
    if not processes().first:
        yield from items
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
            for item in items:
                yield item
                bar.advance(task)
        return
    start = last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= PLAIN_LINE_EVERY_S or done == total:
            line = f"{description}: {done}/{total} in {now - start:.0f} s"
            print(line, file=sys.stderr, flush=True)
            last = now


def show(*results: RenderableType) -> None:
    """Print results for the user (standard output)."""
    for result in results if processes().first else ():
        if isinstance(result, str):
            output.print(result, markup=False, soft_wrap=True)
        else:
            output.print(result)
