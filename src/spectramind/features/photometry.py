"""FGS1 photometry: the star's flux by its own image or by an aperture, and where the star stands.

``psf`` fits each exposure by A x mean image + constant, as the AIRS extraction does: noise near the
photon limit, but more of the jitter, which the transit fit takes out again. ``aperture`` sums a
disc less an annulus. The annulus holds starlight as well as foreground; subtracting it takes the
same fraction of the star from every exposure, so relative depths stay right.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from spectramind.config.features import PhotometryConfig
from spectramind.features.extraction import amplitude_weights


@dataclass(frozen=True)
class Photometry:
    """A white light curve.

    Attributes:
        flux: float32 (T,) [e per exposure].
        variance: float32 (T,) [e^2].
        centroid: float32 (T, 2), row and column [px].
    """

    flux: NDArray[np.float32]
    variance: NDArray[np.float32]
    centroid: NDArray[np.float32]


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


def aperture(
    shape: tuple[int, ...], centre: tuple[float, float], radius_px: float
) -> NDArray[np.float64]:
    """Weights of a disc, 1 inside, falling linearly to 0 over the pixel at its edge."""
    rows, columns = np.indices(shape)
    distance = np.hypot(rows - centre[0], columns - centre[1])
    return np.clip(radius_px + 0.5 - distance, 0.0, 1.0)


def annulus(
    shape: tuple[int, ...], centre: tuple[float, float], radii_px: tuple[float, float]
) -> NDArray[np.float64]:
    """Weights of a ring, summing to 1."""
    inner, outer = (aperture(shape, centre, radius) for radius in radii_px)
    return (outer - inner) / (outer - inner).sum()


def star_forms(
    image: NDArray[np.float64], spread: NDArray[np.float64], config: PhotometryConfig
) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The linear forms of a frame that photometry takes, centred on the mean image's star.

    Args:
        image, spread: (32, 32) mean exposure and its variance [e], [e^2].

    Returns:
        (4, 32, 32) weights of the flux, of the aperture less background, and of its moments about
        the centre along rows and columns; the centre, row and column [px].
    """
    shape = image.shape
    centre = find_star(image, config.aperture_px)
    disc = aperture(shape, centre, config.aperture_px)
    ring = annulus(shape, centre, config.annulus_px)
    net = disc - disc.sum() * ring  # a linear form of the frame: aperture less background
    down, along = np.indices(shape) - np.array(centre)[:, None, None]
    moments = [offset * disc - (offset * disc).sum() * ring for offset in (down, along)]
    star = net
    if config.method == "psf":
        weights = amplitude_weights(image.reshape(-1, 1), spread.reshape(-1, 1))
        star = weights.reshape(shape) * (net * image).sum()
    return np.stack([star, net, *moments]), centre


def photometry(
    sums: NDArray[np.floating], noise: NDArray[np.floating], centre: tuple[float, float]
) -> Photometry:
    """Photometry from what the four ``star_forms`` read, (4, T), and the flux's variance, (T,)."""
    flux, total, down_sum, along_sum = sums
    lit = total > 0  # an exposure without star has no centroid: it keeps the mean one
    shift = np.stack([down_sum, along_sum]) / np.where(lit, total, 1.0) * lit
    centroid = (shift.T + np.array(centre)).astype(np.float32)
    return Photometry(flux.astype(np.float32), noise.astype(np.float32), centroid)


def measure(
    frames: NDArray[np.float32], variance: NDArray[np.float32], config: PhotometryConfig
) -> Photometry:
    """Photometry of all exposures.

    Args:
        frames, variance: (T, 32, 32) [e], [e^2], masked samples filled.
    """
    image, spread = (cube.mean(axis=0, dtype=np.float64) for cube in (frames, variance))
    forms, centre = star_forms(image, spread, config)
    flat = forms.reshape(4, -1).astype(np.float32)
    sums = flat @ frames.reshape(len(frames), -1).T
    noise = variance.reshape(len(variance), -1) @ (flat[0] ** 2)
    return photometry(sums, noise, centre)


def jitter(centroid: NDArray[np.float32], window: int) -> NDArray[np.float32]:
    """Centroid less its running median over ``window`` exposures (made odd), (T, 2) [px]."""
    odd = min(window, len(centroid)) // 2 * 2 + 1
    slow = [median_filter(axis, size=odd, mode="nearest") for axis in centroid.T.copy()]
    return centroid - np.stack(slow, axis=1)  # per axis: SciPy's fast path is one-dimensional
