"""What the response does beyond the ordinary drift: functions of time times functions of bin.

Units: relative. Place in the chain: with the drift, multiplies the star's light before the flat:

    1 + f(t) g(lambda) + sum_k course_k(t) loading_k(lambda),

the first two terms being response_drift's. Terms are small: their products are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from spectramind.instrument.grid import N_BINS
from spectramind.simulation.telescope.slow_course import at

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ResponseTerm:
    """One cause: its name, its course (knots,) and how strongly each bin has it, (283,)."""

    name: str
    course: Array
    loading: Array


@dataclass(frozen=True)
class Response:
    """One visit's.

    Attributes:
        knots_h: (knots,) times at which courses are given, see slow_course [h].
        terms: none where everything is as the fit expects.
    """

    knots_h: Array
    terms: Sequence[ResponseTerm]

    def added(self, time_h: Array, bins: slice) -> Array:
        """What the terms add to the drift's factor, (bins, T)."""
        return self._loadings[:, bins].T @ at(time_h, self.knots_h, self._courses)

    @property
    def _courses(self) -> Array:
        return np.array([t.course for t in self.terms]).reshape(-1, len(self.knots_h))

    @property
    def _loadings(self) -> Array:
        return np.array([t.loading for t in self.terms]).reshape(-1, N_BINS)

    def describe(self) -> dict[str, ArrayLike]:
        """What was drawn, by name; enough to know the factor at any time."""
        return {
            "response_name": np.array([t.name for t in self.terms], dtype=np.str_),
            "response_time_h": self.knots_h,
            "response_course": self._courses,
            "response_loading": self._loadings,
        }
