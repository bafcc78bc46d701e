"""What the benchmarks of the whole chain share: trees to run it on, and its stages."""

import argparse
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from spectramind.cli.execute import Call, execute
from spectramind.config.compose import compose
from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.evaluation.score_tables import ORACLE
from spectramind.run.progress import say

WORK = Path("runs/benchmarks")
LABELS, ANSWERS = ("train", "calibrate-temp", "calibrate-corel"), ("predict", "score")
PROFILES = {
    "nominal": ("sim=full", "sim.cadence=10"),
    "shifted": ("sim=shifted",),
    "hostile": ("sim=hostile",),
    "foreign": ("sim=foreign",),
}


@dataclass(frozen=True)
class Run:
    """Settings of stages that write below one folder.

    Attributes:
        folder: their ``paths.work``.
        overrides: as typed on the command line.
    """

    folder: Path
    overrides: tuple[str, ...]

    @cached_property
    def config(self) -> Config:
        """The settings, composed."""
        return compose(self._all())

    def _all(self) -> list[str]:
        return [*self.overrides, quoted("paths.work", self.folder.absolute())]

    def stages(self, *names: str) -> float:
        """Run commands in this process; what they show goes to ``stages.txt``.

        Returns:
            seconds it took.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        with (self.folder / "stages.txt").open("a") as said, contextlib.redirect_stdout(said):
            for name in names:
                execute(Call(name, self._all()))
        return time.perf_counter() - start


def options(text: str | None) -> argparse.ArgumentParser:
    """What both benchmarks ask for."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, default=WORK, help="where everything is written")
    parser.add_argument(
        "overrides", nargs="*", help="of every stage: env.workers=2, train.epochs=40"
    )
    return parser


def reading(root: Path) -> tuple[str, ...]:
    """Overrides that read telemetry and light curves of a chain root, which is left as it is."""
    data = root.absolute() / "data"
    return quoted("data.raw", data / "raw"), quoted("paths.calibrated", data / "calibrated")


def tree(name: str, given: Path | None, work: Path, overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides that read the tree of a profile: one that is given, or simulated and calibrated."""
    if given is None:
        given = work / name
        Run(given, (*PROFILES[name], *overrides)).stages("simulate", "calibrate")
    return reading(given)


def chain(
    folder: Path, read: Sequence[str], overrides: Sequence[str], against: Sequence[str] = (ORACLE,)
) -> Run:
    """The whole chain without network on a calibrated tree, with references beside it."""
    always = ("train.epochs=0", f"score.against=[{','.join(against)}]")
    run = Run(folder, (*always, *read, *overrides))
    seconds = run.stages("features", *LABELS, *ANSWERS)
    say(f"{folder.name}: chain done in {seconds:.0f} s")
    return run


def scores(config: Config) -> dict[str, Any]:
    """What ``score`` wrote, by the predictions' names."""
    rows = json.loads(config.paths.score.read_text(encoding="utf-8"))["predictions"]
    return {row["name"]: row for row in rows}
