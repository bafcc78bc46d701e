"""How many cores this process may use, on every system."""

import os


def core_count() -> int:
    """Cores this process may use; where the system cannot tell (macOS), cores of the machine."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
