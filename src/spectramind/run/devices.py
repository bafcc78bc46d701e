"""Which device torch uses, how many threads, and an allocator that keeps its pages."""

import ctypes
import logging

import torch
from torch import nn

from spectramind.errors import ConfigError
from spectramind.run.cores import core_count
from spectramind.run.processes import processes

log = logging.getLogger("spectramind")

# glibc mallopt codes (malloc.h).
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4

# Weights from which a second thread pays for itself; the default network has a tenth.
_LARGE = 2_000_000


def pick_device(wanted: str) -> torch.device:
    """Resolve ``auto``, ``cpu`` or ``cuda``.

    A GPU counts only when this torch build has code for it (Kaggle's has none for a P100). Each of
    several processes (torchrun) has a GPU of its own.

    Raises:
        ConfigError: ``cuda`` is wanted and there is none that works, or fewer than processes.
    """
    usable = torch.cuda.is_available() and _has_code_for_gpu()
    if wanted == "cuda" and not usable:
        raise ConfigError("env.device=cuda, but torch sees no GPU it has code for: use auto or cpu")
    device = torch.device("cuda" if usable and wanted != "cpu" else "cpu")
    here = processes()
    if device.type == "cuda" and here.count > 1:
        if here.beside > torch.cuda.device_count():
            raise ConfigError(
                f"torchrun started {here.beside} processes on a machine with "
                f"{torch.cuda.device_count()} GPUs: lower --nproc_per_node, or set env.device=cpu"
            )
        torch.cuda.set_device(here.local)
    return device


def _has_code_for_gpu() -> bool:
    major, _ = torch.cuda.get_device_capability()
    built = [arch.removeprefix("sm_") for arch in torch.cuda.get_arch_list() if "sm_" in arch]
    return any(int(arch.rstrip("af")) // 10 == major for arch in built)


def fitting_threads(network: nn.Module | None) -> int:
    """One thread for a small network: others would wait for it more than work."""
    weights = 0 if network is None else sum(p.numel() for p in network.parameters())
    return 1 if weights < _LARGE else max(core_count() // processes().beside, 1)


def prepare_cpu(threads: int, network: nn.Module | None = None) -> None:
    """Set torch's threads and keep freed memory in the process.

    Activations of a few MB are otherwise mapped and unmapped at every step, which halves the speed.

    Args:
        threads: 0 chooses: one, or every core this process may use for a large network.
        network: what will run on the CPU; None for nothing large.
    """
    torch.set_num_threads(threads or fitting_threads(network))
    try:
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    except (OSError, AttributeError):
        log.info("no mallopt in this C library: the allocator stays as it is")
