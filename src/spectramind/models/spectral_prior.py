"""Gaussian-mixture prior over spectra: depths in, posterior out, in closed form.

A spectrum is a level times ones plus a shape (its difference from the AIRS mean). Clouds make the
size of a shape anything from a few to hundreds of ppm, so it is a scale mixture: a size among a few
with learnt shares, times a Gaussian with a mean and a covariance "principal components +
independent remainder" (probabilistic PCA, Tipping & Bishop 1999). The posterior is a mixture too;
its mean and standard deviation are handed on. All covariances are "diagonal + low rank", and so is
the algebra.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.models.error_model import ErrorModel, Visits
from spectramind.models.measurement import Measurement, inverse

Array = NDArray[np.float64]
# A remainder below 2 ppm would claim to know more than any spectrum model does.
MIN_REMAINDER = 2e-6


@dataclass(frozen=True)
class Posterior:
    """Spectrum of one planet.

    Attributes:
        mean, sigma: (283,) posterior mean and standard deviation.
        depth, depth_sigma: (283,) the (combined) measurement it came from.
    """

    mean: Array
    sigma: Array
    depth: Array
    depth_sigma: Array


@dataclass(frozen=True)
class SpectralPrior:
    """A fitted prior.

    Attributes:
        level, level_sigma: the AIRS mean depth over planets, and how well it is known beforehand.
        size, weight: (G,) root mean square of shapes, and the share of planets that have it.
        shape: (283,) mean shape of size one.
        components: (283, K) principal components of shapes of size one, times their deviations.
        remainder: (283,) variance left over, of shapes of size one.
        errors: what is made of a measurement's stated covariance.
    """

    level: float
    level_sigma: float
    size: Array
    weight: Array
    shape: Array
    components: Array
    remainder: Array
    errors: ErrorModel

    def of_size(self, size: float) -> tuple[Array, Array, Array]:
        """Mean, components (the level's first) and independent variance of planets of a size."""
        spread = np.full(len(self.shape), self.level_sigma)
        components = np.column_stack([spread, size * self.components])
        remainder = size**2 * self.remainder + MIN_REMAINDER**2
        return self.level + size * self.shape, components, remainder

    def posterior(self, visits: Visits) -> Posterior:
        """Condition the prior on the visits of one planet."""
        one = self.errors.combined(visits)
        parts = [_condition(one, *self.of_size(size)) for size in self.size.tolist()]
        log_weight = np.log(self.weight) + [evidence for *_, evidence in parts]
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        mean = weight @ [part[0] for part in parts]
        within = weight @ [part[1] for part in parts]
        between = weight @ [(part[0] - mean) ** 2 for part in parts]
        return Posterior(
            mean=mean,
            sigma=np.sqrt(np.maximum(within + between, 1e-14)),
            depth=one.depth,
            depth_sigma=np.sqrt(one.total_variance),
        )

    def state(self) -> dict[str, Array]:
        """Plain arrays, for a checkpoint."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "errors"}
        factors = {f"errors_{f.name}": getattr(self.errors, f.name) for f in fields(self.errors)}
        return {
            name: np.asarray(value, dtype=np.float64) for name, value in (own | factors).items()
        }

    @classmethod
    def from_state(cls, state: dict[str, Array]) -> "SpectralPrior":
        """The prior back from its arrays.

        Raises:
            KeyError: an array is missing.
        """
        factors = {f.name: state[f"errors_{f.name}"] for f in fields(ErrorModel)}
        own = {f.name: state[f.name] for f in fields(cls) if f.name != "errors"}
        errors = ErrorModel(**_scalars(factors))
        return cls(**_scalars(own), errors=errors)


def _scalars(state: dict[str, Array]) -> dict[str, Any]:
    return {name: value if np.ndim(value) else float(value) for name, value in state.items()}


def _condition(
    measured: Measurement, mean: Array, components: Array, remainder: Array
) -> tuple[Array, Array, float]:
    """Posterior mean and variance of one Gaussian, and the log evidence, by low-rank algebra."""
    variance = measured.variance + remainder
    q, log_determinant = inverse(variance, np.column_stack([measured.modes, components]))

    def solve(columns: Array) -> Array:
        scaled: Array = (columns.T / variance).T - q @ (q.T @ columns)
        return scaled

    off = measured.depth - mean
    answer = solve(off)
    # Diagonal of C S^-1 C, with C = diag(remainder) + L L^T.
    spread = solve(components)
    explained = (
        remainder**2 * (1 / variance - (q**2).sum(axis=1))
        + 2 * remainder * (spread * components).sum(axis=1)
        + ((components @ (components.T @ spread)) * components).sum(axis=1)
    )
    prior = remainder + (components**2).sum(axis=1)
    shift = remainder * answer + components @ (components.T @ answer)
    return mean + shift, prior - explained, float(-0.5 * (off @ answer + log_determinant))
