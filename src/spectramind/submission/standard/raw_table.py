"""A table as its file tells it: columns by name, their units, and what is said of the whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class RawTable:
    """A row a planet and bin.

    Attributes:
        columns: by name as in the file, (rows,) each.
        units: by name; those without one are missing.
        about: what the file says of itself.
        covariance: (n, 283, 283) of n planets in the order of the rows, where the file has one.
    """

    columns: Mapping[str, NDArray[np.generic]]
    units: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    covariance: NDArray[np.float64] | None = None
