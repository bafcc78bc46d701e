"""What a command takes of the machine: processor time, peak of memory, load of the GPU."""

import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_EVERY_S = 2.0
_GPU = ["nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Usage:
    """Between two moments.

    Attributes:
        seconds: between them. cpu_percent: of one core, all processes of the command together.
        memory_mb: peak of what its processes held, pages they share counted for each.
        gpu_percent, gpu_memory_mb: mean load and peak memory of the busiest GPU, whoever used it;
            None without one.
    """

    seconds: float
    cpu_percent: float
    memory_mb: float
    gpu_percent: float | None
    gpu_memory_mb: float | None


class Sampler:
    """Looks at this process and its children every two seconds, in a thread of its own."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._has_gpu = shutil.which(_GPU[0]) is not None
        self._samples: list[tuple[float, float, float | None, float | None]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True, name="usage")
        self._thread.start()

    def moment(self) -> tuple[float, float]:
        """Now, and the processor time taken until now [s]."""
        return time.monotonic(), self._cpu_s()

    def since(self, moment: tuple[float, float]) -> Usage:
        """What was taken since then."""
        self._look()
        seconds, cpu = (now - then for now, then in zip(self.moment(), moment, strict=True))
        samples = [sample for sample in self._samples if sample[0] >= moment[0]]
        loads = [load for _, _, load, _ in samples if load is not None]
        gpu = [memory for _, _, _, memory in samples if memory is not None]
        return Usage(
            seconds,
            100 * max(cpu, 0.0) / max(seconds, 1e-6),
            max(memory for _, memory, _, _ in samples),
            sum(loads) / len(loads) if loads else None,
            max(gpu) if gpu else None,
        )

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join(timeout=_EVERY_S)

    def _sample(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        load, memory = self._gpu() if self._has_gpu else (None, None)
        self._samples.append((time.monotonic(), self._memory_mb(), load, memory))

    def _living(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.Error:
            return [self._process]

    def _memory_mb(self) -> float:
        total = 0
        for process in self._living():
            try:
                total += process.memory_info().rss
            except psutil.Error:  # it has just ended
                continue
        return total / 1e6

    def _cpu_s(self) -> float:
        """Of this process, its children, and those that have ended."""
        total = 0.0
        for process in self._living():
            try:
                taken = process.cpu_times()
            except psutil.Error:
                continue
            ended = getattr(taken, "children_user", 0.0) + getattr(taken, "children_system", 0.0)
            total += taken.user + taken.system + ended
        return total

    def _gpu(self) -> tuple[float | None, float | None]:
        try:
            said = subprocess.run(_GPU, capture_output=True, text=True, timeout=5, check=True)
            rows = [line.split(",") for line in said.stdout.splitlines() if line.strip()]
            return max((float(load), float(memory)) for load, memory in rows)
        except (OSError, ValueError, subprocess.SubprocessError):
            self._has_gpu = False  # it is there and answers nothing: not asked again
            return None, None


def folder_bytes(folder: Path, without: Path | None = None) -> int:
    """What the files below a folder hold, without those below another one."""
    total, ahead = 0, [folder]
    left_out = None if without is None else without.absolute()
    while ahead:
        here = ahead.pop()
        if here.absolute() == left_out:
            continue
        try:
            entries = list(here.iterdir())
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir() and not entry.is_symlink():
                    ahead.append(entry)
                else:
                    total += entry.lstat().st_size
            except OSError:  # renamed meanwhile
                continue
    return total
