"""The learning rate's course over the optimizer's steps."""

import math


def cosine(step: int, warmup: int, steps: int) -> float:
    """Learning-rate factor: linear warm-up, then half a cosine down to zero at ``steps``."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    progress = (step - warmup) / max(steps - warmup, 1)
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
