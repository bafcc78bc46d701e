"""Features of a planet -> the network's input tensors.

Everything is scaled to order one with fixed numbers, not with those of the set it is in.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.contracts.planet import Planet
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.instrument.molecules import MOLECULES, window_matrix
from spectramind.models.network import Inputs

if TYPE_CHECKING:  # the network needs no prior, and a GPU's machine may lack SciPy
    from spectramind.prior.spectral_prior import Posterior

Array = NDArray[np.float64]
UNIT = 1e-4  # 100 ppm, the size of a spectrum's structure
FGS1_CHANNELS = 6
NODE_CHANNELS = 7 + len(MOLECULES)
_LIMIT = 10.0  # an outlier of more than ten units tells the network nothing more


def sequence(planet: Planet, length: int) -> NDArray[np.float32]:
    """Light-curve channels, (length, 6): dips of both bands, residuals in their rms, jitter."""
    if len(planet.white) == 0:
        return np.zeros((length, FGS1_CHANNELS), dtype=np.float32)
    residual = planet.white - planet.model
    noise = np.maximum(residual.std(axis=0), 1e-9)
    depth = max(float(1 - planet.model.min()), 1e-6)
    scatter = np.maximum(planet.jitter.std(axis=0), 1e-9)
    channels = [(planet.model - 1) / depth, residual / noise, planet.jitter / scatter]
    stacked = np.concatenate(channels, axis=1)
    grid = np.linspace(0, len(stacked) - 1, length)
    even = [np.interp(grid, np.arange(len(stacked)), channel) for channel in stacked.T]
    return np.clip(np.stack(even, axis=1), -_LIMIT, _LIMIT).astype(np.float32)


def node_features(posterior: "Posterior") -> NDArray[np.float32]:
    """Features of each bin, (283, NODE_CHANNELS)."""
    level = posterior.mean[AIRS_BINS].mean()
    wavelength = bin_wavelengths()
    own = np.zeros(N_BINS)
    own[FGS1_BIN] = 1
    columns = [
        (posterior.mean - level) / UNIT,
        (posterior.depth - posterior.mean) / posterior.depth_sigma,
        np.log(posterior.sigma / UNIT),
        np.log(posterior.depth_sigma / UNIT),
        np.full(N_BINS, level / 0.01),
        (wavelength - 2.9) / 1.0,
        own,
        *window_matrix().astype(float),
    ]
    return np.clip(np.stack(columns, axis=1), -_LIMIT, _LIMIT).astype(np.float32)


def batch_inputs(
    planets: Sequence[Planet], posteriors: Sequence["Posterior"], length: int
) -> Inputs:
    """Stack planets into a batch on the CPU."""
    return inputs_of([sequence(planet, length) for planet in planets], posteriors)


def inputs_of(curves: Sequence[NDArray[np.float32]], posteriors: Sequence["Posterior"]) -> Inputs:
    """Stack light-curve channels (``sequence``) and posteriors into a batch on the CPU."""

    def stack(rows: Sequence[NDArray[np.floating]]) -> torch.Tensor:
        return torch.from_numpy(np.stack(rows).astype(np.float32))

    return Inputs(
        fgs1=stack(curves),
        nodes=stack([node_features(posterior) for posterior in posteriors]),
        mu0=stack([posterior.mean for posterior in posteriors]),
        sigma0=stack([posterior.sigma for posterior in posteriors]),
    )
