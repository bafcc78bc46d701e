"""torch as the library that spectra are computed with: batches on a GPU, without gradients."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.physics.namespace import Namespace

# Spectra at once: a temperature profile holds 4 MB of each, a GPU wants thousands of rows of work.
_TOGETHER = {"cpu": 4, "cuda": 256}


def torch_namespace(device: str | torch.device = "cpu", together: int | None = None) -> Namespace:
    """Single precision on ``device``.

    Args:
        device: of torch.
        together: spectra computed at once; None: as many as suit the device.
    """
    where = torch.device(device)

    def array(values: Any) -> torch.Tensor:
        plain = values if isinstance(values, torch.Tensor) else torch.from_numpy(_writable(values))
        return plain.to(where, torch.float32)

    return Namespace(torch, array, _plain, together or _TOGETHER.get(where.type, 256))


def _plain(values: torch.Tensor) -> NDArray[Any]:
    return np.asarray(values.cpu().numpy())


def _writable(values: Any) -> np.ndarray:
    """torch warns of arrays that it could not write to."""
    return np.array(values)
