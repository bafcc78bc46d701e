"""Effect: pointing jitter.

Units: FGS1 pixels. Place in the chain: moves the star's image before it meets the pixels. One
pointing track for both detectors, sampled at every FGS1 cycle (0.4 s). Equation: white noise plus
an Ornstein-Uhlenbeck part, whose power spectrum is 1 / (1 + (f / knee)^2). Source: scatter of real
centroids, 0.10 px in FGS1 and 0.013 px in AIRS, which averages 12 samples at its own plate scale.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from spectramind.config.sim_detector import JitterConfig
from spectramind.simulation.clock import FGS1_CYCLES_AN_AIRS_CYCLE

_SAMPLE_S = 0.4


def _memory(jitter: JitterConfig) -> float:
    """Correlation of the red part between one sample and the next."""
    return float(np.exp(-2 * np.pi * jitter.knee_hz * _SAMPLE_S))


def noise(
    rng: np.random.Generator, jitter: JitterConfig, series: int, samples: int
) -> NDArray[np.float64]:
    """Noise of unit rms with the pointing's power spectrum, (series, samples)."""
    white = rng.standard_normal((series, samples))
    kicks = rng.standard_normal((series, samples))
    memory = _memory(jitter)
    kicks[:, 1:] *= np.sqrt(1 - memory**2)  # the first kick starts the process in its steady state
    slow = lfilter([1.0], [1.0, -memory], kicks, axis=1)
    share = jitter.slow_fraction
    return np.asarray(np.sqrt(1 - share) * white + np.sqrt(share) * slow)


def mean_variance(jitter: JitterConfig, samples: int) -> float:
    """Variance of the mean of so many consecutive samples of ``noise``."""
    memory = _memory(jitter)
    rest = 1 - memory
    red = (samples * rest * (1 + memory) - 2 * memory * (1 - memory**samples)) / (
        samples * rest
    ) ** 2
    return (1 - jitter.slow_fraction) / samples + jitter.slow_fraction * red


def draw_track(rng: np.random.Generator, jitter: JitterConfig, samples: int) -> NDArray[np.float64]:
    """Pointing error (row, column) at every FGS1 cycle, (2, samples) [FGS1 px]."""
    return jitter.factor * jitter.fgs1_px * noise(rng, jitter, 2, samples)


def airs_plate_scale(jitter: JitterConfig) -> float:
    """AIRS pixels an FGS1 pixel: what brings an AIRS cycle's mean to its own rms."""
    rms = jitter.fgs1_px * mean_variance(jitter, FGS1_CYCLES_AN_AIRS_CYCLE) ** 0.5
    return jitter.airs_px / float(rms)


def track_moments(
    track: NDArray[np.float64],
    width: NDArray[np.float64],
    samples_an_exposure: int,
    pairs: int,
) -> NDArray[np.float64]:
    """Mean of (1, dr, dc, dr^2, dc^2, dr dc) over each exposure, (6, pairs).

    An image that widens by a variance w is one that moves with it: both squares gain w.

    Args:
        track: (2, samples) displacement in the detector's own pixels.
        width: (samples,) what defocus adds to the variance of the width [its pixels squared].
        samples_an_exposure: samples of the track that one exposure averages.
        pairs: exposures.
    """
    used = samples_an_exposure * pairs
    dr, dc = track[:, :used].reshape(2, pairs, samples_an_exposure)
    wider = width[:used].reshape(pairs, samples_an_exposure)
    terms = (np.ones_like(dr), dr, dc, dr * dr + wider, dc * dc + wider, dr * dc)
    return np.stack([term.mean(-1) for term in terms])
