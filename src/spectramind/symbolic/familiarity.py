"""How far a spectrum lies from a population of known ones: an alarm for what was never learnt."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from spectramind.errors import SchemaError
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN

Array = NDArray[np.float64]
_SMALLEST_DEPTH = 1e-9
# Spectra a feature that are asked for: a covariance of fewer says little of the next spectrum.
_SPECTRA_A_FEATURE = 3
_OTHER_FEATURES = 4
_PARTS = 10
_MOST_FREEDOM = 100.0
_RIDGE = 1e-6  # of the mean variance, for populations without spread along a feature


@dataclass(frozen=True, eq=False)
class FamiliarSpectra:
    """Mahalanobis distance to a population of spectra, with the chance of one as large.

    A spectrum is a level (its AIRS mean) and a shape (what its bins have above it), whose size is
    sqrt(rms^2 + floor^2): bands of hot and of cloudy planets differ a hundredfold, their form does
    not. k = modes + 4 features f tell it: ln level, ln size, asinh(FGS1 above the level / size),
    and of the shape of size one its rms along each principal component of the population and the
    rms of what these leave. With mean m and covariance S of the population,
    d^2 = (f - m)^T S^-1 (f - m). Its tails are heavier than a Gaussian's: that d^2 / (k scale)
    follows F(k, freedom), as Student's t in k dimensions has it, is fitted to the distances of
    spectra that were held out, in ten parts. With fewer spectra than 1 / chance that tail is an
    extrapolation: of 1,000 more planets of the kind of 200, 9 had a chance below 0.001.

    Attributes:
        components: (modes, 282), orthonormal.
        mean: (k,); precision: (k, k), the inverse covariance.
        floor: shapes smaller than it, (Rp/Rs)^2, count as flat.
        scale, freedom: of the distances.
    """

    components: Array
    mean: Array
    precision: Array
    floor: float
    scale: float = 1.0
    freedom: float = _MOST_FREEDOM

    @classmethod
    def of(cls, spectra: Array, modes: int, floor: float) -> Self:
        """Learn the population from its spectra (n, 283), (Rp/Rs)^2.

        Raises:
            SchemaError: too few spectra for so many modes.
        """
        k = modes + _OTHER_FEATURES
        least = _SPECTRA_A_FEATURE * k
        if len(spectra) < least:
            raise SchemaError(
                f"{len(spectra)} known spectra cannot tell a stranger by {modes} modes: {least} "
                "are needed (audit.strangers.modes=1 takes 15; audit.strangers.reference="
                "atmospheres needs none)"
            )
        part = np.random.default_rng(0).permutation(len(spectra)) % _PARTS
        held_out = np.concatenate(
            [
                cls._moments(spectra[part != p], modes, floor).distance(spectra[part == p])
                for p in range(_PARTS)
            ]
        )
        scale, freedom = _tail(np.square(held_out) / k, k)
        return replace(cls._moments(spectra, modes, floor), scale=scale, freedom=freedom)

    @classmethod
    def _moments(cls, spectra: Array, modes: int, floor: float) -> Self:
        shapes = _shapes(spectra)
        shapes /= _size(shapes, floor)
        components = np.linalg.svd(shapes - shapes.mean(axis=0), full_matrices=False)[2][:modes]
        found = _features(spectra, components, floor)
        covariance = np.cov(found.T)
        covariance += _RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        precision = np.asarray(np.linalg.inv(covariance), dtype=np.float64)
        return cls(components, found.mean(axis=0), precision, floor)

    def distance(self, spectra: Array) -> Array:
        """d of each spectrum, (n, 283) -> (n,)."""
        away = _features(spectra, self.components, self.floor) - self.mean
        return np.sqrt(np.einsum("ni,ij,nj->n", away, self.precision, away))

    def chance(self, distance: Array) -> Array:
        """Chance that one more of the population lies as far, (n,) -> (n,)."""
        k = len(self.mean)
        return np.asarray(stats.f.sf(np.square(distance) / (k * self.scale), k, self.freedom))


def _tail(ratios: Array, k: int) -> tuple[float, float]:
    """Scale and freedom of ratios that follow scale F(k, freedom): the likeliest, freedom between
    2 and 100.
    """

    def unlikely(at: Array) -> float:
        scale, freedom = np.exp(at)
        return -float(stats.f.logpdf(ratios / scale, k, freedom).sum() - len(ratios) * at[0])

    start = np.log([np.median(ratios), 10.0])
    bounds = [(start[0] - 5, start[0] + 5), (np.log(2.0), np.log(_MOST_FREEDOM))]
    found = optimize.minimize(unlikely, start, bounds=bounds, method="Nelder-Mead")
    scale, freedom = np.exp(found.x)
    return float(scale), float(freedom)


def _shapes(spectra: Array) -> Array:
    airs = spectra[:, AIRS_BINS]
    return airs - airs.mean(axis=1, keepdims=True)


def _size(shapes: Array, floor: float) -> Array:
    """(n, 282) -> (n, 1)."""
    return np.sqrt(np.square(shapes).mean(axis=1, keepdims=True) + floor**2)


def _features(spectra: Array, components: Array, floor: float) -> Array:
    """(n, 283) -> (n, modes + 4)."""
    level, shapes = spectra[:, AIRS_BINS].mean(axis=1, keepdims=True), _shapes(spectra)
    size = _size(shapes, floor)
    shapes = shapes / size
    scores = shapes @ components.T
    left = np.sqrt(np.square(shapes - scores @ components).mean(axis=1, keepdims=True))
    above = np.arcsinh((spectra[:, [FGS1_BIN]] - level) / size)
    logs = [np.log(np.maximum(level, _SMALLEST_DEPTH)), np.log(size)]
    return np.hstack([*logs, above, scores / np.sqrt(shapes.shape[1]), left])
