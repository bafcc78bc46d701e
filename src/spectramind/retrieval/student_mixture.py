"""A mixture of Student's t fitted to weighted samples: a proposal that learns from its mistakes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

Array = NDArray[np.float64]
_FREEDOM = 8.0  # tails heavier than a posterior's keep weights bounded
_ITERATIONS = 25
_FLOOR = 1e-3  # of the covariance of all samples, added to each part's


@dataclass(frozen=True)
class StudentMixture:
    """K parts in P dimensions.

    Attributes:
        share: (K,). centre: (K, P). root: (K, P, P) lower Cholesky factor of the scale matrix.
    """

    share: Array
    centre: Array
    root: Array

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """(count, P)."""
        part = rng.choice(len(self.share), count, p=self.share)
        normal = rng.standard_normal((count, self.centre.shape[1]))
        stretch = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, count))
        return np.asarray(
            self.centre[part] + stretch[:, None] * np.einsum("nij,nj->ni", self.root[part], normal)
        )

    def log_density(self, points: Array) -> Array:
        """(B,)."""
        return np.asarray(logsumexp(self._parts(points), axis=1))

    def _parts(self, points: Array) -> Array:
        size = points.shape[1]
        distance = _distances(points, self.centre, self.root)
        log_volume = np.log(np.diagonal(self.root, axis1=1, axis2=2)).sum(1)
        constant = gammaln((_FREEDOM + size) / 2) - gammaln(_FREEDOM / 2)
        constant -= size / 2 * np.log(_FREEDOM * np.pi)
        fall = (_FREEDOM + size) / 2 * np.log1p(distance / _FREEDOM)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.share) + constant - log_volume - fall)


def fit_mixture(
    points: Array, weight: Array, parts: int, rng: np.random.Generator
) -> StudentMixture:
    """Fit by expectation and maximisation, as if the parts were normal.

    Args:
        points: (n, P). weight: (n,), sums to 1. parts: at most so many.
    """
    mean = weight @ points
    whole = (points - mean).T @ ((points - mean) * weight[:, None])
    whole += 1e-9 * np.eye(len(mean))
    parts = max(1, min(parts, int(1 / (weight**2).sum() / (2 * len(mean)))))
    centre = points[rng.choice(len(points), parts, p=weight)]
    cover = np.repeat(whole[None] / parts ** (2 / len(mean)), parts, axis=0)
    share = np.full(parts, 1 / parts)
    root = np.linalg.cholesky(cover)
    for _ in range(_ITERATIONS if parts > 1 else 1):
        log_volume = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
        score = np.log(share) - log_volume - _distances(points, centre, root) / 2
        owned = np.exp(score - logsumexp(score, axis=1, keepdims=True)) * weight[:, None]
        share = np.maximum(owned.sum(0), 1e-6)
        centre = (owned.T @ points) / share[:, None]
        off = points[:, None, :] - centre
        cover = np.einsum("nk,nki,nkj->kij", owned, off, off) / share[:, None, None]
        # A part that owns few samples knows little of its shape: it leans on all samples'.
        lean = 2.0 * len(mean) / len(points)
        cover = (cover * share[:, None, None] + lean * whole * share[:, None, None].max()) / (
            share[:, None, None] + lean * share.max()
        )
        root = np.linalg.cholesky(cover + _FLOOR * np.diag(np.diag(whole)))
        share = share / share.sum()
    return StudentMixture(share, centre, root)


def _distances(points: Array, centre: Array, root: Array) -> Array:
    """Squared distances from each part, (n, K)."""
    off = (points[:, None, :] - centre).transpose(1, 2, 0)
    return np.asarray((np.linalg.solve(root, off) ** 2).sum(1).T)
