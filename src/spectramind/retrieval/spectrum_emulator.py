"""A network in place of the forward model: its spectra cost a hundredth, and are right to ppm.

It learns not depths but how high the atmosphere is opaque, in scale heights. With A the opaque
area over that of the disc at 10 bar, R0 the radius there and a its scale height over R0,

    u = (1 - 1 / sqrt(A)) / a,    a = k T / (mu m_u g R0);

in an isothermal atmosphere u is ln of 10 bar over the pressure at the opaque radius (1/r is linear
in ln P, see ``physics.batch_model``), a smooth function of what is in the air.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from scipy.constants import Boltzmann, atomic_mass
from torch import Tensor, nn

from spectramind.instrument.grid import N_BINS
from spectramind.physics.batch_model import AtmosphereBatch, BatchModel
from spectramind.physics.layers import MAX_INFLATION, REFERENCE_PRESSURE_PA

# Fainter than these nothing is seen of a gas, of haze: what is absent has a logarithm, too.
_FAINTEST_GAS, _FAINTEST_HAZE, _HIGHEST_CLOUD_PA = 1e-12, 1e-2, 1e-3
_LAYERS = 3


def scale_height(batch: AtmosphereBatch) -> Any:
    """a, (B,): of an isothermal atmosphere of its temperature, in radii at 10 bar."""
    kelvin = Boltzmann / atomic_mass / batch.mean_molecular_weight / batch.gravity_m_s2
    return kelvin / batch.planet_radius_m * batch.temperature_K


def inputs(batch: AtmosphereBatch) -> Tensor:
    """What the network sees of atmospheres, (B, F) in single precision."""
    columns = [
        batch.temperature_K,
        scale_height(batch),
        batch.planet_radius_m,
        _clip(batch.cloud_pressure_pa, _HIGHEST_CLOUD_PA, REFERENCE_PRESSURE_PA),
        _clip(batch.haze_factor, _FAINTEST_HAZE, None),
    ]
    gases = _clip(batch.fractions, _FAINTEST_GAS, None)
    found = [torch.log(_tensor(column))[:, None] for column in columns]
    found += [torch.log(_tensor(gases)), _tensor(batch.haze_slope)[:, None]]
    if batch.grey is not None:
        found.append(_tensor(batch.grey))
    return torch.cat(found, 1)


def surface(batch: AtmosphereBatch, depth: Any) -> Tensor:
    """u of (B, 283) depths without spots; its rounding is far below a ppm of depth."""
    ratio = _tensor(batch.planet_radius_m / batch.star_radius_m).double()[:, None]
    root = _tensor(depth).double().sqrt() / ratio
    return ((1 - 1 / root) / _tensor(scale_height(batch)).double()[:, None]).float()


class SpectrumEmulator(nn.Module):
    """Atmospheres' inputs to u.

    Args:
        width: of the hidden layers. seen: numbers of ``inputs``.
    """

    def __init__(self, width: int, seen: int) -> None:
        super().__init__()
        sizes = [seen] + [width] * _LAYERS
        hidden = [
            layer for one, two in pairwise(sizes) for layer in (nn.Linear(one, two), nn.SiLU())
        ]
        self.layers = nn.Sequential(*hidden, nn.Linear(width, N_BINS))
        for name, size in (("centre", seen), ("spread", seen), ("mean", N_BINS), ("scale", 1)):
            self.register_buffer(name, torch.ones(size))

    def learn_scales(self, seen: Tensor, wanted: Tensor) -> None:
        """Centres and spreads of what goes in and comes out, of (n, F) and (n, 283) examples."""
        spread = seen.std(0)
        self.centre, self.mean = seen.mean(0), wanted.mean(0)
        # What is the same in all examples tells nothing.
        self.spread = torch.where(spread > 1e-6, spread, torch.ones_like(spread))
        self.scale = wanted.std().reshape(1)

    def forward(self, seen: Tensor) -> Tensor:
        """(B, F) -> (B, 283)."""
        found: Tensor = self.layers((seen - self.centre) / self.spread)
        return found * self.scale + self.mean

    def off(self, seen: Tensor, wanted: Tensor) -> Tensor:
        """Mean squared error in units of ``scale``, (B,)."""
        return ((self(seen) - wanted) / self.scale).pow(2).mean(1)


class EmulatedModel:
    """In place of a ``BatchModel``; NumPy arrays go in and come out.

    Args:
        exact: tells which atmospheres there can be. emulator: gives their spectra.
    """

    def __init__(self, exact: BatchModel, emulator: SpectrumEmulator) -> None:
        self._exact, self._emulator = exact, emulator

    def depths(self, batch: AtmosphereBatch) -> Any:
        """See ``BatchModel``."""
        with torch.no_grad():
            height = self._emulator(inputs(batch)).numpy()
        lost = np.clip(scale_height(batch)[:, None] * height, None, 1 - 1 / MAX_INFLATION)
        ratio = (batch.planet_radius_m / batch.star_radius_m)[:, None]
        return np.where(self._exact.possible(batch)[:, None], (ratio / (1 - lost)) ** 2, np.nan)


def _clip(values: Any, low: float | None, high: float | None) -> Any:
    return values.clip(low, high)


def _tensor(values: Any) -> Tensor:
    found = values if isinstance(values, Tensor) else torch.from_numpy(np.ascontiguousarray(values))
    return found.float()
