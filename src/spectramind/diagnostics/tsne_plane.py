"""Planets on a plane by t-SNE (van der Maaten & Hinton 2008)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from spectramind.config.diag_latents import TsneConfig
from spectramind.errors import ConfigError

Array = NDArray[np.float64]
_FEWEST = 4  # points of which t-SNE makes a plane


def tsne_plane(values: Array, settings: TsneConfig) -> Array:
    """Coordinates that keep near what is near, (N, 2); begun at the principal axes, so that the
    same numbers have the same plane.

    Args:
        values: (N, K) standardised. settings: perplexity. Of few points the perplexity is at
            most a third.

    Raises:
        ConfigError: there are too few points.
    """
    if len(values) < _FEWEST:
        raise ConfigError(f"diag.tsne: {len(values)} planets make no plane, {_FEWEST} are needed")
    model = TSNE(
        perplexity=min(settings.perplexity, (len(values) - 1) / 3),
        init="pca",
        random_state=0,
        n_jobs=1,
    )
    with threadpool_limits(1):  # two threads take six times the processor time of one
        return np.asarray(model.fit_transform(values), dtype=np.float64)
