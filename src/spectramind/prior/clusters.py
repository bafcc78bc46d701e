"""A mixture of Gaussians over shapes of spectra: clusters with heavy tails.

Clusters are found by expectation-maximisation (Dempster, Laird & Rubin 1977), begun by size: a
shape is a few to hundreds of ppm, and that is the first thing to tell. The covariance of one is
drawn towards what shapes of its size have in general,

    (N_k C_k + 10 s_k^2 R) / (N_k + 10),

R the covariance of all shapes over their sizes, s_k^2 the mean square of its members. Who belongs
to which is told by the first principal components, blurred by the best that is ever measured.
Copies with 9 and 81 times the covariance allow for planets that no synthetic one resembles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Factors of the covariance, and the share of planets that each describes.
TAILS = np.array([1.0, 9.0, 81.0])
TAIL_SHARES = np.array([0.8, 0.15, 0.05])
_STRENGTH = 10.0  # how many planets the general covariance counts as
_TOLD_BY = 24  # principal components
_BLUR = 10e-6  # depth; shapes are hardly ever measured better
_TYPICAL = 50e-6  # size up to which larger shapes count more for the components
_LEAST_SIZE = 2e-6
_ROUNDS = 30
_LEAST_MEMBER = 1e-12  # so that no cluster dies
_LEAST_GAIN = 1e-4  # in log likelihood a shape


@dataclass(frozen=True)
class Clusters:
    """Clusters of shapes; C may be 0.

    Attributes:
        share: (C,) share of planets, of all that the prior describes.
        shape: (C, 283) mean shape, in units of depth.
        components: (C, 283, K) principal components times their deviations.
        remainder: (C, 283) variance left over.
    """

    share: Array
    shape: Array
    components: Array
    remainder: Array

    def counting(self, share: float) -> "Clusters":
        """The same clusters for a share of the planets."""
        return Clusters(share * self.share, self.shape, self.components, self.remainder)


def no_clusters(bins: int, components: int) -> Clusters:
    """None at all."""
    return Clusters(
        np.zeros(0), np.zeros((0, bins)), np.zeros((0, bins, components)), np.zeros((0, bins))
    )


def together(a: Clusters, b: Clusters) -> Clusters:
    """Both; they keep as many components."""
    pairs = (
        (a.share, b.share),
        (a.shape, b.shape),
        (a.components, b.components),
        (a.remainder, b.remainder),
    )
    return Clusters(*(np.concatenate(pair) for pair in pairs))


def find_clusters(shapes: Array, count: int, components: int) -> Clusters:
    """Clusters of (n, 283) shapes, with shares that sum to one.

    Args:
        shapes: spectra less their AIRS mean, many more than ``count``.
        count: of clusters.
        components: principal components kept of each.
    """
    mean_square = (shapes**2).mean(axis=1)
    size = np.maximum(np.sqrt(mean_square), _LEAST_SIZE)
    unit = shapes / size[:, None]
    general = unit.T @ unit / len(shapes)
    axes = _telling_axes(shapes / np.sqrt(size * _TYPICAL)[:, None])
    member = _members(shapes @ axes, axes.T @ general @ axes, mean_square, count)
    found = []
    for weight in member.T:
        mean, covariance = _drawn(shapes, weight, general, float(weight @ mean_square))
        values, vectors = np.linalg.eigh(covariance)
        first = vectors[:, -components:] * np.sqrt(np.maximum(values[-components:], 0.0))
        left = np.maximum(np.diag(covariance) - (first**2).sum(axis=1), 0.0)
        found.append((mean, first, left))
    shape, first, left = (np.stack(part) for part in zip(*found, strict=True))
    return Clusters(member.sum(axis=0) / member.sum(), shape, first, left)


def _telling_axes(rows: Array) -> Array:
    """The largest principal axes, (283, D)."""
    axes: Array = np.linalg.eigh(rows.T @ rows)[1][:, -_TOLD_BY:]
    return axes


def _members(told: Array, general: Array, mean_square: Array, count: int) -> Array:
    """How likely each shape belongs to each cluster, (n, count)."""
    rows = len(told)
    member = np.zeros((rows, count))
    member[np.argsort(mean_square, kind="stable"), np.arange(rows) * count // rows] = 1
    blur = _BLUR**2 * np.eye(told.shape[1])
    before = -np.inf
    for _ in range(_ROUNDS):
        log_density = np.empty_like(member)
        for k, weight in enumerate(member.T):
            mean, covariance = _drawn(told, weight, general, float(weight @ mean_square))
            lower = np.linalg.cholesky(covariance + blur)
            off = np.linalg.solve(lower, (told - mean).T)
            log_density[:, k] = np.log(weight.sum()) - 0.5 * (off**2).sum(axis=0)
            log_density[:, k] -= np.log(np.diag(lower)).sum()
        each = np.logaddexp.reduce(log_density, axis=1)
        member = np.maximum(np.exp(log_density - each[:, None]), _LEAST_MEMBER)
        likely = float(each.mean())
        if likely - before < _LEAST_GAIN:
            break
        before = likely
    return member


def _drawn(rows: Array, weight: Array, general: Array, square: float) -> tuple[Array, Array]:
    """Mean and covariance of weighted rows, the latter drawn towards the general one.

    Args:
        rows: (n, D).
        weight: (n,) how likely each belongs to the cluster.
        general: (D, D) covariance of shapes of size one.
        square: sum of the members' mean squares.
    """
    count = weight.sum()
    mean = weight @ rows / count
    off = rows - mean
    scatter = (off.T * weight) @ off
    return mean, (scatter + _STRENGTH * square / count * general) / (count + _STRENGTH)
