"""Depth of every bin and their covariance, given the white-light geometry.

Model of bin i, divided by its level: y_i = T_i (1 + e_i + p_i . pointing + drift_i) + D_i d_i, with
T_i the transit at the white-light radius, D_i = dT_i / d(k^2), e_i a level error, d_i the depth's
offset, and drift_i(t) = sum_jl c_jl P_j(t) L_l(i): P_j as in white light; L_0 is FGS1 alone, the
others are Legendre polynomials in wavelength over AIRS. c has a Gaussian prior; e, d, p are
free. Each bin's own (e_i, d_i, p_i) are eliminated first, the few c solved together, then put back:
what is left is a covariance "diagonal + low rank" over the bins.
"""

import numpy as np
from numpy.typing import NDArray

from spectramind.config.fit import FitConfig
from spectramind.features.drift import drift_basis, learn_covariance, legendre
from spectramind.features.white_fit import MAD, StarRow, TransitModel, WhiteFit, white_limb
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.models.measurement import Measurement

Array = NDArray[np.float64]
# Transit shapes vary slowly: they are computed in so many AIRS bins and interpolated between.
_NODES = 12
_DEPTH_STEP = 1e-4


def fit_bins(
    time_h: Array,
    flux: Array,
    pointing: Array,
    star: StarRow,
    limb: Array,
    white: WhiteFit,
    config: FitConfig,
) -> Measurement:
    """Least-squares depth per bin.

    Args:
        time_h: (T,) mid-exposure times [h].
        flux: (T, 283) light curves, any positive unit.
        pointing: (T, R) regressors with free coefficients in every bin; R may be 0.
        star: the planet's row of the star table.
        limb: (283, 2) limb darkening expected of the bins.
        white: the geometry.
        config: drift orders and prior.
    """
    offset = white.limb - white_limb(limb, np.median(flux, axis=0))
    transit, slope = _shapes(time_h, star, limb, offset, white, config.substep_h)
    level = (flux * transit).sum(axis=0) / (transit**2).sum(axis=0)
    y = flux / level - transit
    basis = drift_basis(time_h, config)
    loading = _loadings(config.drift_wavelength_order)

    # Per bin: design A = [T, D, T x pointing], drift columns B_j = T P_j.
    moved = [transit * regressor[:, None] for regressor in pointing.T]
    design = np.stack([transit, slope, *moved], axis=2).transpose(1, 0, 2)
    columns = (transit[:, :, None] * basis[:, None, :]).transpose(1, 0, 2)
    inverse = np.linalg.inv(np.einsum("ita,itb->iab", design, design))
    own = np.einsum("iab,itb,ti->ia", inverse, design, y)
    carry = np.einsum("iab,itb,itj->iaj", inverse, design, columns)
    left = columns - np.einsum("ita,iaj->itj", design, carry)
    rest = y - np.einsum("ita,ia->ti", design, own)
    noise = _noise(
        rest - np.einsum("itj,ij->ti", left, _free_drift(left, rest)),
        basis.shape[1] + design.shape[2],
    )

    weight = 1 / noise**2
    size = basis.shape[1] * loading.shape[1]
    normal = np.einsum("il,im,ijk->jlkm", loading * weight[:, None], loading, _gram(left))
    normal = normal.reshape(size, size)
    right = np.einsum("il,itj,ti->jl", loading * weight[:, None], left, rest).ravel()
    covariance = np.linalg.inv(normal + np.linalg.inv(learn_covariance(normal, right, config)))
    drift = (covariance @ right).reshape(basis.shape[1], loading.shape[1])

    solved = own - np.einsum("iaj,jl,il->ia", carry, drift, loading)
    gain = 1 + solved[:, 0]
    depth = white.bin_depth + solved[:, 1] / gain
    variance = noise**2 * inverse[:, 1, 1] / gain**2
    lever = np.einsum("ij,il->ijl", carry[:, 1, :], loading).reshape(N_BINS, size)
    drift_modes = lever @ np.linalg.cholesky(covariance)
    modes = np.concatenate([drift_modes, _geometry_modes(white)], axis=1)
    return Measurement(depth, variance, modes)


def _shapes(
    time_h: Array, star: StarRow, limb: Array, offset: Array, white: WhiteFit, substep_h: float
) -> tuple[Array, Array]:
    """Transit T and its slope dT/d(k^2) for every bin, both (T, 283).

    The limb darkening of a bin is the expected one plus the offset that white light showed.
    """
    model = TransitModel(time_h, star, substep_h)
    separation = model.separation(*white.values[:3])
    k_fgs1, k_airs = white.values[3:5]
    nodes = np.linspace(FGS1_BIN + 1, N_BINS - 1, _NODES).round().astype(int)
    limb = np.vstack([limb[FGS1_BIN] + offset[0], limb[nodes] + offset[1]])
    k = np.concatenate([[k_fgs1], np.full(_NODES, k_airs)])
    at = model.flux(separation, k, limb)
    up = model.flux(separation, np.sqrt(k**2 + _DEPTH_STEP), limb)
    slope = (up - at) / _DEPTH_STEP
    position = np.interp(np.arange(FGS1_BIN + 1, N_BINS), nodes, np.arange(_NODES))
    low = np.minimum(position.astype(int), _NODES - 2)
    share = position - low

    def spread(rows: Array) -> Array:
        airs = rows[1:]
        between = (1 - share)[:, None] * airs[low] + share[:, None] * airs[low + 1]
        return np.concatenate([rows[:1], between]).T

    return spread(at), spread(slope)


def _loadings(order: int) -> Array:
    """(283, order + 2): FGS1 alone, then Legendre polynomials over the AIRS wavelengths."""
    loading = np.zeros((N_BINS, order + 2))
    loading[FGS1_BIN, 0] = 1
    loading[FGS1_BIN + 1 :, 1:] = legendre(bin_wavelengths()[FGS1_BIN + 1 :], order)
    return loading


def _gram(left: Array) -> Array:
    return np.einsum("itj,itk->ijk", left, left)


def _free_drift(left: Array, rest: Array) -> Array:
    """Each bin's own drift coefficients, used only to measure its white noise."""
    return np.einsum("ijk,itk,ti->ij", np.linalg.pinv(_gram(left)), left, rest)


def _noise(residual: Array, fitted: int) -> Array:
    """(283,) white noise of one sample; robust, less the degrees of freedom the fit took."""
    freedom = max(len(residual) - fitted, 1)
    spread = MAD * np.median(np.abs(residual), axis=0)
    clipped = np.clip(residual, -4 * spread, 4 * spread)
    return np.maximum(np.sqrt((clipped**2).sum(axis=0) / freedom), 1e-7)


def _geometry_modes(white: WhiteFit) -> Array:
    """(283, 2) modes: uncertain geometry moves all depths of a detector together.

    Flat over the AIRS bins: modes proportional to the measured depths would carry their noise, and
    any average with such a covariance comes out too low (Peelle's pertinent puzzle).
    """
    values, vectors = np.linalg.eigh(white.geometry_covariance)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    return half[np.where(np.arange(N_BINS) == FGS1_BIN, 0, 1)]
