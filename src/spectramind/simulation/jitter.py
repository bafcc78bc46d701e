"""Effect: pointing jitter.

Units: FGS1 pixels. Place in the chain: moves the star's image before it meets the pixels. One
pointing track for both detectors, sampled at every FGS1 cycle (0.4 s): white, plus an
Ornstein-Uhlenbeck part of 300 s holding a hundredth of the variance, 0.10 px in all on either axis
(scatter of real FGS1 centroids). AIRS averages 12 samples and sees them at its plate scale, which
leaves the 0.013 px measured there.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

_SCATTER_PX = 0.10
_SLOW_SHARE = 0.01
_SLOW_S = 300.0
_SAMPLE_S = 0.4
AIRS_PLATE_SCALE = 0.427


def draw_track(rng: np.random.Generator, samples: int) -> NDArray[np.float64]:
    """Pointing error (row, column) at every FGS1 cycle, (2, samples) [px]."""
    white = rng.standard_normal((2, samples))
    kicks = rng.standard_normal((2, samples))
    memory = np.exp(-_SAMPLE_S / _SLOW_S)
    kicks[:, 1:] *= np.sqrt(1 - memory**2)  # the first kick starts the process in its steady state
    slow = lfilter([1.0], [1.0, -memory], kicks, axis=1)
    return np.asarray(
        _SCATTER_PX * (np.sqrt(1 - _SLOW_SHARE) * white + np.sqrt(_SLOW_SHARE) * slow)
    )


def track_moments(
    track: NDArray[np.float64], samples_an_exposure: int, pairs: int
) -> NDArray[np.float64]:
    """Mean of (1, dr, dc, dr^2, dc^2, dr dc) over each exposure, (6, pairs).

    Args:
        track: (2, samples) displacement in the detector's own pixels.
        samples_an_exposure: samples of the track that one exposure averages.
        pairs: exposures.
    """
    dr, dc = track[:, : samples_an_exposure * pairs].reshape(2, pairs, samples_an_exposure)
    terms = (np.ones_like(dr), dr, dc, dr * dr, dc * dc, dr * dc)
    return np.stack([term.mean(-1) for term in terms])


def still(pairs: int) -> NDArray[np.float64]:
    """The moments without jitter, (6, pairs)."""
    moments = np.zeros((6, pairs))
    moments[0] = 1.0
    return moments
