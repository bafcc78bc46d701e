"""How fast a loop goes, and how long it still takes."""

import time

_LEAST = 3
_SHARE = 0.02


class Pace:
    """Counts the items of a loop as they are done.

    The forecast leaves out what came before the first item (starting processes, compiling) and
    waits for three items, or a fiftieth of them.

    Attributes:
        total: items; done: of these.
    """

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self._first = self._last = time.monotonic()

    def tick(self) -> None:
        """An item is done."""
        self._last = time.monotonic()
        if self.done == 0:
            self._first = self._last
        self.done += 1

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes; None: too early to tell."""
        if self.done < max(_LEAST, _SHARE * self.total):
            return None
        return (self.item_s or 0.0) * max(self.total - self.done, 0)

    @property
    def since_s(self) -> float:
        """Seconds since the last item."""
        return time.monotonic() - self._last

    @property
    def item_s(self) -> float | None:
        """Seconds between items; None: there are not two."""
        return (self._last - self._first) / (self.done - 1) if self.done > 1 else None
