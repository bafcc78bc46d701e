"""How an image moves: basis images times functions of its displacement, right at any displacement.

Units: pixels. Place in the chain: between jitter and defocus and the pixels. The image is rendered
at displacements on a grid of Chebyshev nodes that reaches beyond the track, so that each pixel is a
polynomial of the displacement,

    I(dr, dc) = sum_ij C_ij T_i(dr / reach) T_j(dc / reach),

whose coefficients' singular vectors are the basis images: as few as ``_RELATIVE_ERROR`` allows, 27
at the real jitter, 107 at four times that. The sum over pixels of what is wrong stays below 1e-4 of
the light. Widening by a variance w diffuses the image,

    exp(w lap / 2) = 1 + w lap / 2 + w^2 lap^2 / 8 + ...,

and the Laplacian of a polynomial is one, so it needs no images of its own: right to 1e-4 of the
light for |w| up to 0.03 px^2 in FGS1, four times the standard deviation of four times the real
defocus.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LEAST_REACH_PX = 0.6  # six times the real rms, so that nearly all visits share it
_NODES = 6  # nodes on an axis: these, and so many a pixel of reach, leave 1e-5 of the light
_NODES_A_PX = 5
_RELATIVE_ERROR = 2e-5  # smallest singular value that counts, over the largest
_BLOCK = 2**17  # numbers held at a time: they stay in cache


@dataclass(frozen=True)
class Motion:
    """An image that moves.

    Attributes:
        reach_px: largest displacement on either axis.
        images: (K, ...) basis images.
        series: (K, 3, n, n) Chebyshev coefficients of what multiplies them, one polynomial of
            (row, column) displacement over reach for each power of the widening.
    """

    reach_px: float
    images: Array
    series: Array

    def moments(self, track: Array, width: Array, samples_an_exposure: int, pairs: int) -> Array:
        """Mean of what multiplies the basis images over each exposure, (K, pairs).

        Args:
            track: (2, samples) displacement in the detector's own pixels.
            width: (samples,) what defocus adds to the variance of the width [its pixels squared].
            samples_an_exposure: samples of the track that one exposure averages.
            pairs: exposures.

        Raises:
            ValueError: the track leaves the reach, outside which polynomials mean nothing.
        """
        used = samples_an_exposure * pairs
        place = track[:, :used].reshape(2, pairs, samples_an_exposure) / self.reach_px
        if np.abs(place).max(initial=0.0) > 1:
            raise ValueError(f"displacements beyond the {self.reach_px} px rendered")
        wider = width[:used].reshape(pairs, samples_an_exposure)
        count, powers, order, _ = self.series.shape
        series = self.series.reshape(count, -1)
        block = max(1, _BLOCK // (order * max(powers * order, 3 * samples_an_exposure)))
        found = np.empty((count, pairs))
        for start in range(0, pairs, block):
            part = slice(start, start + block)
            found[:, part] = series @ _products(place[:, part], wider[part], powers, order).T
        return found


def _products(place: Array, wider: Array, powers: int, order: int) -> Array:
    """Means of w^p T_i T_j over the samples (2, pairs, samples), (pairs, powers * order^2)."""
    row, column = (chebyshev.chebvander(axis, order - 1) for axis in place)
    products = np.empty((len(wider), powers, order, order))
    for power in range(powers):
        np.matmul(row.swapaxes(1, 2), column, out=products[:, power])
        row = row * wider[..., None]
    return products.reshape(len(wider), -1) / wider.shape[1]


def reach_of(track: Array) -> float:
    """The reach that holds a track: one of few, so that visits share what was rendered."""
    reach = _LEAST_REACH_PX
    while np.abs(track).max(initial=0.0) > reach:
        reach *= 2
    return reach


def make_motion(render: Callable[[float, float], Array], reach_px: float) -> Motion:
    """Render an image (row displacement, column displacement) over the reach."""
    order = _NODES + int(np.ceil(_NODES_A_PX * reach_px))
    nodes = chebyshev.chebpts1(order)
    rendered = np.stack([[render(reach_px * r, reach_px * c) for c in nodes] for r in nodes])
    fit = np.linalg.inv(chebyshev.chebvander(nodes, order - 1))
    coefficients = np.einsum("ia,jb,ab...->ij...", fit, fit, rendered, optimize=True)
    left, size, right = np.linalg.svd(coefficients.reshape(order**2, -1), full_matrices=False)
    kept = int((size > _RELATIVE_ERROR * size[0]).sum())
    still = (left[:, :kept] * size[:kept]).T.reshape(kept, order, order)
    diffused = _laplacian(still) / reach_px**2 / 2
    twice = _laplacian(diffused) / reach_px**2 / 4
    images = right[:kept].reshape(kept, *rendered.shape[2:])
    return Motion(reach_px, images, np.stack([still, diffused, twice], axis=1))


def _laplacian(series: Array) -> Array:
    """Of polynomials of two variables, (K, n, n); their order stays, with zeros."""
    found = np.zeros_like(series)
    found[:, :-2] += chebyshev.chebder(series, 2, axis=1)
    found[:, :, :-2] += chebyshev.chebder(series, 2, axis=2)
    return found
