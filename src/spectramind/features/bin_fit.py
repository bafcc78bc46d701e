"""Depth of every bin and their covariance, with the drift and geometry that all bins share.

Model of bin i, divided by its level: y_i = T_i (1 + e_i + p_i . pointing + drift_i + red_i) +
D_i d_i + G_i . g, with T_i the transit, D_i = dT_i / d(k^2) and G_i its slopes over the geometry,
e_i a level error, d_i the depth's offset, g the geometry's, and drift_i(t) = sum_jl c_jl P_j(t)
L_l(i): P_j as in white light; L_0 is FGS1 alone, the others are Legendre polynomials in wavelength
over AIRS.
red_i is noise with memory (memory_noise.py), cosines in time with the same loadings and one more,
d ln F / d column: AIRS's own motion x(t) along the dispersion, whatever FGS1 shows of the pointing.
Since a planet's spectrum of that shape moves the light alike in transit, x is found together with
the depths, and what cannot be told apart stands in the covariance; nothing of the spectrum is
regressed away. Bins stray from that slope: once x is known they follow it by a coefficient more. c
and g have priors; e, d, p are free. Each bin's own (e_i, d_i, p_i) are eliminated first, the few
(c, g) solved together, then put back: what is left is a covariance "diagonal + low rank" over the
bins. The geometry starts at the white-light fit's and the solution is repeated around the one it
finds (Gauss-Newton), till it settles.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag
from scipy.ndimage import median_filter
from scipy.signal import savgol_filter

from spectramind.config.fit import FitConfig
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.star_row import StarRow
from spectramind.features.drift import drift_basis, legendre
from spectramind.features.memory_noise import cosines
from spectramind.features.population import Population
from spectramind.features.shapes import GEOMETRY, ShapeModel, Shapes
from spectramind.features.shared import GeometryPrior, Shared, solve_shared
from spectramind.features.white_fit import (
    MAD,
    expected_geometry,
    geometry_prior,
    white_depth,
    white_limb,
    within,
)
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths

Array = NDArray[np.float64]
# Share of each round's step that is taken: near b = 0, where the transit is even in b, full ones
# may go to and fro.
_DAMPING = (1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25)
# Sigmas a depth may move in a round: less than the first is the end, more than the other a doubt.
_SETTLED, _UNSETTLED = 0.1, 1.0
_MEDIAN, _SMOOTH = 5, (11, 2)  # columns; columns and order of the parabola that has the slope
_SOUND = 1e-9  # of the trace of a normal matrix: keeps it invertible
_LARGEST = np.array([0.05, 0.1, 0.2, *[0.1] * 4])  # step: t0 [h], log_a, b, limb darkening


@dataclass(frozen=True)
class Light:
    """What a visit shows.

    Attributes:
        time_h: (T,) mid-exposure times [h].
        flux: (T, 283) light curves, any positive unit.
        pointing: (T, R) regressors with free coefficients in every bin; R may be 0.
    """

    time_h: Array
    flux: Array
    pointing: Array


@dataclass(frozen=True)
class BinFit:
    """Result of the bin fit.

    Attributes:
        measured: depths and covariance.
        values: (9,) parameters in the order of ``PARAMETERS``, the radii those of the mean depths.
        offsets: posterior mean (6,) and covariance (6, 6) of the offsets of ``population``.
        settled: whether depths had stopped moving with the geometry.
    """

    measured: Measurement
    values: Array
    offsets: tuple[Array, Array]
    settled: bool


def fit_bins(
    light: Light,
    star: StarRow,
    limb: Array,
    start: Array,
    population: Population,
    config: FitConfig,
) -> BinFit:
    """Depth per bin.

    Args:
        light: the light curves.
        star: the planet's row of the star table.
        limb: (283, 2) limb darkening expected of the bins.
        start: (9,) parameters of the white-light fit.
        population: how planets stray from table and expected limb darkening.
        config: drift orders and scales.
    """
    # No more waves than the samples tell apart.
    count = len(light.time_h)
    waves = min(config.red_terms, count // 4), min(config.motion_terms, count // 2)
    config = config.model_copy(update={"red_terms": waves[0], "motion_terms": waves[1]})
    expected = white_limb(limb, np.median(light.flux, axis=0))
    model = ShapeModel(light.time_h, star, limb, expected, config.substep_h)
    centre, covariance = geometry_prior(star, expected, population)
    # Of the mid-time nothing is known beforehand.
    prior = GeometryPrior(np.append(0.0, centre), block_diag(0.0, np.linalg.inv(covariance)))
    basis = np.column_stack(
        [drift_basis(light.time_h, config), cosines(light.time_h, config.motion_terms)]
    )
    span_h = float(np.ptp(light.time_h))
    motion = np.zeros(len(light.time_h))
    values, variance, last = start, None, np.full(N_BINS, np.inf)
    for damping in _DAMPING:
        system = _eliminate(light, basis, motion, model.at(values), config)
        at = values[list(GEOMETRY)]
        shared = solve_shared(system.normal, system.right, at, prior, variance, config, span_h)
        fit, variance = system.measure(shared, values), shared.variances
        motion = basis[:, -config.motion_terms :] @ shared.motion
        change, last = fit.depth - last, fit.depth
        moved = float(np.abs(change / np.sqrt(fit.total_variance)).max())
        if moved < _SETTLED:
            break
        step = _target(values, shared.geometry, fit) - values
        values = within(values + damping * step, light.time_h)
    # How far the solution still moves is part of what is not known.
    fit = Measurement(fit.depth, fit.variance, np.column_stack([fit.modes, change]))
    found = (at + shared.geometry)[1:] - expected_geometry(star, expected)
    root = shared.root[-len(found) :]
    return BinFit(fit, values, (found, root @ root.T), moved < _UNSETTLED)


def _target(values: Array, geometry: Array, fit: Measurement) -> Array:
    """Parameters a full step away: the geometry's, and the radii of the mean depths."""
    moved = values.copy()
    moved[list(GEOMETRY)] += np.clip(geometry, -_LARGEST, _LARGEST)
    airs = np.average(fit.depth[AIRS_BINS], weights=1 / fit.variance[AIRS_BINS])
    moved[3:5] = np.sqrt(np.maximum([fit.depth[FGS1_BIN], airs], 1e-6))
    return moved


@dataclass(frozen=True)
class _System:
    """Normal equations of the shared coefficients, and how to get back to the bins.

    Attributes:
        normal, right: (C, C) and (C,), in units of the noise.
        own: (283, 2) each bin's own level and depth without shared coefficients.
        lever: (283, 2, C) what a shared coefficient takes from them.
        noise: (283,) white noise of a sample.
        spread: (283,) variance of the depth for noise 1.
    """

    normal: Array
    right: Array
    own: Array
    lever: Array
    noise: Array
    spread: Array

    def measure(self, shared: Shared, values: Array) -> Measurement:
        """Depths once the shared coefficients are known."""
        solved = self.own - self.lever @ shared.mean
        gain = 1 + solved[:, 0]
        return Measurement(
            depth=white_depth(values) + solved[:, 1] / gain,
            variance=self.noise**2 * self.spread / gain**2,
            modes=self.lever[:, 1] @ shared.root,
        )


def _eliminate(
    light: Light, basis: Array, motion: Array, shapes: Shapes, config: FitConfig
) -> _System:
    transit = shapes.transit
    level = (light.flux * transit).sum(axis=0) / (transit**2).sum(axis=0)
    y = light.flux / level - transit
    # Per bin: design A = [T, D, T x motion, T x pointing]; shared columns: drift T P_j, noise with
    # memory T cos_j, then geometry.
    moved = [transit * regressor[:, None] for regressor in (motion, *light.pointing.T)]
    moved[0][:, FGS1_BIN] = 0
    design = np.stack([transit, shapes.depth, *moved], axis=2).transpose(1, 0, 2)
    drift = transit[:, :, None] * basis[:, None, :]
    columns = np.concatenate([drift, shapes.geometry], axis=2).transpose(1, 0, 2)
    gram = design.transpose(0, 2, 1) @ design
    gram[:, 2, 2] += (_neighbour_noise(y) / config.column_slope) ** 2
    inverse = np.linalg.inv(gram)
    solve = inverse @ design.transpose(0, 2, 1)
    own = np.einsum("iat,ti->ia", solve, y)
    carry = solve @ columns
    left = columns - design @ carry
    rest = y - np.einsum("ita,ia->ti", design, own)
    functions = basis.shape[1]
    slow = config.drift_order + 1 + config.red_terms
    noise = _noise(left[:, :, :slow], rest, slow + design.shape[2])
    # Not ``left`` twice: where coefficients have priors, eliminating them is no projection.
    weighted = columns.transpose(0, 2, 1) / noise[:, None, None] ** 2
    loading = _loadings(config.drift_wavelength_order)
    first = config.drift_order + 1
    spread = _Spread(
        [
            (slice(0, first), loading),
            (slice(first, first + config.red_terms), loading),
            (slice(first, functions), _column_slope(level)[:, None]),
            (slice(functions, None), np.ones((N_BINS, 1))),
        ]
    )
    return _System(
        normal=spread.both(weighted @ left),
        right=spread.last(np.einsum("ijt,ti->ij", weighted, rest)).sum(axis=0),
        own=own[:, :2],
        lever=spread.last(carry[:, :2]),
        noise=noise,
        spread=inverse[:, 1, 1],
    )


class _Spread:
    """From columns to shared coefficients: a group of columns has a set for each loading."""

    def __init__(self, groups: Sequence[tuple[slice, Array]]) -> None:
        """Groups in order: which columns, and their loadings (283, L)."""
        self._groups = groups

    def last(self, rows: Array) -> Array:
        """Spread the last axis, (283, ..., columns)."""
        parts = [
            (rows[..., which, None] * loading.reshape(N_BINS, *[1] * (rows.ndim - 1), -1)).reshape(
                *rows.shape[:-1], -1
            )
            for which, loading in self._groups
        ]
        return np.concatenate(parts, axis=-1)

    def both(self, gram: Array) -> Array:
        """Spread both axes of (283, columns, columns) and sum over the bins."""
        rows = [
            [self._block(gram[:, here, there], left, right) for there, right in self._groups]
            for here, left in self._groups
        ]
        return np.block(rows)

    @staticmethod
    def _block(gram: Array, left: Array, right: Array) -> Array:
        """sum_i left_il right_im gram_ifg as ((f, l), (g, m))."""
        pairs = (left[:, :, None] * right[:, None, :]).reshape(N_BINS, -1)
        _, rows, columns = gram.shape
        summed = pairs.T @ gram.reshape(N_BINS, -1)
        summed = summed.reshape(left.shape[1], right.shape[1], rows, columns)
        spread = summed.transpose(2, 0, 3, 1)
        return np.asarray(spread.reshape(rows * left.shape[1], columns * right.shape[1]))


def _loadings(order: int) -> Array:
    """(283, order + 2): FGS1 alone, then Legendre polynomials over the AIRS wavelengths."""
    loading = np.zeros((N_BINS, order + 2))
    loading[FGS1_BIN, 0] = 1
    loading[AIRS_BINS, 1:] = legendre(bin_wavelengths()[AIRS_BINS], order)
    return loading


def _column_slope(level: Array) -> Array:
    """(283,) d ln F / d column: what bins follow where AIRS moves along the dispersion."""
    slope = np.zeros(N_BINS)
    # Bad pixels make single columns fainter: the median takes them out before the slope is read.
    even = median_filter(np.log(level[AIRS_BINS]), _MEDIAN)
    slope[AIRS_BINS] = savgol_filter(even, *_SMOOTH, deriv=1)
    return slope


def _neighbour_noise(y: Array) -> Array:
    """(283,) noise from the scatter of neighbours."""
    steps = np.abs(np.diff(y, axis=0))
    return np.asarray(MAD * np.median(steps, axis=0) / np.sqrt(2))


def _noise(left: Array, rest: Array, fitted: int) -> Array:
    """(283,) white noise of one sample, with a drift of each bin's own; robust.

    The degrees of freedom that the fit took are allowed for.
    """
    gram = left.transpose(0, 2, 1) @ left
    ridge = _SOUND * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(gram.shape[1])
    right = np.einsum("itk,ti->ik", left, rest)[..., None]
    own = np.linalg.solve(gram + ridge, right)
    residual = rest - (left @ own)[..., 0].T
    freedom = max(len(residual) - fitted, 1)
    spread = MAD * np.median(np.abs(residual), axis=0)
    clipped = np.clip(residual, -4 * spread, 4 * spread)
    return np.maximum(np.sqrt((clipped**2).sum(axis=0) / freedom), 1e-7)
