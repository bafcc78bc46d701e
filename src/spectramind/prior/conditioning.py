"""Conditioning a mixture of Gaussians over spectra on one measurement, in closed form.

Symbols, of one Gaussian: the spectrum is mean + C a + r with a ~ N(0, 1), r ~ N(0, diag(R)); the
measurement adds M b + e with b ~ N(0, 1), e ~ N(0, diag(D)). With V = D + R and A = [M, C] the
coefficients z = (b, a) have, given what was measured (off = depth - mean), the covariance K^-1 and
the mean K^-1 A^T V^-1 off, K = 1 + A^T V^-1 A (Woodbury's identity), and the spectrum is

    mean + (R / V) off + B z + what is left of r,    B = [-(R / V) M, (D / V) C],

with variance R D / V + diag(B K^-1 B^T): a sum of squares, so nothing cancels. With K = L L^T and
H = B L^-T every Gaussian costs two products of (283, p) matrices, and numpy does them for all at
once.

Two things save most of the time and change no result by more than a part in 10^9. A transit fit
states its errors by dozens of modes of which a handful can be told from none beside the independent
noise. And most Gaussians of a mixture are ruled out by their evidence, which takes half the work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.special import logsumexp

from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import FGS1_BIN

Array = NDArray[np.float64]
# Variance of a mode's coefficient, in units of what the bins' independent noise leaves of it.
_NOTICEABLE = 1e-9
_NEGLIGIBLE = 1e-9  # share of a Gaussian in the answer


@dataclass(frozen=True)
class Gaussians:
    """A mixture over spectra, and hazes that some planets of each of its Gaussians have.

    Attributes:
        log_weight: (G,) logarithm of the shares.
        mean: (G, 283)
        components: (G, 283, K) columns C.
        remainder: (G, 283) independent variance R.
        haze_share: share of planets with an FGS1 depth of their own.
        haze_depth: standard deviation of what haze adds to it.
    """

    log_weight: Array
    mean: Array
    components: Array
    remainder: Array
    haze_share: float
    haze_depth: float


@dataclass(frozen=True)
class SpectrumMoments:
    """Mean and variance of a spectrum, (283,) each, and the log evidence."""

    mean: Array
    variance: Array
    evidence: float


def condensed(measured: Measurement) -> Measurement:
    """The same measurement with as few modes as tell its covariance (to a part in 10^9)."""
    root = measured.modes / np.sqrt(measured.variance)[:, None]
    size, turn = np.linalg.eigh(root.T @ root)
    return Measurement(
        measured.depth, measured.variance, measured.modes @ turn[:, size > _NOTICEABLE]
    )


def condition(measured: Measurement, prior: Gaussians) -> SpectrumMoments:
    """Moments of the spectrum given its measurement."""
    found = _Solved(measured, prior)
    haze = _Haze(found, prior.haze_share, prior.haze_depth)
    share, total = _shares(found, haze)
    kept = np.flatnonzero(share.any(axis=0))
    share = share[:, kept]
    mean, variance, effect = found.moments(kept)
    step, widening = haze.shift[kept, None] * effect, haze.gain[kept, None] * effect**2
    parts = [(mean, variance), (mean + step, variance + widening)]
    answer = sum(w @ m for w, (m, _) in zip(share, parts, strict=True))
    spread = sum(w @ (v + (m - answer) ** 2) for w, (m, v) in zip(share, parts, strict=True))
    return SpectrumMoments(answer, spread, total)


def covariance(measured: Measurement, prior: Gaussians) -> Array:
    """Covariance of the spectrum given its measurement, (283, 283); its diagonal is the variance of
    ``condition``: of each Gaussian R D / V + H H^T, of haze its widening, and how means differ.
    """
    found = _Solved(measured, prior)
    haze = _Haze(found, prior.haze_share, prior.haze_depth)
    share, _ = _shares(found, haze)
    kept = np.flatnonzero(share.any(axis=0))
    share = share[:, kept]
    mean, effect, h, independent = found.spread(kept)
    step = haze.shift[kept, None] * effect
    answer = share[0] @ mean + share[1] @ (mean + step)
    weight = np.sqrt(share.sum(axis=0))
    # Every term is a sum over Gaussians of weighted outer products: one product of tall matrices.
    columns = [
        (weight[:, None, None] * h).transpose(1, 0, 2).reshape(mean.shape[1], -1),
        (np.sqrt(share[1] * haze.gain[kept])[:, None] * effect).T,
        (np.sqrt(share[0])[:, None] * (mean - answer)).T,
        (np.sqrt(share[1])[:, None] * (mean + step - answer)).T,
    ]
    tall = np.concatenate(columns, axis=1)
    return tall @ tall.T + np.diag(share.sum(axis=0) @ independent)


def responsibilities(measured: Measurement, prior: Gaussians) -> Array:
    """How likely each Gaussian made the measurement, without and with haze, (2, G); sums to 1.

    Those of Gaussians that do not count in the answer are 0.
    """
    found = _Solved(measured, prior)
    return _shares(found, _Haze(found, prior.haze_share, prior.haze_depth))[0]


def _shares(found: "_Solved", haze: "_Haze") -> tuple[Array, float]:
    """Shares in the answer without and with haze (2, G), 0 where negligible, and log evidence."""
    evidence = found.evidence()
    both = np.stack([evidence + np.log1p(-haze.share), haze.evidence(evidence)])
    log_share = found.prior.log_weight + both
    total = float(logsumexp(log_share))
    share = np.exp(log_share - total)
    share[:, share.sum(axis=0) <= _NEGLIGIBLE] = 0
    return share / share.sum(), total


class _Solved:
    """Every Gaussian's coefficients z given the measurement; see the module for the symbols.

    Attributes:
        pull, precision: (G,) FGS1's element of S^-1 off and of the diagonal of S^-1, with S the
            covariance of the depths, V + A A^T.
    """

    def __init__(self, measured: Measurement, prior: Gaussians) -> None:
        self.measured, self.prior = measured, prior
        total = measured.variance + prior.remainder
        modes = measured.modes.shape[1]
        a = np.empty((*prior.mean.shape, modes + prior.components.shape[2]))
        a[..., :modes], a[..., modes:] = measured.modes, prior.components
        first = a[:, FGS1_BIN].copy()
        root = np.sqrt(total)
        a /= root[..., None]
        k = a.transpose(0, 2, 1) @ a
        k += np.eye(k.shape[1])
        lower = np.linalg.cholesky(k)
        off = measured.depth - prior.mean
        off_root = off / root
        inverse = _triangular_inverses(lower)
        y = _times(inverse, np.einsum("gnp,gn->gp", a, off_root, optimize=True))
        y_first = _times(inverse, first)
        self.total, self.off, self.inverse = total, off, inverse
        self.y, self.y_first = y, y_first / total[:, FGS1_BIN, None]
        self.pull = (off[:, FGS1_BIN] - (y_first * y).sum(axis=1)) / total[:, FGS1_BIN]
        self.precision = (1 - (y_first * self.y_first).sum(axis=1)) / total[:, FGS1_BIN]
        diagonal = np.diagonal(lower, axis1=1, axis2=2)
        self._misfit = (off_root**2).sum(axis=1) - (y**2).sum(axis=1)
        self._log_determinant = np.log(total).sum(axis=1) + 2 * np.log(diagonal).sum(axis=1)

    def evidence(self) -> Array:
        """Log density of the depths in each Gaussian, up to a constant, (G,)."""
        evidence: Array = -0.5 * (self._misfit + self._log_determinant)
        return evidence

    def moments(self, kept: NDArray[np.intp]) -> tuple[Array, Array, Array]:
        """Mean and variance of the spectrum without haze, and FGS1's column of N S^-1, N the
        covariance of the errors; of the Gaussians asked for, (n, 283) each.
        """
        mean, effect, h, independent = self.spread(kept)
        return mean, independent + np.einsum("gnp,gnp->gn", h, h), effect

    def spread(self, kept: NDArray[np.intp]) -> tuple[Array, Array, Array, Array]:
        """Mean, FGS1's column of N S^-1, H (n, 283, p) and R D / V: the covariance without haze is
        H H^T + diag(R D / V).
        """
        noise, remainder = self.measured.variance, self.prior.remainder[kept]
        of_noise = noise / self.total[kept]
        of_rest = remainder / self.total[kept]
        modes = self.measured.modes.shape[1]
        b = np.empty((*of_noise.shape, self.inverse.shape[1]))
        b[..., :modes] = -of_rest[..., None] * self.measured.modes
        b[..., modes:] = of_noise[..., None] * self.prior.components[kept]
        h = b @ self.inverse[kept].transpose(0, 2, 1)
        told = h @ np.stack([self.y[kept], self.y_first[kept]], axis=2)
        mean = self.prior.mean[kept] + of_rest * self.off[kept] + told[..., 0]
        effect = -told[..., 1]
        effect[:, FGS1_BIN] += of_noise[:, FGS1_BIN]
        return mean, effect, h, of_rest * noise


class _Haze:
    """What changes when FGS1's prior variance is larger by a haze's squared (Sherman-Morrison).

    Attributes:
        share: of hazy planets.
        gain, shift: (G,) factors of effect^2 in the variance, and of effect in the mean.
    """

    def __init__(self, found: _Solved, share: float, depth: float) -> None:
        self.share = share
        self._log_widening = np.log1p(depth**2 * found.precision)
        self.gain = depth**2 / (1 + depth**2 * found.precision)
        self.shift = self.gain * found.pull
        self._better_by = self.gain * found.pull**2

    def evidence(self, without: Array) -> Array:
        """Log evidence with haze, its share included; minus infinity where the share is 0."""
        if self.share == 0:
            return np.full_like(without, -np.inf)
        evidence: Array = without + 0.5 * (self._better_by - self._log_widening)
        return evidence + np.log(self.share)


def _triangular_inverses(lower: Array) -> Array:
    """Inverses of (G, p, p) lower triangles."""
    return np.stack([lapack.dtrtri(each, lower=1)[0] for each in lower])


def _times(matrices: Array, vectors: Array) -> Array:
    """(G, p, p) times (G, p)."""
    product: Array = (matrices @ vectors[..., None])[..., 0]
    return product


def blended(parts: Sequence[SpectrumMoments], share: Array) -> tuple[Array, Array]:
    """Mean and variance of parts of known shares."""
    mean: Array = share @ [part.mean for part in parts]
    variance: Array = share @ [part.variance + (part.mean - mean) ** 2 for part in parts]
    return mean, variance
