"""A cheap stand-in for a target, corrected where exact predictions were computed.

What the exact prediction has more than the rough one is fitted by a parabola in the coordinates,
with a ridge so that few points cannot bend it: the rough model is off by little, and smoothly.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.retrieval.sampler import Target

Array = NDArray[np.float64]
_FURTHEST = 3.0  # deviations of the points learnt from; a parabola says nothing beyond
_RIDGE = 3.0


class LocalSurrogate:
    """ln of prior and likelihood, roughly.

    Args:
        rough: a target whose predictions are cheap. points, off: (n, P) and (n, N), how far exact
            predictions were from rough ones.
    """

    def __init__(
        self, rough: Target, points: Array | None = None, off: Array | None = None
    ) -> None:
        self._rough = rough
        self._upper = np.triu_indices(rough.dimensions)
        self._points: Array = np.zeros((0, rough.dimensions)) if points is None else points
        self._off: Array = np.zeros((0, 0)) if off is None else off
        self._parabola: Any = None
        if len(self._points) < 2:
            return
        self._centre, self._width = self._points.mean(0), np.asarray(self._points.std(0) + 1e-6)
        terms = self._terms(self._points)
        inner = terms.T @ terms + _RIDGE * np.eye(terms.shape[1])
        self._parabola = np.linalg.solve(inner, terms.T @ self._off)

    def log_joint(self, points: Array) -> Array:
        """ln of prior times likelihood, (B,); -inf where there can be no such atmosphere."""
        found = self._rough.log_prior(points)
        inside = np.isfinite(found)
        if inside.any():
            predicted = self._rough.predict(points[inside])
            if self._parabola is not None:
                predicted = predicted + self._terms(points[inside]) @ self._parabola
            found[inside] += self._rough.log_of(predicted)
        return found

    def taught(self, points: Array, exact: Array) -> "LocalSurrogate":
        """Corrected by exact predictions, (B, N), of (B, P) points, and by all before."""
        off = exact - self._rough.predict(points)
        good = np.isfinite(off).all(1)
        return LocalSurrogate(
            self._rough,
            np.concatenate([self._points, points[good]]),
            np.concatenate([self._off.reshape(-1, exact.shape[1]), off[good]]),
        )

    def _terms(self, points: Array) -> Array:
        one = np.clip((points - self._centre) / self._width, -_FURTHEST, _FURTHEST)
        first, second = self._upper
        products = (one[:, first] * one[:, second] - (first == second)) / 2
        return np.concatenate([np.ones((len(one), 1)), one, products], axis=1)
