"""Temperature: a few factors that put all sigmas right on average; in the plainest case one.

A sigma has three channels: FGS1's, and of AIRS the part that all bins of a planet share (mostly its
level) and the part that is each bin's own (mostly its shape). An estimator hands on no covariance,
so the shared variance is taken to be the least among the planet's AIRS bins: an upper bound of what
all can share, and close, because the level is what transit fits know worst. It makes 0.7 to 0.9 of
the variance (ADR 0026).
"""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import SchemaError
from spectramind.evaluation.official import FGS1_WEIGHT, bin_weights
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS

Array = NDArray[np.float64]
# Which factors there are, the plainest first.
ScalingKind = Literal["none", "global", "detectors", "channels"]
KINDS: tuple[ScalingKind, ...] = ("none", "global", "detectors", "channels")
Channels = tuple[float, float, float]
_FGS1_SHARE = FGS1_WEIGHT / (FGS1_WEIGHT + N_BINS - 1)


def check_z(z: Array) -> None:
    """Refuse z-scores that nothing can be fitted to.

    Raises:
        SchemaError: not (n, 283) with n > 0, or NaN or infinity among them.
    """
    if z.ndim != 2 or z.shape[1] != N_BINS or len(z) == 0:
        raise SchemaError(f"calibration z-scores have shape {z.shape}, expected (n > 0, {N_BINS})")
    if not np.isfinite(z).all():
        raise SchemaError("calibration z-scores hold NaN or infinity: check truth, mu and sigma")


@dataclass(frozen=True)
class Temperature:
    """Fitted factors: ``fit`` and ``scaling`` are the ways to one, so none is applied unfitted.

    Attributes:
        tau: sigma* = tau sigma; where channels differ, the mean that stands for them (geometric,
            with the metric's weights).
        n_planets: planets it was fitted on.
        kind: which factors there are.
        channels: factors of FGS1, of what AIRS bins share and of what is their own, where these
            are told apart (kinds ``detectors`` and ``channels``).
    """

    tau: float
    n_planets: int
    kind: ScalingKind = "global"
    channels: Channels | None = None

    @classmethod
    def fit(cls, z: Array, prior_planets: float) -> Self:
        """Minimise the Gaussian negative log-likelihood over tau.

        With weights w summing to 1 (those of the official metric) it is
        ln(tau) + sum(w z^2) / (2 tau^2) + const, least at tau^2 = m, the mean of sum(w z^2)
        over the n planets. One bad planet among few moves m far: tau^2 = (n m + n0) / (n + n0),
        as if n0 planets more were what sigma says (ADR 0017).

        Args:
            z: (n, 283), (y - mu) / sigma on planets that were not trained on.
            prior_planets: n0; 0 where sigma says nothing to hold on to.

        Raises:
            SchemaError: z is malformed, or zero throughout.
        """
        check_z(z)
        weights = np.broadcast_to(bin_weights(), z.shape)
        return cls(held_rms(z * z, weights, prior_planets), len(z))

    @classmethod
    def of(cls, kind: ScalingKind, channels: Channels, n_planets: int) -> Self:
        """From the factors of FGS1 and of AIRS's two parts, equal where the kind has no two."""
        fgs1, shared, own = channels
        if kind in ("none", "global"):
            return cls(fgs1, n_planets, kind)
        logs = _FGS1_SHARE * np.log(fgs1) + (1 - _FGS1_SHARE) * (np.log(shared) + np.log(own)) / 2
        return cls(float(np.exp(logs)), n_planets, kind, channels)

    @property
    def consistent(self) -> bool:
        """Whether kind, channels and tau are those of one another (a file may be altered)."""
        if self.kind in ("none", "global"):
            return self.channels is None and (self.kind == "global" or self.tau == 1)
        if self.channels is None or min(self.channels) <= 0:
            return False
        if self.kind == "detectors" and self.channels[1] != self.channels[2]:
            return False
        again = Temperature.of(self.kind, self.channels, self.n_planets)
        return bool(np.isclose(again.tau, self.tau, rtol=1e-12, atol=0))

    def apply(self, sigma: Array) -> Array:
        """Sigma* of each planet and bin, (n, 283)."""
        if self.channels is None:
            return self.tau * sigma
        return sigma * channel_factors(self.channels, shared_part(sigma))

    def describe(self) -> str:
        """The factors, in a few words."""
        if self.kind == "none":
            return "no factor"
        if self.channels is None:
            return f"tau {self.tau:.3f}"
        fgs1, shared, own = self.channels
        if self.kind == "detectors":
            return f"tau {fgs1:.3f} FGS1, {shared:.3f} AIRS"
        return f"tau {fgs1:.3f} FGS1, {shared:.3f} AIRS shared, {own:.3f} AIRS own"


def held_rms(z2: Array, weights: Array, prior_planets: float) -> float:
    """Root of the weighted mean square, held back by planets that need no correction.

    Args:
        z2: (n, b) squared z-scores. weights: (n, b), positive, of any sum.
        prior_planets: n0, as in ``Temperature.fit``.

    Raises:
        SchemaError: all scores are 0.
    """
    mean_square = float(np.average(z2, weights=weights))
    if mean_square == 0:
        raise SchemaError("calibration z-scores are all 0: truth and prediction are the same")
    planets = len(z2)
    return float(np.sqrt((planets * mean_square + prior_planets) / (planets + prior_planets)))


def shared_part(sigma: Array) -> Array:
    """Share of each AIRS bin's variance that all of the planet's have, (n, 282), up to 1."""
    variance = sigma[:, AIRS_BINS] ** 2
    share: Array = variance.min(axis=1, keepdims=True) / variance
    return share


def channel_factors(channels: Channels, shared: Array) -> Array:
    """Factors of sigma, (n, 283), from those of the channels and ``shared_part``."""
    fgs1, common, own = channels
    factors = np.empty((len(shared), N_BINS))
    factors[:, FGS1_BIN] = fgs1
    factors[:, AIRS_BINS] = np.sqrt(own**2 + (common**2 - own**2) * shared)
    return factors
