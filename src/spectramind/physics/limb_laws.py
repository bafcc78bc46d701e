"""Laws of limb darkening beside the quadratic one, and the quadratic law nearest to a profile.

    quadratic       I = 1 - u1 (1 - mu) - u2 (1 - mu)^2
    four_parameter  I = 1 - sum_k a_k (1 - mu^(k/2)), k = 1..4      (Claret 2000, A&A 363, 1081)
    power2          I = 1 - c (1 - mu^alpha)                        (Hestroffer 1997, A&A 327, 199)

Each is a sum of powers of mu, which is what power_transit.py takes. Fits are least squares over the
star's disc: weights mu dmu.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError

Array = NDArray[np.float64]
LawName = Literal["quadratic", "four_parameter", "power2"]

_LEGENDRE, _LEGENDRE_WEIGHT = np.polynomial.legendre.leggauss(40)
FIT_MU = (_LEGENDRE + 1) / 2
_DISC_WEIGHT = FIT_MU * _LEGENDRE_WEIGHT
_HALVES = np.array([0.5, 1.0, 1.5, 2.0])
_ALPHA_RANGE = (0.1, 3.0)
_ROUNDS = 40


@dataclass(frozen=True)
class LimbLaw:
    """A law in N bins.

    Attributes:
        name: of the law.
        coefficients: (N, 2) u1 u2, (N, 4) a1..a4, or (N, 2) c alpha.
    """

    name: LawName
    coefficients: Array

    def powers(self) -> tuple[Array, Array]:
        """Weights and powers, both (N, K), of I(mu) = sum_k weight mu^power."""
        c = self.coefficients
        if self.name == "quadratic":
            u1, u2 = c.T
            weights, powers = np.stack([1 - u1 - u2, u1 + 2 * u2, -u2], axis=1), np.arange(3.0)
        elif self.name == "four_parameter":
            weights = np.column_stack([1 - c.sum(axis=1), c])
            powers = np.append(0.0, _HALVES)
        else:
            weights = np.column_stack([1 - c[:, 0], c[:, 0]])
            return weights, np.column_stack([np.zeros(len(c)), c[:, 1]])
        return weights, np.broadcast_to(powers, weights.shape).copy()

    def intensity(self, mu: Array) -> Array:
        """I(mu)/I(1) at (M,) cosines, (N, M)."""
        weights, powers = self.powers()
        return np.einsum("nk,nkm->nm", weights, mu ** powers[:, :, None])

    def of_bins(self, bins: slice) -> "LimbLaw":
        """The law in some of the bins."""
        return replace(self, coefficients=self.coefficients[bins])

    def stronger(self, factor: float) -> "LimbLaw":
        """The law with 1 - I(mu) times ``factor``.

        Raises:
            ConfigError: no light would be left at the limb.
        """
        scaled = self.coefficients * factor
        if self.name == "power2":
            scaled[:, 1] = self.coefficients[:, 1]
        law = replace(self, coefficients=scaled)
        least = law.powers()[0][:, 0].min()  # I(0): all powers but the first are above 0
        if least < 0:
            raise ConfigError(
                f"limb darkening {factor:g} times as strong leaves {least:.3f} of the central "
                "intensity at the limb: it must be 0 or more, lower limb_factor"
            )
        return law


def fit_law(name: LawName, intensity: Array) -> LimbLaw:
    """The law nearest to profiles over the star's disc.

    Args:
        name: of the law.
        intensity: (N, 40) I(mu)/I(1) at ``FIT_MU``.
    """
    lost = 1 - intensity
    if name == "power2":
        return LimbLaw(name, _fit_power2(lost))
    below = 1 - FIT_MU
    terms = [below, below**2] if name == "quadratic" else list(1 - FIT_MU ** _HALVES[:, None])
    return LimbLaw(name, np.asarray(_linear(np.stack(terms), lost)))


def _linear(terms: Array, lost: Array) -> Array:
    """Weighted least squares of (N, M) on terms (K, M), (N, K)."""
    root = np.sqrt(_DISC_WEIGHT)
    solver = np.linalg.pinv((terms * root).T)
    return np.asarray((lost * root) @ solver.T)


def _fit_power2(lost: Array) -> Array:
    """c and alpha, (N, 2): golden section over alpha, c being linear."""
    low, high = (np.full(len(lost), end) for end in np.log(_ALPHA_RANGE))
    golden = (np.sqrt(5) - 1) / 2
    for _ in range(_ROUNDS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        nearer = _power2_at(left, lost)[1] < _power2_at(right, lost)[1]
        low, high = np.where(nearer, low, left), np.where(nearer, right, high)
    alpha = (low + high) / 2
    return np.column_stack([_power2_at(alpha, lost)[0], np.exp(alpha)])


def _power2_at(log_alpha: Array, lost: Array) -> tuple[Array, Array]:
    """Best c at given alphas, and what it leaves, both (N,)."""
    term = 1 - FIT_MU ** np.exp(log_alpha)[:, None]
    c = (lost * term) @ _DISC_WEIGHT / (term**2 @ _DISC_WEIGHT)
    return c, (lost - c[:, None] * term) ** 2 @ _DISC_WEIGHT
