"""FGS1 photometry: the star's flux by its own image and by an aperture, and its motion.

``psf`` fits each exposure by A x mean image + constant, as the AIRS extraction does: noise near the
photon limit, but more of the jitter, which decorrelation takes out again. ``aperture`` sums a disc
less an annulus. The annulus holds starlight as well as foreground; subtracting it takes the same
fraction of the star from every exposure, so relative depths stay right.

The motion is fitted with the image's first and second differences, image and constant together:

    exposure = A (P - r P_r - c P_c + rr P_rr / 2 + cc P_cc / 2 + rc P_rc) + constant.

Defocus adds to rr and cc alike. The differences of an image that its pixels barely resolve are not
its derivatives, so the amplitudes mix a little: a regression on all five does not mind.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.extraction import amplitude_weights, joint_weights
from spectramind.config.calib import PhotometryConfig

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PSF, PSF_SLOPE, APERTURE, APERTURE_SLOPE, MOTION = range(5)  # the forms; five of motion
N_MOTION = 5  # row, column, row^2, column^2, row x column


@dataclass(frozen=True)
class Fgs1Forms:
    """The weighted sums that an exposure is read by.

    Attributes:
        weights: (9, 1024) of flux [e] and variance slope [e] by the image, of both by the aperture,
            and of five amplitudes of motion [px, px^2].
        offset: (2,) variances of the fluxes [e^2] where their slopes' sums are zero.
        centre: row and column of the mean image's star [px].
    """

    weights: Array
    offset: Array
    centre: tuple[float, float]


@dataclass(frozen=True)
class Fgs1Series:
    """A visit of FGS1.

    Attributes:
        flux, variance: (T,) by the star's image [e], [e^2].
        aperture_flux, aperture_variance: (T,) by the aperture less background.
        centroid: (T, 2) row and column [px].
        width: (T,) mean square width along rows and columns less the visit's mean [px^2].
        motion: (T, 5) row, column [px], row^2, column^2, row x column [px^2], of zero mean.
    """

    flux: Array
    variance: Array
    aperture_flux: Array
    aperture_variance: Array
    centroid: Array
    width: Array
    motion: Array


def find_star(image: NDArray[np.floating], radius_px: float) -> tuple[float, float]:
    """Row and column of the star in a mean image: centroid about the brightest pixel, refined once.

    Negative pixels weigh nothing here: a centroid needs weights, the image keeps its values.
    """
    weights = np.maximum(image - np.median(image), 0.0)
    rows, columns = np.indices(image.shape)
    row, column = (float(i) for i in np.unravel_index(int(np.argmax(image)), image.shape))
    for _ in range(2):
        near = weights * (np.hypot(rows - row, columns - column) <= radius_px)
        total = near.sum()
        if total > 0:
            row, column = float((near * rows).sum() / total), float((near * columns).sum() / total)
    return row, column


def aperture(shape: tuple[int, ...], centre: tuple[float, float], radius_px: float) -> Array:
    """Weights of a disc, 1 inside, falling linearly to 0 over the pixel at its edge."""
    rows, columns = np.indices(shape)
    distance = np.hypot(rows - centre[0], columns - centre[1])
    return np.clip(radius_px + 0.5 - distance, 0.0, 1.0)


def annulus(
    shape: tuple[int, ...], centre: tuple[float, float], radii_px: tuple[float, float]
) -> Array:
    """Weights of a ring, summing to 1."""
    inner, outer = (aperture(shape, centre, radius) for radius in radii_px)
    return (outer - inner) / (outer - inner).sum()


def aperture_weights(centre: tuple[float, float], good: Mask, config: PhotometryConfig) -> Array:
    """Aperture less background, a linear form of the frame; zeros where the annulus is all bad."""
    disc = aperture(good.shape, centre, config.aperture_px) * good
    ring = annulus(good.shape, centre, config.annulus_px) * good
    total = ring.sum()
    return disc - disc.sum() * ring / total if total > 0 else np.zeros(good.shape)


def motion_templates(image: Array) -> Array:
    """What a moving image adds, (5, 32, 32), see above; zeros along the frame's edge."""
    inner, middle = (slice(1, -1), slice(1, -1)), slice(1, -1)
    up, down, right, left = (
        image[2:, middle],
        image[:-2, middle],
        image[middle, 2:],
        image[middle, :-2],
    )
    corners = image[2:, 2:] - image[2:, :-2] - image[:-2, 2:] + image[:-2, :-2]
    templates = np.zeros((N_MOTION, *image.shape))
    templates[0][inner] = (down - up) / 2
    templates[1][inner] = (left - right) / 2
    templates[2][inner] = (up - 2 * image[inner] + down) / 2
    templates[3][inner] = (right - 2 * image[inner] + left) / 2
    templates[4][inner] = corners / 4
    return templates


def _with_good_neighbours(good: Mask) -> Mask:
    """Pixels off the frame's edge whose eight neighbours are good, as they are."""
    seen = np.zeros(good.shape, dtype=bool)
    around = np.lib.stride_tricks.sliding_window_view(good, (3, 3))
    seen[1:-1, 1:-1] = np.all(around, axis=(2, 3))
    return seen


def fgs1_forms(
    image: Array, variance: Array, flat: Array, bad: Mask, config: PhotometryConfig
) -> Fgs1Forms:
    """The sums of an exposure, centred on the mean image's star.

    Args:
        image, variance: (32, 32) mean exposure [e] and mean of its stated variance [e^2].
        flat: (32, 32) relative response: a sample of S electrons more has S / flat more variance.
        bad: (32, 32) pixels masked for good; their image may be anything, NaN included.
    """
    good = ~bad & np.isfinite(image) & (variance > 0)
    image, variance = np.where(good, image, 0.0), np.where(good, variance, 1.0)
    centre = find_star(image, config.aperture_px)
    net = aperture_weights(centre, good, config)

    column = (-1, 1)  # the frame as one column of pixels
    weights = amplitude_weights(
        image.reshape(column), variance.reshape(column), good.reshape(column)
    )
    star = weights.reshape(image.shape) * (net * image).sum()

    templates = np.concatenate([motion_templates(image), image[None]]).reshape(N_MOTION + 1, -1, 1)
    seen = _with_good_neighbours(good).reshape(column)
    motion, _ = joint_weights(templates, variance.reshape(column), seen)

    fluxes = np.stack([star, net])
    slopes = np.where(good, fluxes**2 / np.where(good, flat, 1.0), 0.0)
    offset = (fluxes**2 * variance - slopes * image).sum(axis=(1, 2))
    rows = [star, slopes[0], net, slopes[1]]
    flat_rows = np.stack(rows).reshape(len(rows), -1)
    return Fgs1Forms(np.concatenate([flat_rows, motion[:N_MOTION, :, 0]]), offset, centre)


def fgs1_series(sums: NDArray[np.floating], forms: Fgs1Forms) -> Fgs1Series:
    """Light curve and motion of a visit.

    Args:
        sums: (9, T) what the forms read in every exposure.
    """
    fluxes = sums[[PSF, APERTURE]].astype(np.float64)
    seen = np.any(forms.weights[[PSF, APERTURE]], axis=1, keepdims=True)
    spread = np.maximum(sums[[PSF_SLOPE, APERTURE_SLOPE]] + forms.offset[:, None], 0.0)
    spread = np.where(seen, spread, np.inf)
    typical = fluxes[0].mean()
    lit = (fluxes[0] > 0.5 * typical) & (typical > 0)  # an exposure without star has not moved
    scale = np.where(lit, typical / np.where(lit, fluxes[0], 1.0), 0.0)
    motion = sums[MOTION:].T * scale[:, None]
    width = motion[:, [2, 3]].mean(axis=1)
    return Fgs1Series(
        flux=fluxes[0],
        variance=spread[0],
        aperture_flux=fluxes[1],
        aperture_variance=spread[1],
        centroid=motion[:, :2] + np.array(forms.centre),
        width=width - width.mean(),
        motion=motion - motion.mean(axis=0),
    )
