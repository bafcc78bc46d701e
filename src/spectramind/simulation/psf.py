"""Images of the star: where one electron's worth of light falls on the detector.

Units: fraction of the light a pixel. Place in the chain: after the star's light, before jitter.
Constants, fitted to real mean images (what widens them is ``jitter.defocus_px2``):

- AIRS, along the rows of each column: a Gaussian that widens with the wavelength, in wings
  (1 + (y/h)^2)^-1.35; two rows hold 44 % (3.9 um) to 64 % (2 um), the wings reach every row.
- FGS1: two Gaussians that make the asymmetric core, one for the arc, (1 + (r/h)^2)^-1.1 wings.

How they move: at four times the real jitter FGS1 moves by more than its core is wide, so its image
is rendered at many displacements (see motion). AIRS moves 0.17 px rms then, and its image is its
Taylor series,

    I(dr, dc) = P - dr P_r - dc P_c + dr^2 P_rr / 2 + dc^2 P_cc / 2 + dr dc P_rc,

so that the mean image of many reads needs only the mean of (1, dr, dc, dr^2, dc^2, dr dc). What
that leaves out of extracted light is 2 % of the photons' noise then, in the worst bin. Motion keeps
all light but that of wings that cross the frame's edge: FGS1 loses or gains less than 1e-3 of the
light a pixel of motion.

A pixel's sensitivity inside (detector.intra_pixel) weights the light on a grid of 5 x 5 in FGS1, of
5 rows in AIRS, whose spectrum hardly varies within a column.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.instrument.grid import airs_column_wavelengths
from spectramind.simulation.motion import Motion, make_motion

_OVERSAMPLING = 5
_STEP_PX = 0.1
_AIRS_CENTRE_ROW = 15.56
_FGS1_CENTRE = (15.4, 15.4)
# weight, row, column, sigma row, sigma column, correlation
_FGS1_CORES = (
    (0.534, 15.08, 15.57, 0.79, 1.11, 0.51),
    (0.349, 16.31, 15.79, 1.63, 1.15, -0.26),
    (0.070, 13.28, 10.88, 1.07, 3.75, 0.40),
)
_FGS1_WING_WEIGHT = 0.047
_FGS1_WING_PX = 4.55
_FGS1_WING_POWER = 1.10


def _subpixels(count: int) -> NDArray[np.float64]:
    """Positions that sample ``count`` pixels, (count * _OVERSAMPLING,)."""
    offset = (np.arange(_OVERSAMPLING) - (_OVERSAMPLING - 1) / 2) / _OVERSAMPLING
    return (np.arange(count)[:, None] + offset).ravel()


def _weights() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Place in a pixel, and its square less the mean square, at each sub-pixel."""
    place = (np.arange(_OVERSAMPLING) - (_OVERSAMPLING - 1) / 2) / _OVERSAMPLING
    return place, place**2 - (place**2).mean()


def _airs_profile(row_shift: float) -> NDArray[np.float64]:
    """Fraction of each column's light in each row, the source moved by row_shift.

    Weighted inside the pixels with (1, u, v, u^2 + v^2 - mean), (4, 32, 356); the light is even
    along v.
    """
    wavelength = airs_column_wavelengths()
    sigma = 0.30 + 0.264 * wavelength
    wing_weight = 0.935 - 0.170 * wavelength
    wing_px = 2.14 + 1.68 * (wavelength - 2.54)

    def shape(shift: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        y = _subpixels(AIRS.height)[:, None] - _AIRS_CENTRE_ROW - shift
        return np.exp(-0.5 * (y / sigma) ** 2), (1 + (y / wing_px) ** 2) ** -1.35

    core, wing = shape(row_shift)
    core_at_rest, wing_at_rest = shape(0.0)
    profile = (1 - wing_weight) * core / core_at_rest.sum(0)
    profile += wing_weight * wing / wing_at_rest.sum(0)
    fine = profile.reshape(AIRS.height, _OVERSAMPLING, AIRS.width)
    place, square = _weights()
    along_u = (np.ones(_OVERSAMPLING), place, np.zeros(_OVERSAMPLING), square)
    return np.einsum("ku,huw->khw", np.stack(along_u), fine)


def _fgs1_image(row_shift: float, column_shift: float) -> NDArray[np.float64]:
    """Fraction of the light in each pixel, the source moved by the shifts.

    Weighted inside the pixels with (1, u, v, u^2 + v^2 - mean), (4, 32, 32).
    """
    row = _subpixels(FGS1.height)[:, None] - row_shift
    column = _subpixels(FGS1.width) - column_shift
    image = np.zeros((row.size, column.size))
    for weight, row0, column0, sigma_row, sigma_column, rho in _FGS1_CORES:
        u, v = (row - row0) / sigma_row, (column - column0) / sigma_column
        exponent = (u * u - 2 * rho * u * v + v * v) / (1 - rho * rho)
        norm = 2 * np.pi * sigma_row * sigma_column * np.sqrt(1 - rho * rho)
        image += weight * np.exp(-0.5 * exponent) / norm / _OVERSAMPLING**2
    image += _FGS1_WING_WEIGHT * _wing(row, column) / _wing_sum()
    fine = image.reshape(FGS1.height, _OVERSAMPLING, FGS1.width, _OVERSAMPLING)
    place, square = _weights()
    one = np.ones(_OVERSAMPLING)
    along_u, along_v = (one, place, one, square), (one, one, place, one)
    weighted = np.einsum("ku,kv,hufv->khf", np.stack(along_u), np.stack(along_v), fine)
    weighted[3] += np.einsum("v,hufv->hf", square, fine)
    return weighted


def _wing(row: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    r2 = (row - _FGS1_CENTRE[0]) ** 2 + (column - _FGS1_CENTRE[1]) ** 2
    return (1 + r2 / _FGS1_WING_PX**2) ** -_FGS1_WING_POWER


@lru_cache(maxsize=1)
def _wing_sum() -> float:
    return float(_wing(_subpixels(FGS1.height)[:, None], _subpixels(FGS1.width)).sum())


def even_sensitivity(shape: tuple[int, int]) -> NDArray[np.float64]:
    """A detector whose pixels respond alike everywhere inside, (4, H, W)."""
    sensitivity = np.zeros((4, *shape))
    sensitivity[0] = 1.0
    return sensitivity


@lru_cache(maxsize=4)
def fgs1_motion(reach_px: float) -> Motion:
    """FGS1's image wherever it moves within the reach; images (K, 4, 32, 32) as ``_fgs1_image``."""
    return make_motion(_fgs1_image, reach_px)


def fgs1_basis(motion: Motion, sensitivity: NDArray[np.float64]) -> NDArray[np.float64]:
    """The images that the motion's moments multiply, (K, 32, 32).

    Args:
        motion: see ``fgs1_motion``.
        sensitivity: (4, 32, 32), see detector.intra_pixel.
    """
    return np.einsum("khf,bkhf->bhf", sensitivity, motion.images)


@lru_cache(maxsize=1)
def _airs_row_basis() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    h = _STEP_PX
    up, rest, down = _airs_profile(h), _airs_profile(0.0), _airs_profile(-h)
    return rest, (up - down) / (2 * h), (up - 2 * rest + down) / (2 * h * h)


def airs_basis(
    column_light: NDArray[np.float64], sensitivity: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The six images for AIRS, (6, 32, 356), as fractions of each column's own light.

    Along the columns it is the spectrum itself that moves: its derivatives, over the light at
    rest.

    Args:
        column_light: (356,) light of each column, any unit.
        sensitivity: (4, 32, 356), see detector.intra_pixel.
    """
    rest, row1, row2 = _airs_row_basis()

    def along_columns(profile: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.gradient(profile * column_light, axis=-1) / column_light)

    column1 = -along_columns(rest)
    column2 = -along_columns(column1) / 2
    basis = np.stack([rest, row1, column1, row2, column2, -along_columns(row1)])
    return np.einsum("khw,bkhw->bhw", sensitivity, basis)
