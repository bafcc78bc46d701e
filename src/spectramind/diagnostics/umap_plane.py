"""Planets on a plane by UMAP (McInnes, Healy & Melville 2018)."""

import importlib
import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from spectramind.config.diag_latents import UmapConfig
from spectramind.errors import ConfigError

Array = NDArray[np.float64]
_FEWEST = 4  # points of which UMAP makes a plane


def umap_plane(values: Array, settings: UmapConfig) -> Array:
    """Coordinates that keep near what is near, (N, 2); the same for the same seed.

    Args:
        values: (N, K) standardised. settings: neighbours, how dense, seed.

    Raises:
        ConfigError: the package is not installed, or there are too few points.
    """
    if len(values) < _FEWEST:
        raise ConfigError(f"diag.umap: {len(values)} planets make no plane, {_FEWEST} are needed")
    try:
        umap = importlib.import_module("umap")
    except ImportError as error:
        raise ConfigError(
            f"diagnose umap needs umap-learn ({error}): run `pip install 'spectramind[explain]'`"
        ) from error
    count = min(settings.n_neighbors, len(values) - 1)
    with warnings.catch_warnings():
        # It says that a seed costs parallelism.
        warnings.simplefilter("ignore", UserWarning)
        model = umap.UMAP(
            n_neighbors=count,
            # Its own search compiles for seconds what NumPy does at once.
            precomputed_knn=(*_neighbours(values, count), None),
            force_approximation_algorithm=True,
            min_dist=settings.min_dist,
            random_state=settings.seed,
            n_jobs=1,
            # Spectral positions need more points than directions.
            init="spectral" if len(values) > 2 * settings.n_neighbors else "random",
        )
        return np.asarray(model.fit_transform(values), dtype=np.float64)


def _neighbours(values: Array, count: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows of each point's nearest points, itself first, and distances to them, (N, count)."""
    distance = cdist(values, values)
    np.fill_diagonal(distance, -1.0)
    rows = np.argsort(distance, axis=1, kind="stable")[:, :count]
    near = np.maximum(np.take_along_axis(distance, rows, axis=1), 0.0)
    return rows.astype(np.int32), near.astype(np.float32)
