"""The state of every random generator that a training draws from."""

from typing import Any

import numpy as np
import torch

# Python's own ``random`` is not among them: nothing in the package draws from it.


def random_states(rng: np.random.Generator, device: torch.device) -> dict[str, Any]:
    """States of ``rng`` (order, redraws) and of torch (dropout), on every GPU if one trains."""
    return {
        "numpy": rng.bit_generator.state,
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if device.type == "cuda" else [],
    }


def restore_random_states(
    state: dict[str, Any], rng: np.random.Generator, device: torch.device
) -> None:
    """Put back what ``random_states`` gave.

    Raises:
        ValueError: it comes from another number of GPUs, so the run would go on differently.
    """
    here = torch.cuda.device_count() if device.type == "cuda" else 0
    if len(state["cuda"]) != here:
        raise ValueError(f"it was made on {len(state['cuda'])} GPUs, this run sees {here}")
    rng.bit_generator.state = state["numpy"]
    torch.set_rng_state(state["torch"])
    if here:
        torch.cuda.set_rng_state_all(state["cuda"])
