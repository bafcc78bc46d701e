"""What the steps of a training spend their time on: torch's profiler for a few of them.

``trace.json`` opens in chrome://tracing or Perfetto; ``operators.txt`` names the operators that
took longest. The numbers of the training are the same with it.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from spectramind.run.atomic import atomic_path, write_text

WARM_UP = 3  # steps before, in which memory is laid out and kernels are chosen
_ROWS = 30


class StepProfile:
    """Profiles ``steps`` optimizer steps after a warm-up, data preparation included.

    Args:
        folder: of this training's own. steps: how many, 0 for none.
        tell: is told where it lies, or why there is none.
    """

    def __init__(self, folder: Path, steps: int, tell: Callable[[str], None]) -> None:
        self.trace, self.table = folder / "trace.json", folder / "operators.txt"
        self.steps, self.tell = steps, tell
        self.seen = 0
        self.profiler: profile | None = None
        self.done = steps == 0

    def step(self) -> None:
        """One more optimizer step is over."""
        self.seen += 1
        if self.done:
            return
        if self.profiler is None and self.seen >= WARM_UP:
            kinds = [ProfilerActivity.CPU]
            kinds += [ProfilerActivity.CUDA] if torch.cuda.is_available() else []
            self.profiler = profile(activities=kinds, profile_memory=True)
            self.profiler.start()
        elif self.profiler is not None and self.seen >= WARM_UP + self.steps:
            self._write()

    def end(self) -> None:
        """No more steps will come, also after an error: what there is is written."""
        if self.done:
            return
        if self.profiler is not None and self.seen > WARM_UP:
            self._write()
            return
        if self.profiler is not None:
            self.profiler.stop()
        self.done = True
        self.tell(
            f"train.profile_steps={self.steps}: nothing to profile, the training took {self.seen} "
            f"steps and the first {WARM_UP} are a warm-up"
        )

    def _write(self) -> None:
        assert self.profiler is not None
        self.profiler.stop()
        self.done = True
        with atomic_path(self.trace) as temporary:
            self.profiler.export_chrome_trace(str(temporary))
        on_gpu = torch.cuda.is_available()
        order = "self_device_time_total" if on_gpu else "self_cpu_time_total"
        averages = self.profiler.key_averages()
        count = self.seen - WARM_UP
        head = f"{count} optimizer steps after {WARM_UP} of warm-up\n"
        write_text(self.table, head + averages.table(sort_by=order, row_limit=_ROWS) + "\n")
        self.tell(f"profile of {count} steps: {self.trace}, {self.table.name} beside it")
