"""What samples a posterior, what it is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spectramind.retrieval.log_weights import effective, systematic

Array = NDArray[np.float64]
# Told how many spectra were computed.
Tick = Callable[[int], None]


class Target(Protocol):
    """A posterior up to a constant, in coordinates in which it is easy to sample."""

    @property
    def dimensions(self) -> int:
        """How many coordinates a point has."""
        ...

    def from_unit(self, cube: Array) -> Array:
        """The prior's inverse distribution: (B, P) of the unit cube -> (B, P) points."""
        ...

    def log_prior(self, points: Array) -> Array:
        """ln of the prior's density over the points, (B,); -inf outside."""
        ...

    def predict(self, points: Array) -> Array:
        """What would be measured without noise, (B, N); NaN where there can be no atmosphere."""
        ...

    def log_of(self, predicted: Array) -> Array:
        """ln of the likelihood of such predictions, (B,); -inf where they are NaN."""
        ...

    def log_likelihood(self, points: Array) -> Array:
        """Both together, (B,)."""
        ...


class Proposal(Protocol):
    """A density that can be sampled."""

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        """(count, P) points."""
        ...

    def log_density(self, points: Array) -> Array:
        """(B,)."""
        ...


@dataclass(frozen=True)
class WeightedPosterior:
    """Weighted samples of a posterior.

    Attributes:
        points: (n, P). log_weight: (n,), normalised: their exponentials sum to 1.
        log_likelihood: (n,).
        ln_z, ln_z_error: evidence.
        spectra: exact ones computed for it, those that a surrogate learnt from among them.
        path: ``importance`` or ``nested``. converged: whether the samples are as many as wanted.
        why: why this path, and what is wrong where it did not converge.
    """

    points: Array
    log_weight: Array
    log_likelihood: Array
    ln_z: float
    ln_z_error: float
    spectra: int
    path: str
    converged: bool
    why: str

    @property
    def weight(self) -> Array:
        """(n,), sums to 1."""
        return np.exp(self.log_weight)

    @property
    def effective(self) -> float:
        """Kish's effective number of samples."""
        return effective(self.log_weight)

    @property
    def efficiency(self) -> float:
        """Effective samples a spectrum computed."""
        return self.effective / max(self.spectra, 1)

    def draw(self, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Rows of equally likely samples, (count,): systematic resampling."""
        return systematic(self.weight, count, rng)

    def told(self, why: str, converged: bool | None = None) -> "WeightedPosterior":
        """The same with another reason."""
        return replace(self, why=why, converged=self.converged if converged is None else converged)


class PosteriorSampler(Protocol):
    """A way to a posterior."""

    def sample(self, target: Target, seed: int, tick: Tick) -> WeightedPosterior:
        """Sample it; equal seeds give equal samples."""
        ...
