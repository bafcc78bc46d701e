"""What a command may take of time and disk: warned in time, stopped before what cannot end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from spectramind.config.budgeting import BudgetConfig
from spectramind.errors import RuntimeRiskError
from spectramind.run.usage import folder_bytes

_AGAIN = "what is done stays done, the same command goes on where this one stopped"


@dataclass
class Budget:
    """Limits of one command.

    Attributes:
        config: the limits. began: when the time began. warn: who is told at ``warn_at``, once each.
        work: the folder that ``disk_gb`` counts; raw: what of it does not count.
        rest: seconds by command, of those that come after, as far as they are known.
    """

    config: BudgetConfig
    began: datetime
    warn: Callable[[str], None]
    work: Path
    raw: Path | None = None
    rest: Mapping[str, float] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _first: dict[str, tuple[int, int]] = field(default_factory=dict)
    _looked: float = 0.0

    @property
    def spent_h(self) -> float:
        """Hours since it began."""
        return (datetime.now(UTC) - self.began).total_seconds() / 3600

    @property
    def left_min(self) -> float | None:
        """Minutes left; None: no limit."""
        return None if self.config.hours is None else 60 * (self.config.hours - self.spent_h)

    def spare(self, what: str) -> str | None:
        """Why something that can be done without is left out: less than the reserve is left.

        Returns:
            The reason in words; None: there is time for it.
        """
        left = self.left_min
        if left is None or left > self.config.reserve_min:
            return None
        return (
            f"{what} is left out: {max(left, 0):.0f} of {60 * self._hours:.0f} min are left "
            f"(env.budget.hours), and {self.config.reserve_min:.0f} are kept for what a submission "
            "needs (env.budget.reserve_min)"
        )

    def check_begin(self, cmd: str) -> None:
        """Refuse to begin when nothing is left.

        Raises:
            RuntimeRiskError: so it is.
        """
        left = self.left_min
        if left is not None and left <= 0:
            raise RuntimeRiskError(
                f"{cmd} is not begun: {_told(self.spent_h)} of {self._hours:g} h are spent since "
                f"{self.began:%Y-%m-%dT%H:%M:%SZ} (env.budget): give more hours, or a later since"
            )

    def check_time(self, stage: str, needed_s: float, told_by: str, items: int = 0) -> None:
        """Hold what a stage still needs to what is left, and warn near it.

        Args:
            stage: its name. needed_s: what it still takes [s]. told_by: how that is known.
            items: how many say so: the fewer, the surer it must be before a stage is stopped.

        Raises:
            RuntimeRiskError: it cannot end in time.
        """
        if self.config.hours is None:
            return
        needed, rest = needed_s / 3600, sum(self.rest.values()) / 3600
        share = (self.spent_h + needed) / self._hours
        line = (
            f"{stage}: {_told(self.spent_h)} spent and about {_told(needed)} to go, {told_by}, are "
            f"{share:.0%} of env.budget.hours={self._hours:g}"
        )
        unsure = 0.0 if items == 0 else items**-0.5 * needed / self._hours
        if share - unsure > 1:
            raise RuntimeRiskError(
                f"{line}: it cannot end in time: more env.workers, fewer planets (data.split), "
                f"overrides=kaggle_fast in training, or more hours; {_AGAIN}"
            )
        if share + rest / self._hours > self.config.warn_at:
            more = f"; {self.rest_in_words()}" if self.rest else ""
            self._say_once("time", line + more)

    def rest_in_words(self) -> str:
        """What comes after, as long as it took before."""
        known = ", ".join(f"{cmd} {seconds / 60:.1f}" for cmd, seconds in self.rest.items())
        return f"what comes after took {sum(self.rest.values()) / 60:.1f} min before ({known})"

    def check_disk(self, stage: str, done: int, total: int, every_s: float) -> None:
        """Hold what the work folder will hold at a stage's end to ``disk_gb``, and warn near it.

        Args:
            stage: its name. done, total: its items. every_s: how often the folder is measured.

        Raises:
            RuntimeRiskError: it will hold more.
        """
        limit, now = self.config.disk_gb, time.monotonic()
        if limit is None or (stage in self._first and now - self._looked < every_s):
            return
        self._looked, held = now, folder_bytes(self.work, self.raw)
        done_before, held_before = self._first.setdefault(stage, (done, held))
        an_item = (held - held_before) / max(done - done_before, 1)
        whole = (held + an_item * (total - done)) / 1e9
        line = (
            f"{stage}: {self.work} holds {held / 1e9:.3g} GB and will hold about {whole:.3g}, as "
            f"its first {done} of {total} tell: {whole / limit:.0%} of env.budget.disk_gb={limit:g}"
        )
        if whole > limit:
            raise RuntimeRiskError(
                f"{line}: set calib.keep_cubes=none, remove what is not needed, or allow more; "
                f"{_AGAIN}"
            )
        if whole > self.config.warn_at * limit:
            self._say_once("disk", line)

    @property
    def _hours(self) -> float:
        return self.config.hours or 0.0

    def _say_once(self, kind: str, line: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            self.warn(line)


def _told(hours: float) -> str:
    return f"{hours:.2f} h" if hours >= 1 else f"{60 * hours:.1f} min"
