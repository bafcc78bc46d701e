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
that is too small claims too much. How often each of them is right the visits of a telescope tell
together (population.py).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.features.evidence import posterior_shares

Array = NDArray[np.float64]
# How many values of each scale are tried.
_SCALES = 4
_RAMPS = 3
_ROUNDS = 12
_PARTS = (1.0, 0.5, 0.1)  # of a step
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
        parts = np.split(x, np.cumsum([self.order, self.sets, self.order * self.sets]), axis=-1)
        return parts[0], parts[1], parts[2], parts[3]

    def coefficients(self, x: Array) -> Array:
        """c, function by function and the ramp last, (N, (order + 1) * sets) for x (N, X)."""
        f, g, own, ramp = self.split(x)
        course = (f[:, :, None] * g[:, None, :]).reshape(len(x), -1)
        return np.concatenate([course + own, ramp], axis=1)

    def slopes(self, x: Array) -> Array:
        """dc/dx, (N, (order + 1) * sets, X) for x (N, X)."""
        f, g, own, ramp = self.split(x)
        slopes = np.zeros((len(x), own.shape[1] + ramp.shape[1], x.shape[1]))
        first, each = self.order + self.sets, np.arange(self.sets)
        for j in range(self.order):
            rows = slopes[:, j * self.sets : (j + 1) * self.sets]
            rows[:, :, j] = g
            rows[:, each, self.order + each] = f[:, [j]]
        every = np.arange(slopes.shape[1])
        slopes[:, every, first + every] = 1
        return slopes

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


def even_shares_of_drifts(config: FitConfig) -> tuple[Array, Array]:
    """Shares of the drifts (N,) and ramps (R,) that are tried, before any visit: all alike."""
    drifts, ramps = _tried(config)
    return np.full(len(drifts), 1 / len(drifts)), np.full(len(ramps), 1 / len(ramps))


def learn_drift(
    normal: Array, right: Array, config: FitConfig, shares: tuple[Array, Array]
) -> tuple[Array, tuple[Array, Array]]:
    """Prior variances of x as the light curves say.

    Args:
        normal: (N * L, N * L) normal matrix of L sets of coefficients, function by function.
        right: (N * L,) its right side.
        config: the ranges of the scales, and the shares of the variance off the common course.
        shares: of the drifts and ramps that are tried, beforehand.

    Returns:
        (X,) variances, for ``linear_drift``, and the posterior shares.
    """
    terms = _terms(right, config)
    start = _start(terms, normal, right, config)
    drifts, ramps = _tried(config)

    def weigh(tried: Array, share: Array) -> tuple[Array, Array]:
        _, log_p = _descend(terms, normal, right, start, tried)
        weight = posterior_shares(log_p, share)
        return weight @ tried, weight

    # The ramp has little to do with the rest: its height is learnt after it.
    middle = ramps[len(ramps) // 2]
    tried = np.array([terms.variances(scale, middle, *each) for scale, *each in drifts])
    found, drift_weight = weigh(tried, shares[0])
    heights = np.tile(found, (len(ramps), 1))
    heights[:, -terms.sets :] = np.square(ramps)[:, None]
    found, ramp_weight = weigh(heights, shares[1])
    return found, (drift_weight, ramp_weight)


def _tried(config: FitConfig) -> tuple[list[tuple[float, float, float]], list[float]]:
    """Drifts (scale, share off its course, the same of FGS1) and heights of the ramp."""
    shares = sorted({(s, own) for s in config.drift_shares for own in (s, config.drift_shares[-1])})
    scales = _grid(config.drift_ppm, _SCALES).tolist()
    drifts = [(scale, *each) for scale, each in product(scales, shares)]
    return drifts, _grid(config.ramp_ppm, _RAMPS).tolist()


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
    x, _ = _descend(terms, normal, right, start, variance[None])
    slopes = terms.slopes(x)[0]
    return terms.coefficients(x)[0] - slopes @ x[0], slopes


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
) -> tuple[Array, Array]:
    """x of most probability (N, X) and the log evidence (N,) for prior variances (N, X)."""
    x, precision = np.tile(start, (len(variance), 1)), 1 / variance

    def cost(x: Array) -> Array:
        c = terms.coefficients(x)
        data = ((0.5 * c @ normal - right) * c).sum(axis=1)
        return np.asarray(data + 0.5 * (precision * x**2).sum(axis=1))

    def curvature(slopes: Array) -> Array:
        found = slopes.transpose(0, 2, 1) @ (normal @ slopes)
        each = np.arange(x.shape[1])
        found[:, each, each] += precision
        return found

    now = cost(x)
    for _ in range(_ROUNDS):
        slopes = terms.slopes(x)
        left = right - terms.coefficients(x) @ normal
        down = np.einsum("ncx,nc->nx", slopes, left) - precision * x
        step = np.linalg.solve(curvature(slopes), down[:, :, None])[:, :, 0]
        tried = np.array([cost(x + part * step) for part in _PARTS])
        best = tried.min(axis=0)
        better = best < now - _CONVERGED
        if not better.any():
            break
        part = np.array(_PARTS)[tried.argmin(axis=0)]
        x = np.where(better[:, None], x + part[:, None] * step, x)
        now = np.where(better, best, now)
    _, log_determinant = np.linalg.slogdet(curvature(terms.slopes(x)))
    return x, -now + 0.5 * np.log(precision).sum(axis=1) - 0.5 * log_determinant
