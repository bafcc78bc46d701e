"""Linear-Gaussian prior over spectra, learnt on training planets: depths in, posterior out.

A spectrum is a level times ones plus a shape (its difference from the AIRS mean). The level is
known to twice the scatter of the training planets; the shape is Gaussian with the training planets'
mean and covariance: principal components and an independent remainder (probabilistic PCA, Tipping &
Bishop 1999). Posterior by conditioning. The measurement's stated covariance is not taken on trust:
three factors, by moments on the same planets, say how much larger the errors really are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.models.measurement import Measurement, combine

Array = NDArray[np.float64]
AIRS_BINS = slice(FGS1_BIN + 1, N_BINS)
# A remainder below 2 ppm would claim to know more than any spectrum model does.
MIN_REMAINDER = 2e-6
MIN_PLANETS = 3


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
        level, level_sigma: the AIRS mean depth over planets, and twice its scatter.
        shape: (283,) mean shape.
        components: (283, K) principal components times their standard deviations.
        remainder: (283,) variance left over.
        noise_scale: how much larger than stated the AIRS bins' independent variance is.
        extra_fgs1, extra_airs: relative error of the depth that is common to a detector.
    """

    level: float
    level_sigma: float
    shape: Array
    components: Array
    remainder: Array
    noise_scale: float
    extra_fgs1: float
    extra_airs: float

    @property
    def mean(self) -> Array:
        """Prior mean spectrum, (283,)."""
        return self.level + self.shape

    @property
    def covariance(self) -> Array:
        """Prior covariance, (283, 283)."""
        ones = np.ones((N_BINS, N_BINS))
        spread = self.components @ self.components.T + self.level_sigma**2 * ones
        return spread + np.diag(self.remainder)

    def error_covariance(self, measurement: Measurement) -> Array:
        """Covariance of a measurement's errors, with the learnt factors, (283, 283)."""
        scale = np.full(N_BINS, self.noise_scale)
        # FGS1 is one bin: its excess is in extra_fgs1.
        scale[FGS1_BIN] = 1.0
        depth = float(np.mean(measurement.depth[AIRS_BINS]))
        common = np.zeros((N_BINS, 2))
        common[FGS1_BIN, 0] = self.extra_fgs1 * depth
        common[AIRS_BINS, 1] = self.extra_airs * depth
        independent = np.diag(measurement.variance * scale)
        return independent + measurement.modes @ measurement.modes.T + common @ common.T

    def posterior(self, measurements: Sequence[Measurement]) -> Posterior:
        """Condition the prior on the visits of one planet."""
        errors = [self.error_covariance(m) for m in measurements]
        depth, error = combine([m.depth for m in measurements], errors)
        mean, prior = self.mean, self.covariance
        gain = np.linalg.solve(prior + error, prior).T
        variance = np.diag(prior) - np.einsum("ij,ij->i", gain, prior)
        return Posterior(
            mean=mean + gain @ (depth - mean),
            sigma=np.sqrt(np.maximum(variance, 1e-14)),
            depth=depth,
            depth_sigma=np.sqrt(np.diag(error)),
        )

    def state(self) -> dict[str, Array]:
        """Plain arrays, for a checkpoint."""
        return {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_state(cls, state: dict[str, Array]) -> "SpectralPrior":
        """The prior back from its arrays."""
        values = {name: value if np.ndim(value) else float(value) for name, value in state.items()}
        return cls(**values)  # type: ignore[arg-type]


def fit_prior(
    truth: Array, measurements: Sequence[Sequence[Measurement]], components: int
) -> SpectralPrior:
    """Learn the prior and the error factors on training planets.

    Args:
        truth: (n, 283) spectra of the training planets.
        measurements: the visits of each of them, in the same order.
        components: principal components kept (fewer when there are few planets).

    Raises:
        ConfigError: fewer than three planets.
    """
    count = len(truth)
    if count < MIN_PLANETS:
        raise ConfigError(f"{count} training planets: a spectral prior needs {MIN_PLANETS} or more")
    level = truth[:, AIRS_BINS].mean(axis=1)
    shapes = truth - level[:, None]
    mean = shapes.mean(axis=0)
    _, singular, axes = np.linalg.svd(shapes - mean, full_matrices=False)
    kept = min(components, count // 2)
    scaled = axes[:kept].T * singular[:kept] / np.sqrt(count - 1)
    left = ((shapes - mean) ** 2).sum(axis=0) / (count - 1) - (scaled**2).sum(axis=1)
    return SpectralPrior(
        level=float(level.mean()),
        level_sigma=float(2 * level.std(ddof=1)),
        shape=mean,
        components=scaled,
        remainder=np.maximum(left, MIN_REMAINDER**2),
        **_error_factors(truth, measurements),
    )


def _error_factors(truth: Array, measurements: Sequence[Sequence[Measurement]]) -> dict[str, float]:
    """Moments of the errors on known planets, against what the covariances state."""
    shape_z2, fgs1, airs = [], [], []
    for spectrum, visits in zip(truth, measurements, strict=True):
        for visit in visits:
            error = visit.depth - spectrum
            depth = spectrum[AIRS_BINS].mean()
            common = error[AIRS_BINS].mean()
            mode = visit.modes[AIRS_BINS].mean(axis=0)
            stated = visit.variance[AIRS_BINS].mean() / (N_BINS - 1) + mode @ mode
            airs.append((common**2 - stated) / depth**2)
            stated = visit.variance[FGS1_BIN] + (visit.modes[FGS1_BIN] ** 2).sum()
            fgs1.append((error[FGS1_BIN] ** 2 - stated) / depth**2)
            shape_z2.append(np.mean((error[AIRS_BINS] - common) ** 2 / visit.variance[AIRS_BINS]))
    return {
        "noise_scale": float(max(np.mean(shape_z2), 0.5)),
        "extra_fgs1": float(np.sqrt(max(np.mean(fgs1), 0.0))),
        "extra_airs": float(np.sqrt(max(np.mean(airs), 0.0))),
    }
