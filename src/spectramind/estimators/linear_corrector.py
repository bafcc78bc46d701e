"""Ridge regression from a few numbers of a planet to the physics estimate's errors.

What a network that corrects the same estimate must beat. It corrects what physics is least sure of:
FGS1's depth, and level and slope of AIRS, each in its own sigmas. The errors it learns from are
those of physics estimates that had not seen the planet (five folds); how strongly the weights are
drawn to zero, leaving one planet out says (Allen 1974, Technometrics 16, 125); where no strength
beats no correction there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.prior.prior_fit import MIN_PLANETS
from spectramind.prior.spectral_prior import Posterior

Array = NDArray[np.float64]
_FOLDS = 5
_STRENGTHS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
_LIMIT = 4.0  # sigmas: what is further away pulls no harder
_SLOPE = np.linspace(-1, 1, N_BINS - 1)


@dataclass(frozen=True, eq=False)
class _Ridge:
    """Standardised features times weights, (1 + F, 3): what is to be added, in sigmas."""

    centre: Array
    scale: Array
    weights: Array

    @classmethod
    def of(cls, features: Array, errors: Array) -> "_Ridge":
        centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-12)
        blank = cls(centre, scale, np.zeros((features.shape[1] + 1, errors.shape[1])))
        design = blank.design(features)
        each = [_weights(design, np.clip(error, -_LIMIT, _LIMIT)) for error in errors.T]
        return replace(blank, weights=np.stack(each, axis=1))

    def design(self, features: Array) -> Array:
        scaled = np.clip((features - self.centre) / self.scale, -_LIMIT, _LIMIT)
        return np.column_stack([np.ones(len(scaled)), scaled])


@dataclass(frozen=True, eq=False)
class LinearCorrector:
    """The physics estimate with a linear correction of its mean.

    Attributes:
        physics: what is corrected.
        ridge: None before ``fit``.
    """

    physics: PhysicsEstimate
    ridge: _Ridge | None = None
    name: str = "linear"

    def fit(self, fold: LabelledPlanets, stop: LabelledPlanets) -> Self:
        """Learn both; there is nothing to stop.

        Raises:
            ConfigError: the prior needs labels, and there are fewer than three.
        """
        features, errors = [], []
        which = np.arange(len(fold)) % _FOLDS
        for part in range(_FOLDS):
            others, held = np.flatnonzero(which != part), np.flatnonzero(which == part)
            if len(others) < MIN_PLANETS or not len(held):
                continue
            learnt = self.physics.fit(_some(fold, others), stop)
            planets = [fold.planets[i] for i in held]
            found = learnt.posteriors(planets)
            features += [_features(*each) for each in zip(planets, found, strict=True)]
            errors += [_errors(p, y) for p, y in zip(found, fold.truth[held], strict=True)]
        ridge = _Ridge.of(np.array(features), np.array(errors)) if features else None
        return replace(self, physics=self.physics.fit(fold, stop), ridge=ridge)

    def predict(self, planets: Sequence[Planet]) -> Predictive:
        """Moments; sigma is the physics estimate's."""
        found = self.physics.posteriors(planets)
        mean = np.stack([posterior.mean for posterior in found])
        if self.ridge is not None:
            features = np.array([_features(*each) for each in zip(planets, found, strict=True)])
            added = self.ridge.design(features) @ self.ridge.weights
            mean += [_shift(*each) for each in zip(found, added, strict=True)]
        ids = tuple(planet.planet_id for planet in planets)
        sigma = np.stack([posterior.sigma for posterior in found])
        return Predictive(Spectra(ids, np.maximum(mean, 0.0), sigma))


def _some(fold: LabelledPlanets, rows: NDArray[np.intp]) -> LabelledPlanets:
    return LabelledPlanets(tuple(fold.planets[i] for i in rows), fold.truth[rows])


def _features(planet: Planet, posterior: Posterior) -> Array:
    """What may tell the error, (11,)."""
    mean, sigma = posterior.mean, posterior.sigma
    level = mean[AIRS_BINS].mean()
    measured = np.average(
        posterior.depth[AIRS_BINS], weights=posterior.depth_sigma[AIRS_BINS] ** -2
    )
    quiet = len(planet.white) == 0
    residual = np.zeros((1, 2)) if quiet else planet.white - planet.model
    inside = residual if quiet else residual[planet.model[:, 1] < 1]
    noise = np.maximum(residual.std(axis=0), 1e-9)
    return np.array(
        [
            np.log(level),
            (mean[FGS1_BIN] - level) / level,
            np.polyfit(_SLOPE, mean[AIRS_BINS], 1)[0] / level,
            np.log(mean[AIRS_BINS].std() / level),
            *np.log([sigma[FGS1_BIN] / level, sigma[AIRS_BINS].mean() / level]),
            (posterior.depth[FGS1_BIN] - mean[FGS1_BIN]) / posterior.depth_sigma[FGS1_BIN],
            (measured - level) / sigma[AIRS_BINS].mean(),
            *np.log(noise),
            np.log((inside.std(axis=0) + 1e-9) / noise).mean() if len(inside) else 0.0,
        ]
    )


def _errors(posterior: Posterior, truth: Array) -> Array:
    """Errors of FGS1, of level and slope of AIRS, in sigmas, (3,)."""
    error = (truth - posterior.mean)[AIRS_BINS]
    slope = np.polyfit(_SLOPE, error, 1)[0]
    unit = posterior.sigma[AIRS_BINS].mean()
    fgs1 = (truth - posterior.mean)[FGS1_BIN] / posterior.sigma[FGS1_BIN]
    return np.array([fgs1, error.mean() / unit, slope / unit])


def _shift(posterior: Posterior, added: Array) -> Array:
    """A correction in sigmas as one of depths, (283,)."""
    shift = np.empty(N_BINS)
    shift[FGS1_BIN] = added[0] * posterior.sigma[FGS1_BIN]
    shift[AIRS_BINS] = posterior.sigma[AIRS_BINS].mean() * (added[1] + added[2] * _SLOPE)
    return shift


def _weights(design: Array, error: Array) -> Array:
    """Ridge weights of the strength whose predictions of a planet left out are best."""
    best, least = np.zeros(design.shape[1]), float((error**2).mean())
    for strength in _STRENGTHS:
        inverse = np.linalg.inv(design.T @ design + strength * np.eye(design.shape[1]))
        weights = inverse @ design.T @ error
        leverage = np.einsum("ni,ij,nj->n", design, inverse, design)
        missed = float((((error - design @ weights) / (1 - leverage)) ** 2).mean())
        if missed < least:
            best, least = weights, missed
    return best
