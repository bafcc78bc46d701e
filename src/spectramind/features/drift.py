"""The drift 1 + f(t) g(lambda): one course in time, seen by every wavelength at its own strength.

Of the functions P_j(t) and loadings L_l(lambda) the drift takes c_jl = f_j g_l + o_jl, o being what
does not follow the common course, and the last function, the ramp, has coefficients of its own.
f, g, o and the ramp have Gaussian priors of zero mean, f_j ~ 1/j because drifts are smooth. With
everything else eliminated, light curves give c by its normal matrix N and right side r (in units
of the noise). The product makes the problem bilinear: its maximum is found by Gauss-Newton steps
and taken as Gaussian there (Laplace). How strong the drift is, how far it keeps to its course,
FGS1 apart, and how high the ramp stands, each visit says itself by its evidence,

    ln p = r'c - 1/2 c'Nc - 1/2 x'P x + 1/2 ln det P - 1/2 ln det(J'NJ + P),

x = (f, g, o, ramp), J = dc/dx (MacKay 1992, Neural Computation 4, 415). The priors' variances are
averaged over a grid with it, not maximised: a few coefficients cannot tell a scale well, and one
that is too small claims too much.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig

Array = NDArray[np.float64]
# How many values of each scale are tried.
_SCALES = 4
_RAMPS = 3
_ROUNDS = 12
_LEAST = 1e-6  # share of the variance that the common course keeps
_CONVERGED = 1e-3  # of the objective, in units of ln p


def legendre(time_h: Array, order: int) -> Array:
    """Legendre polynomials of orders 0..order on the span of ``time_h``, shape (T, order + 1)."""
    low, high = time_h.min(), time_h.max()
    x = 2 * (time_h - low) / max(high - low, 1e-12) - 1
    return np.polynomial.legendre.legvander(x, order)


def drift_basis(time_h: Array, config: FitConfig) -> Array:
    """What a drift is made of beside its level, (T, N): polynomials, and last the ramp."""
    ramp = np.exp(-(time_h - time_h.min()) / config.ramp_h)
    return np.column_stack([legendre(time_h, config.drift_order)[:, 1:], ramp])


@dataclass(frozen=True)
class _Terms:
    """Which of x is f (order), g (sets), o (order * sets, by order) and ramp (sets)."""

    order: int
    sets: int

    def split(self, x: Array) -> tuple[Array, Array, Array, Array]:
        parts = np.split(x, np.cumsum([self.order, self.sets, self.order * self.sets]))
        return parts[0], parts[1], parts[2], parts[3]

    def coefficients(self, x: Array) -> Array:
        """c, function by function and the ramp last, ((order + 1) * sets,)."""
        f, g, own, ramp = self.split(x)
        return np.concatenate([np.outer(f, g).ravel() + own, ramp])

    def slopes(self, x: Array) -> Array:
        """dc/dx."""
        f, g, own, _ = self.split(x)
        course = np.kron(np.eye(self.order), g[:, None])
        strength = np.kron(f[:, None], np.eye(self.sets))
        top = np.hstack([course, strength, np.eye(len(own)), np.zeros((len(own), self.sets))])
        below = np.zeros((self.sets, top.shape[1]))
        below[:, -self.sets :] = np.eye(self.sets)
        return np.vstack([top, below])

    def variances(self, scale: float, ramp: float, share: float, fgs1: float) -> Array:
        """Prior variances of x.

        Args:
            scale: of the drift; ramp: of the ramp's height.
            share: of the drift's variance that is off its course; fgs1: the same, in the first set.
        """
        shares = np.full(self.sets, share)
        shares[0] = fgs1
        course = 1 / np.arange(1, self.order + 1)
        strength = scale * np.sqrt(np.maximum(1 - shares, _LEAST))
        own = np.outer(course, scale * np.sqrt(shares)).ravel()
        parts = [course, strength, own, np.full(self.sets, ramp)]
        return np.asarray(np.concatenate(parts) ** 2)

    def start(self, free: Array) -> Array:
        """x of the course that is nearest to coefficients without a prior on their form."""
        table = free[: self.order * self.sets].reshape(self.order, self.sets)
        left, size, right = np.linalg.svd(table, full_matrices=False)
        own = np.zeros(self.order * self.sets)
        return np.concatenate([left[:, 0], size[0] * right[0], own, free[len(own) :]])


def learn_drift(normal: Array, right: Array, config: FitConfig) -> Array:
    """Prior variances of x as the light curves say.

    Args:
        normal: (N * L, N * L) normal matrix of L sets of coefficients, function by function.
        right: (N * L,) its right side.
        config: the ranges of the scales, and the shares of the variance off the common course.

    Returns:
        (X,) variances, for ``linear_drift``.
    """
    terms = _terms(right, config)
    start = _start(terms, normal, right, config)
    scales, ramps = _grid(config.drift_ppm, _SCALES), _grid(config.ramp_ppm, _RAMPS)
    shares = sorted({(s, own) for s in config.drift_shares for own in (s, config.drift_shares[-1])})

    def mean(tried: Array) -> Array:
        log_p = np.array([_descend(terms, normal, right, start, v)[1] for v in tried])
        return np.average(tried, axis=0, weights=np.exp(log_p - log_p.max()))

    # The ramp has little to do with the rest: its height is learnt after it.
    middle = float(ramps[len(ramps) // 2])
    found = mean(
        np.array([terms.variances(s, middle, *each) for s, each in product(scales, shares)])
    )
    heights = np.tile(found, (len(ramps), 1))
    heights[:, -terms.sets :] = ramps[:, None] ** 2
    return mean(heights)


def linear_drift(
    normal: Array, right: Array, variance: Array, config: FitConfig
) -> tuple[Array, Array]:
    """The drift around its maximum: c = centre + slopes @ x, x with the prior's variances.

    Args:
        normal, right: see ``learn_drift``.
        variance: (X,) prior variances around zero.
        config: the drift's order.

    Returns:
        centre (N * L,), slopes (N * L, X).
    """
    terms = _terms(right, config)
    start = _start(terms, normal, right, config)
    x, _ = _descend(terms, normal, right, start, variance)
    slopes = terms.slopes(x)
    return terms.coefficients(x) - slopes @ x, slopes


def _terms(right: Array, config: FitConfig) -> _Terms:
    return _Terms(config.drift_order, len(right) // (config.drift_order + 1))


def _start(terms: _Terms, normal: Array, right: Array, config: FitConfig) -> Array:
    """x nearest to the coefficients that the widest priors leave."""
    wide = terms.variances(1e-6 * config.drift_ppm[1], 1e-6 * config.ramp_ppm[1], 1.0, 1.0)
    bound = wide[terms.order + terms.sets :]
    return terms.start(np.asarray(np.linalg.solve(normal + np.diag(1 / bound), right)))


def _grid(range_ppm: tuple[float, float], steps: int) -> Array:
    return 1e-6 * np.geomspace(*range_ppm, steps)


def _descend(
    terms: _Terms, normal: Array, right: Array, start: Array, variance: Array
) -> tuple[Array, float]:
    """x of most probability and the log evidence, both for given prior variances."""
    x, precision = start, 1 / variance

    def cost(x: Array) -> float:
        c = terms.coefficients(x)
        return float(0.5 * c @ normal @ c - right @ c + 0.5 * precision @ x**2)

    now = cost(x)
    for _ in range(_ROUNDS):
        slopes = terms.slopes(x)
        down = slopes.T @ (right - normal @ terms.coefficients(x)) - precision * x
        step = np.linalg.solve(slopes.T @ normal @ slopes + np.diag(precision), down)
        tried = [(cost(x + part * step), part) for part in (1.0, 0.5, 0.1)]
        best, part = min(tried)
        if best >= now - _CONVERGED:
            break
        x, now = x + part * step, best
    slopes = terms.slopes(x)
    curvature = slopes.T @ normal @ slopes + np.diag(precision)
    _, log_determinant = np.linalg.slogdet(curvature)
    return x, float(-now + 0.5 * np.log(precision).sum() - 0.5 * log_determinant)
