"""Planets on the principal axes of a space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Principal components of N points of K quantities.

    Attributes:
        points: (N, A) along the axes, the widest first.
        explained: (A,) share of the variance along each.
        loadings: (A, K) unit vectors, the largest entry of each positive.
    """

    points: Array
    explained: Array
    loadings: Array


def principal_axes(values: Array, axes: int) -> PrincipalAxes:
    """Exact PCA (full singular value decomposition), the same for the same numbers.

    Args:
        values: (N, K) standardised. axes: wanted at most; there are at least two, of zeros where
            the points have no more directions.
    """
    if len(values) < 2:
        return PrincipalAxes(
            np.zeros((len(values), 2)), np.zeros(2), np.zeros((2, values.shape[1]))
        )
    count = min(axes, *values.shape)
    found = PCA(n_components=count, svd_solver="full").fit(values)
    loadings = np.asarray(found.components_, dtype=np.float64)
    largest = loadings[np.arange(count), np.argmax(np.abs(loadings), axis=1)]
    loadings = loadings * np.where(largest < 0, -1.0, 1.0)[:, None]
    points = (values - values.mean(axis=0)) @ loadings.T
    more = max(2 - count, 0)
    return PrincipalAxes(
        np.pad(points, ((0, 0), (0, more))),
        np.pad(np.nan_to_num(found.explained_variance_ratio_), (0, more)),
        np.pad(loadings, ((0, more), (0, 0))),
    )
