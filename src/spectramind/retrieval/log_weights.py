"""Weights of samples as logarithms: how many count, and draws by them."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Array = NDArray[np.float64]


def effective(log_weight: Array) -> float:
    """Kish's effective number of samples; 0 where no weight is there."""
    total = logsumexp(log_weight)
    if not np.isfinite(total):
        return 0.0
    return float(np.exp(2 * total - logsumexp(2 * log_weight)))


def systematic(weight: Array, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Rows drawn by their weights, (count,), with the least scatter of how often each comes."""
    at = (np.arange(count) + rng.random()) / count
    total = np.cumsum(weight)
    return np.minimum(np.searchsorted(total / total[-1], at), len(weight) - 1)
