"""One seed for everything that draws."""

import numpy as np


def seed_everything(seed: int) -> np.random.Generator:
    """Seed torch; return the generator that all our own code draws from."""
    import torch

    torch.manual_seed(seed)
    return np.random.default_rng(seed)
