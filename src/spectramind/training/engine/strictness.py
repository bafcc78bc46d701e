"""Switches of torch that a training runs under, and that are put back after it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from spectramind.errors import SpectraMindError

_NOT_FINITE = "returned nan values in its"


@contextmanager
def strictness(deterministic: bool, detect_anomaly: bool) -> Iterator[None]:
    """Deterministic algorithms, and a name for the operation whose gradient is not finite.

    On a GPU some operations have no deterministic form (sums along an axis): torch warns of each.

    Raises:
        SpectraMindError: with ``detect_anomaly``, a gradient was not a number.
    """
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with torch.autograd.set_detect_anomaly(detect_anomaly or torch.is_anomaly_enabled()):
            yield
    except RuntimeError as error:
        if detect_anomaly and _NOT_FINITE in str(error):
            raise SpectraMindError(
                f"training met a gradient that is not a number ({error}): lower train.lr or "
                "train.grad_clip, or report the operation's trace in the log"
            ) from error
        raise
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
