"""One seed for everything that draws."""

import hashlib

import numpy as np


def seed_everything(seed: int) -> np.random.Generator:
    """Seed torch; return the generator that all our own code draws from."""
    import torch

    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def derived_seed(seed: int, *purpose: str | int) -> int:
    """A seed below 2^63 of a purpose's own, unlike that of any other purpose or seed."""
    name = "/".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
