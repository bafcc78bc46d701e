"""What reaches one detector: the light, how its image moves, and the diffuse foreground."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE


@dataclass(frozen=True)
class Scene:
    """Everything in front of the pixels.

    Attributes:
        light: electrons a second of the star, (W, T), or (1, T) where one source lights all.
        basis: (K, H, W) images of the source, see psf.
        moments: (K, T) what multiplies them: means over each exposure of functions of the source's
            displacement and width, see motion and jitter.
        foreground: (H, W) electrons a second.
        displacement: (5, T) means of (dr, dc, dr^2, dc^2, dr dc), see jitter: for the record.
    """

    light: NDArray[np.float64]
    basis: NDArray[np.float64]
    moments: NDArray[np.float64]
    foreground: NDArray[np.float64]
    displacement: NDArray[np.float64]

    def rate(self, row: int) -> NDArray[np.float64]:
        """Electrons a second on ideal pixels of one detector row, (W, T)."""
        image = self.basis[:, row].T @ self.moments
        return np.asarray(self.light * image + self.foreground[row][:, None])


def bins_to_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Spread (282, T) AIRS bins over the 356 columns; those outside follow the nearest bin."""
    nearest = AIRS_SCIENCE.stop - 1 - np.arange(AIRS.width)
    return values[np.clip(nearest, 0, len(values) - 1)]
