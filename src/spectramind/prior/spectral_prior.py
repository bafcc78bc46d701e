"""Gaussian-mixture prior over spectra: depths in, posterior out, in closed form.

A spectrum is a level times ones plus a shape (its difference from the AIRS mean). Clouds make the
size of a shape anything from a few to hundreds of ppm, so it is a scale mixture: a size among a few
with learnt shares, times a Gaussian with a mean and a covariance "principal components +
independent remainder" (probabilistic PCA, Tipping & Bishop 1999). Hazes make some planets larger
in FGS1 than their AIRS bins tell: a share of them has an FGS1 depth of its own. Beside the scale
mixture stand clusters of synthetic shapes with heavy tails (prior/clusters.py), for planets unlike
those it was learnt on. The posterior is a
mixture too; its mean and standard deviation are handed on (prior/conditioning.py).

Some stars have spots or faculae that no light curve shows (prior/spotted.py): a last mixture, of
a star with them and one without. One planet seldom tells which; the others of its set tell whether
their stars have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.prior.clusters import TAIL_SHARES, TAILS, Clusters
from spectramind.prior.conditioning import (
    Gaussians,
    SpectrumMoments,
    blended,
    condensed,
    condition,
)
from spectramind.prior.error_model import ErrorModel, Visits
from spectramind.prior.spotted import Patchy, chances

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
class _Readings:
    """A measurement, and what it tells without and with spots."""

    measured: Measurement
    quiet: SpectrumMoments
    spotted: SpectrumMoments

    @property
    def evidence(self) -> float:
        """Log evidence of spots against none."""
        return self.spotted.evidence - self.quiet.evidence


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
        patchy: stars with spots or faculae, how many and what these do.
        haze_share: share of planets whose FGS1 depth AIRS does not tell, in [0, 1).
        haze_depth: standard deviation of what haze adds to their FGS1 depth.
        clusters: of synthetic shapes; what is left of their shares is the scale mixture's.

    Raises:
        ConfigError: a share is outside its range, or ``haze_depth`` is not positive.
    """

    level: float
    level_sigma: float
    size: Array
    weight: Array
    shape: Array
    components: Array
    remainder: Array
    errors: ErrorModel
    patchy: Patchy
    haze_share: float
    haze_depth: float
    clusters: Clusters

    def __post_init__(self) -> None:
        if not (0 <= self.haze_share < 1 and self.haze_depth > 0):
            raise ConfigError(
                f"hazes of {self.haze_share} of the planets, {self.haze_depth} deep: "
                "the share must lie in [0, 1), the depth be positive"
            )
        if not 0 <= self.clusters.share.sum() < 1:
            raise ConfigError(
                f"clusters of {self.clusters.share.sum()} of the planets: their share must lie in "
                "[0, 1)"
            )

    def of_size(self, size: float) -> tuple[Array, Array, Array]:
        """Mean, components (the level's first) and independent variance, of planets of a size
        without haze.
        """
        spread = np.full(len(self.shape), self.level_sigma)
        components = np.column_stack([spread, size * self.components])
        remainder = size**2 * self.remainder + MIN_REMAINDER**2
        return self.level + size * self.shape, components, remainder

    def posterior(self, visits: Visits) -> Posterior:
        """Condition the prior on the visits of one planet of the kind it was learnt on."""
        return self.given(self.errors.combined(visits), self.patchy.share)

    def given(self, measured: Measurement, share: float) -> Posterior:
        """Condition the prior on one measurement.

        Args:
            measured: all its errors are in it (``ErrorModel.combined``).
            share: how likely stars of its set are spotted (``spotted.shares_by_others``).
        """
        readings = self._read(measured)
        return _answer(readings, float(expit(readings.evidence + logit(share))))

    def posteriors(self, planets: Sequence[Visits]) -> list[Posterior]:
        """Condition the prior on the planets of a set, which may be of another kind.

        What a planet's spectrum becomes thus depends on the others of its set where these show that
        stars have spots.
        """
        readings = [self._readings(visits) for visits in planets]
        found = chances(np.array([reading.evidence for reading in readings]), self.patchy.share)
        return [_answer(*each) for each in zip(readings, found.tolist(), strict=True)]

    def spot_evidence(self, visits: Visits) -> float:
        """Log evidence of spots against none that one planet's visits give."""
        return self._readings(visits).evidence

    def _readings(self, visits: Visits) -> _Readings:
        return self._read(self.errors.combined(visits))

    def _read(self, one: Measurement) -> _Readings:
        quiet = condensed(one)
        true, log_jacobian = self.patchy.if_spotted(quiet)
        spotted = condition(true, self.gaussians)
        return _Readings(
            one,
            condition(quiet, self.gaussians),
            replace(spotted, evidence=spotted.evidence - log_jacobian),
        )

    def patchy_chances(self, planets: Sequence[Visits]) -> Array:
        """How likely the star of each planet of a set is patchy, as ``posteriors`` takes it."""
        evidence = np.array([self._readings(visits).evidence for visits in planets])
        return chances(evidence, self.patchy.share)

    @cached_property
    def gaussians(self) -> Gaussians:
        """The whole mixture, written out."""
        parts = [self.of_size(size) for size in self.size.tolist()] + self._of_clusters()
        kept = max(components.shape[1] for _, components, _ in parts)
        own = 1 - self.clusters.share.sum()
        shares = (own * self.weight, np.outer(self.clusters.share, TAIL_SHARES).ravel())
        return Gaussians(
            log_weight=np.log(np.concatenate(shares)),
            mean=np.stack([mean for mean, _, _ in parts]),
            components=np.stack([_filled(components, kept) for _, components, _ in parts]),
            remainder=np.stack([remainder for _, _, remainder in parts]),
            haze_share=self.haze_share,
            haze_depth=self.haze_depth,
        )

    def _of_clusters(self) -> list[tuple[Array, Array, Array]]:
        """Like ``of_size``, for every cluster and each of its tails."""
        spread, found = np.full(len(self.shape), self.level_sigma), self.clusters
        return [
            (
                self.level + shape,
                np.column_stack([spread, np.sqrt(factor) * components]),
                factor * remainder + MIN_REMAINDER**2,
            )
            for shape, components, remainder in zip(
                found.shape, found.components, found.remainder, strict=True
            )
            for factor in TAILS
        ]

    def state(self) -> dict[str, Array]:
        """Plain arrays, for a checkpoint."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _PARTS}
        parts = {
            f"{part}_{f.name}": getattr(getattr(self, part), f.name)
            for part, kind in _PARTS.items()
            for f in fields(kind)
        }
        return {name: np.asarray(value, dtype=np.float64) for name, value in (own | parts).items()}

    @classmethod
    def from_state(cls, state: dict[str, Array]) -> "SpectralPrior":
        """The prior back from its arrays.

        Raises:
            KeyError: an array is missing.
        """
        own = {f.name: state[f.name] for f in fields(cls) if f.name not in _PARTS}
        parts = {
            part: kind(**_scalars({f.name: state[f"{part}_{f.name}"] for f in fields(kind)}))
            for part, kind in _PARTS.items()
        }
        return cls(**_scalars(own), **parts)


# Parts of a prior whose arrays stand in a checkpoint under their name and the part's.
_PARTS: dict[str, Any] = {"errors": ErrorModel, "clusters": Clusters, "patchy": Patchy}


def _filled(components: Array, count: int) -> Array:
    """As many columns as are asked for, the new ones zero."""
    return np.pad(components, ((0, 0), (0, count - components.shape[1])))


def _scalars(state: dict[str, Array]) -> dict[str, Any]:
    return {name: value if np.ndim(value) else float(value) for name, value in state.items()}


def _answer(readings: _Readings, spotted: float) -> Posterior:
    """Posterior, given how likely the star is spotted."""
    mean, variance = blended([readings.quiet, readings.spotted], np.array([1 - spotted, spotted]))
    return Posterior(
        mean=mean,
        sigma=np.sqrt(np.maximum(variance, 1e-14)),
        depth=readings.measured.depth,
        depth_sigma=np.sqrt(readings.measured.total_variance),
    )
