"""The array library that a batch of spectra is computed with: NumPy, or torch handed in from above.

Rooms down here load no torch. What they need of it has the names and positions of NumPy's own
functions; only making an array differs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Namespace:
    """A library and how constants get into it.

    Attributes:
        xp: the module (``numpy`` or ``torch``).
        array: a NumPy array or plain numbers -> an array of the precision, and on the device,
            that are computed with.
        plain: its arrays -> NumPy's, of the same precision.
        together: how many spectra fit the fast memory at once.
    """

    xp: Any
    array: Callable[[Any], Any]
    plain: Callable[[Any], NDArray[Any]]
    together: int


def numpy_namespace(precision: Any = np.float64) -> Namespace:
    """NumPy's; one spectrum after the other stays in the processor's cache."""
    return Namespace(np, lambda values: np.asarray(values, dtype=precision), np.asarray, 1)
