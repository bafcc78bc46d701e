"""Nested sampling by nautilus (Lange 2023, arXiv:2306.16923): slower, needs no good proposal."""

import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from spectramind.config.posteriors import SamplingConfig
from spectramind.errors import ConfigError
from spectramind.retrieval.log_weights import effective
from spectramind.retrieval.sampler import Target, Tick, WeightedPosterior

Array = NDArray[np.float64]
_IMPOSSIBLE = -1e30  # nautilus sorts likelihoods and wants them finite


def nautilus_is_there() -> bool:
    """Whether the package is installed."""
    return find_spec("nautilus") is not None


class NestedSampler:
    """nautilus with ``live_points``.

    Args:
        settings: live points, effective samples. file: where it goes on after it was stopped; None,
            or h5py not installed: it begins anew.

    Raises:
        ConfigError: nautilus is not installed.
    """

    def __init__(self, settings: SamplingConfig, file: Path | None = None) -> None:
        if not nautilus_is_there():
            raise ConfigError(
                "nested sampling needs the package nautilus: pip install "
                "'spectramind[retrieval]', or set retrieval.sampling.sampler=importance"
            )
        self._settings = settings
        self._file = file if find_spec("h5py") is not None else None

    def sample(self, target: Target, seed: int, tick: Tick) -> WeightedPosterior:
        """Sample it to the end."""
        from nautilus import Sampler

        def likelihood(points: Array) -> Any:
            value = target.log_likelihood(points)
            tick(len(points))
            return np.where(np.isfinite(value), value, _IMPOSSIBLE)

        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # scikit-learn, which nautilus trains with, swallows Ctrl-C and SIGTERM, and warns.
            warnings.filterwarnings("error", message="Training interrupted")
            sampler = Sampler(
                target.from_unit,
                likelihood,
                n_dim=target.dimensions,
                n_live=self._settings.live_points,
                vectorized=True,
                pass_dict=False,
                seed=seed % 2**32,
                filepath=None if self._file is None else str(self._file),
                resume=True,
            )
            try:
                # Points of the exploration pull ln Z down, by 0.5 in ten dimensions.
                done = sampler.run(
                    n_eff=max(self._settings.effective, 1000),
                    discard_exploration=True,
                    verbose=False,
                )
            except UserWarning as swallowed:
                raise swallowed.__context__ or KeyboardInterrupt from swallowed
            points, log_weight, log_likelihood = sampler.posterior()
        return WeightedPosterior(
            points=np.asarray(points),
            log_weight=np.asarray(log_weight) - float(logsumexp(log_weight)),
            log_likelihood=np.asarray(log_likelihood),
            ln_z=float(sampler.log_z),
            ln_z_error=float(1 / np.sqrt(effective(np.asarray(log_weight)))),
            spectra=int(sampler.n_like),
            path="nested",
            converged=bool(done),
            why="nested sampling",
        )
