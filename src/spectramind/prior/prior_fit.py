"""Learning the spectral prior from labelled planets, random atmospheres, or both.

Moments are pooled as if the atmospheres were ``strength`` planets more, so that no number of labels
is too small. Where there is none, clusters of synthetic shapes describe most planets: some of our
own opacities and some of anybody's guess, in the shares that the settings say.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.model import PriorConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import AIRS_BINS, N_BINS
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.prior.clusters import Clusters, find_clusters, no_clusters, together
from spectramind.prior.error_model import STATED, Visits, fit_errors
from spectramind.prior.moments import Moments, blend, moments
from spectramind.prior.random_opacities import opacity_shapes
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import KnownStar, before, learn_patches

Array = NDArray[np.float64]
# Root mean square of shapes, a factor of two apart: no shape is far from one of them.
SIZES = 1e-6 * np.array([5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0])
MIN_PLANETS = 3
# Share of stars with spots, before any is seen. It counts as ten planets (prior/spotted.py): labels
# soon outweigh it, and what sets without labels show outweighs it too (ADR 0015).
_SPOTTED = 1e-3
_LEVEL_SPREAD = 2.0  # of the planets' scatter: the level is to be measured, not guessed


def fit_prior(truth: Array, measurements: Sequence[Visits], config: PriorConfig) -> SpectralPrior:
    """Learn prior and error factors on training planets.

    Args:
        truth: (n, 283) spectra of the training planets; n = 0 where atmospheres alone count.
        measurements: the visits of each of them, in the same order.
        config: where the prior comes from.

    Raises:
        ConfigError: labels are needed, and there are fewer than three.
    """
    labels, atmospheres = truth, truth[:0]
    if config.source == "atmosphere":
        labels, measurements = truth[:0], []
    elif len(truth) < MIN_PLANETS:
        raise ConfigError(
            f"{len(truth)} training planets: model.prior.source={config.source} needs "
            f"{MIN_PLANETS} or more labelled ones, model.prior.source=atmosphere none"
        )
    if config.source != "labels":
        atmospheres = atmosphere_spectra(config.atmospheres)
    level, shape, weight = (
        blend(moments(part(labels)), moments(part(atmospheres)).counting(config.strength))
        for part in (_level, _unit_shapes, _sizes)
    )
    stars = [KnownStar(y, visits) for y, visits in zip(labels, measurements, strict=True)]
    patchy, quiet = learn_patches(stars, before(_SPOTTED))
    kept = config.components if len(atmospheres) else min(config.components, len(labels) // 2)
    components, remainder = _components(shape, kept)
    return SpectralPrior(
        level=float(level.mean[0]),
        level_sigma=float(_LEVEL_SPREAD * np.sqrt(level.covariance[0, 0])),
        size=SIZES,
        weight=_smoothed(weight),
        shape=shape.mean,
        components=components,
        remainder=remainder,
        clusters=_clusters(config),
        errors=fit_errors(labels, quiet) if len(labels) else STATED,
        patchy=patchy,
        haze_share=config.haze_share,
        haze_depth=config.haze_depth,
    )


def _clusters(config: PriorConfig) -> Clusters:
    """Synthetic shapes beside the scale mixture, of our own opacities and of random ones."""
    asked = config.synthetic
    share = {"labels": 0.0, "both": asked.share_with_labels, "atmosphere": asked.share}
    if share[config.source] == 0:
        return no_clusters(N_BINS, config.components)
    own = atmosphere_spectra(asked.atmospheres)
    parts = (
        (1 - asked.random_opacities, own - _level(own)),
        (asked.random_opacities, opacity_shapes(asked.opacities)),
    )
    found = [
        find_clusters(shapes, asked.clusters, config.components).counting(part)
        for part, shapes in parts
    ]
    return together(*found).counting(share[config.source])


def _level(spectra: Array) -> Array:
    return spectra[:, AIRS_BINS].mean(axis=1, keepdims=True)


def _unit_shapes(spectra: Array) -> Array:
    """Shapes over the size nearest to theirs, (n, 283)."""
    shapes: Array = (spectra - _level(spectra)) / (_sizes(spectra) @ SIZES)[:, None]
    return shapes


def _sizes(spectra: Array) -> Array:
    """Which size is nearest to each shape's, one-hot, (n, G)."""
    rms = np.sqrt(((spectra - _level(spectra)) ** 2).mean(axis=1))
    distance = np.abs(np.log(np.maximum(rms, 1e-9))[:, None] - np.log(SIZES))
    return np.eye(len(SIZES))[distance.argmin(axis=1)]


def _smoothed(weight: Moments) -> Array:
    """Shares of the sizes, as if one planet more had each (Laplace's rule)."""
    counts = weight.count * weight.mean + 1
    return counts / counts.sum()


def _components(shape: Moments, kept: int) -> tuple[Array, Array]:
    """Principal components times their standard deviations, (283, K), and the variance left."""
    values, axes = np.linalg.eigh(shape.covariance)
    first = slice(len(values) - kept, None)
    components = axes[:, first] * np.sqrt(np.maximum(values[first], 0.0))
    left = np.diag(shape.covariance) - (components**2).sum(axis=1)
    return components, np.maximum(left, 0.0)
