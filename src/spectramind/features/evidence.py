"""Averaging over what was tried, by its evidence (Bayesian model averaging)."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def posterior_shares(log_evidence: Array, share: Array) -> Array:
    """Posterior shares (N,) from log evidences (N,) and the shares beforehand (N,)."""
    weight = share * np.exp(log_evidence - log_evidence.max())
    return np.asarray(weight / weight.sum())
