"""Normal equations of what all bins of a visit share, each bin's own coefficients eliminated.

The shared columns of bin i are T_i B_f(t) L_s(i), functions of time with loadings over the bins,
and its slopes over the geometry; its own are A_i = (T_i, D_i, T_i x motion, T_i x pointing). With
M_i = 1 - A_i (A_i' A_i + prior)^-1 A_i', the matrix is sum_i C_i' M_i C_i / noise_i^2. Functions
are the same in all bins: the sum over the bins is done sample by sample first, and what M_i takes
away is of low rank, so a full set of cosines costs little.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter
from scipy.signal import savgol_filter

from spectramind.config.fit import FitConfig
from spectramind.contracts.measurement import Measurement
from spectramind.features.drift import drift_basis, legendre
from spectramind.features.memory_noise import cosines
from spectramind.features.shapes import Shapes
from spectramind.features.shared import Shared, SharedColumns
from spectramind.features.transit_model import white_depth
from spectramind.features.white_problem import MAD, neighbour_noise
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths

Array = NDArray[np.float64]
_MEDIAN, _SMOOTH = 5, (11, 2)  # columns; columns and order of the parabola that has the slope
_SOUND = 1e-9  # of the trace of a normal matrix: keeps it invertible


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
class NormalEquations:
    """Normal equations of the shared coefficients, and how to get back to the bins.

    Attributes:
        normal, right: (C, C) and (C,), in units of the noise, geometry last.
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


@dataclass(frozen=True)
class OwnColumns:
    """Each bin's light curve and what its own coefficients belong to.

    Attributes:
        level: (283,) of the star; y: (T, 283) flux over it, less the transit.
        design: (T, 283, A) columns A_i.
        inverse: (283, A, A) of their normal matrices, the prior's precision included.
    """

    level: Array
    y: Array
    design: Array
    inverse: Array


class Elimination:
    """What of the normal equations stays the same wherever the geometry is."""

    def __init__(self, light: Light, columns: SharedColumns, config: FitConfig) -> None:
        """For one visit's light and the columns its bins share."""
        self._light, self._columns, self._config = light, columns, config
        self._basis = np.column_stack(
            [drift_basis(light.time_h, config), cosines(light.time_h, columns.waves)]
        )
        self._loadings = _loadings(config)
        # Functions of which each bin may have its own when its noise is read.
        alone = columns.sources[0]
        self._slow = config.drift_order + 1 + alone.stop - alone.start

    def motion(self, shared: Shared) -> Array:
        """AIRS's own motion over the samples, (T,) [px]."""
        return np.asarray(self._basis[:, self._config.drift_order + 1 :] @ shared.motion)

    def own_columns(self, shapes: Shapes, motion: Array) -> "OwnColumns":
        """What each bin's own coefficients belong to; arguments as of ``at``."""
        light, transit = self._light, shapes.transit
        level = (light.flux * transit).sum(axis=0) / (transit**2).sum(axis=0)
        y = light.flux / level - transit
        moved = [transit * regressor[:, None] for regressor in (motion, *light.pointing.T)]
        moved[0][:, FGS1_BIN] = 0
        design = np.stack([transit, shapes.depth, *moved], axis=2)
        gram = np.einsum("tia,tib->iab", design, design, optimize=True)
        gram[:, 2, 2] += (neighbour_noise(y) / self._config.column_slope) ** 2
        return OwnColumns(level, y, design, np.linalg.inv(gram))

    def shared_course(self, shapes: Shapes, level: Array, coefficients: Array) -> Array:
        """What shared coefficients (C,) do to every sample of every bin, (T, 283)."""
        waves = np.zeros((self._basis.shape[1], self._loadings.shape[1] + 1))
        drifts, geometry = np.split(coefficients, [len(self._columns.function)])
        np.add.at(waves, (self._columns.function, self._columns.loading), drifts)
        course = shapes.transit * (self._basis @ waves @ self._loading(level).T)
        return np.asarray(course + shapes.geometry @ geometry)

    def _loading(self, level: Array) -> Array:
        return np.column_stack([self._loadings, _column_slope(level)])

    def at(self, shapes: Shapes, motion: Array) -> NormalEquations:
        """Normal equations around shapes of the transit.

        Args:
            shapes: transit and its slopes.
            motion: (T,) AIRS's own motion as far as it is known: bins stray from its slope.
        """
        transit, bins = shapes.transit, self.own_columns(shapes, motion)
        level, y, design, inverse = bins.level, bins.y, bins.design, bins.inverse
        own = np.einsum("iab,tib,ti->ia", inverse, design, y, optimize=True)
        rest = y - np.einsum("tia,ia->ti", design, own)
        # (283, A, F) and (283, A, G): what own coefficients and columns have in common.
        across = np.tensordot(design * transit[:, :, None], self._basis, axes=(0, 0))
        geometry = np.einsum("tia,tig->iag", design, shapes.geometry, optimize=True)
        noise = self._noise(design, transit, inverse @ across[:, :, : self._slow], rest)
        loading = self._loading(level)
        function, which = self._columns.function, self._columns.loading
        common = np.concatenate(
            [across[:, :, function] * loading[:, None, which], geometry], axis=2
        )
        root = np.linalg.cholesky(inverse) / noise[:, None, None]
        taken = (root.transpose(0, 2, 1) @ common).reshape(-1, common.shape[2])
        return NormalEquations(
            normal=self._dense(shapes, loading, noise) - taken.T @ taken,
            right=self._right(shapes, loading, rest / noise**2),
            own=own[:, :2],
            lever=inverse[:, :2] @ common,
            noise=noise,
            spread=inverse[:, 1, 1],
        )

    def _dense(self, shapes: Shapes, loading: Array, noise: Array) -> Array:
        """sum_i C_i' C_i / noise_i^2."""
        function, which = self._columns.function, self._columns.loading
        weight = (shapes.transit / noise) ** 2
        pairs = np.einsum("ti,is,iz->szt", weight, loading, loading, optimize=True)
        moved = shapes.transit[:, :, None] * shapes.geometry / noise[:, None] ** 2
        slopes = np.einsum("tig,is->stg", moved, loading, optimize=True)
        sets = [np.flatnonzero(which == s) for s in range(loading.shape[1])]
        size = len(function) + shapes.geometry.shape[2]
        dense = np.empty((size, size))
        last = slice(len(function), None)
        for s, mine in enumerate(sets):
            waves = self._basis[:, function[mine]].T
            for z, others in enumerate(sets):
                block = (waves * pairs[s, z]) @ self._basis[:, function[others]]
                dense[np.ix_(mine, others)] = block
            dense[mine, last] = waves @ slopes[s]
            dense[last, mine] = dense[mine, last].T
        each = (shapes.geometry / noise[:, None]).reshape(-1, shapes.geometry.shape[2])
        dense[last, last] = each.T @ each
        return dense

    def _right(self, shapes: Shapes, loading: Array, weighted: Array) -> Array:
        """sum_i C_i' M_i y_i / noise_i^2; own coefficients are orthogonal to what they leave."""
        shown = (weighted * shapes.transit) @ loading
        waves = (self._basis.T @ shown)[self._columns.function, self._columns.loading]
        return np.append(waves, np.einsum("tig,ti->g", shapes.geometry, weighted))

    def _noise(self, design: Array, transit: Array, carry: Array, rest: Array) -> Array:
        """(283,) white noise of one sample, with slow courses of each bin's own; robust.

        The degrees of freedom that the fit took are allowed for.
        """
        slow = transit.T[:, :, None] * self._basis[:, : self._slow]
        left = slow - design.transpose(1, 0, 2) @ carry
        gram = left.transpose(0, 2, 1) @ left
        ridge = _SOUND * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(self._slow)
        right = np.einsum("itk,ti->ik", left, rest)[..., None]
        solved = np.linalg.solve(gram + ridge, right)
        residual = rest - (left @ solved)[..., 0].T
        freedom = max(len(residual) - self._slow - design.shape[2], 1)
        spread = MAD * np.median(np.abs(residual), axis=0)
        clipped = np.clip(residual, -4 * spread, 4 * spread)
        return np.maximum(np.sqrt((clipped**2).sum(axis=0) / freedom), 1e-7)


def _loadings(config: FitConfig) -> Array:
    """(283, order + 2): FGS1 alone, then Legendre polynomials over the AIRS wavelengths."""
    loading = np.zeros((N_BINS, config.drift_wavelength_order + 2))
    loading[FGS1_BIN, 0] = 1
    wavelengths = bin_wavelengths()[AIRS_BINS]
    loading[AIRS_BINS, 1:] = legendre(wavelengths, config.drift_wavelength_order)
    return loading


def _column_slope(level: Array) -> Array:
    """(283,) d ln F / d column: what bins follow where AIRS moves along the dispersion."""
    slope = np.zeros(N_BINS)
    # Bad pixels make single columns fainter: the median takes them out before the slope is read.
    even = median_filter(np.log(level[AIRS_BINS]), _MEDIAN)
    slope[AIRS_BINS] = savgol_filter(even, *_SMOOTH, deriv=1)
    return slope
