"""Training of retrieval's networks on spectra of the prior: noise is drawn anew every batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from spectramind.config.posteriors import EmulatorConfig, ProposalConfig
from spectramind.config.retrieving import QUANTITIES
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.retrieval.atmosphere_target import RADIUS, components, without
from spectramind.retrieval.fit_network import Course, Trained, fit_network
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.parameter_space import ParameterSpace
from spectramind.retrieval.posterior_network import PosteriorNetwork, TrainedProposal
from spectramind.retrieval.spectrum_embedding import (
    NoiseBank,
    SpectrumEmbedding,
    learn_embedding,
    noise_bank,
)
from spectramind.retrieval.spectrum_emulator import SpectrumEmulator, inputs, surface

Array = NDArray[np.float64]
CPU = torch.device("cpu")
_KNOWN_SCATTER = 0.15  # of what the star table tells, so that new planets are no strangers
_NOISE_SCATTER = 0.3  # of the size of errors
_ALL_THERE = 0.6  # of draws in which every component may be there
_AWAY = 0.25  # chance of each component to be away in the others
_FURTHEST = 4.9  # the flow's splines reach to 5
_LEAST_LEVEL = 0.2  # of the true one: below it noise is left out, there is no transit


@dataclass(frozen=True)
class Examples:
    """Planets of a work folder: what training takes noise and stars from.

    Attributes:
        measured: spectra with their covariances. known: what the table tells, one a planet.
        level: measured depths.
    """

    measured: Sequence[Measurement]
    known: Sequence[Mapping[str, float]]
    level: Array


@dataclass(frozen=True)
class DrawnSpectra:
    """Spectra without noise.

    Attributes:
        cube: (n, P) points of the unit cube; the radius's column is not used.
        ratio: (n,) radius over the star's; NaN where it is not free.
        known: (n, T). absent: (n, C) as 0 and 1. depth: (n, 283) in single precision.
    """

    cube: Array
    ratio: Array
    known: Array
    absent: Array
    depth: NDArray[np.float32]

    def table(self, space: ParameterSpace) -> dict[str, Array]:
        """What the star table would tell, (n,) by name."""
        return dict(zip(space.from_table, self.known.T, strict=True))

    def parameters(self, space: ParameterSpace) -> Array:
        """(n, P) of all components, those that are absent, too."""
        found = space.from_unit(self.cube, self.table(space))
        if RADIUS in space.free:
            found[:, space.free.index(RADIUS)] = self.ratio
        return found


def draw_spectra(
    model: ForwardModel, examples: Examples, config: ProposalConfig, count: int, seed: int
) -> DrawnSpectra:
    """Spectra of atmospheres of the prior, with stars and masses like the examples'.

    The radius is drawn around the root of an example's depth: elsewhere no posterior can be.
    Atmospheres that cannot be are left out, so that there may be fewer.
    """
    rng, space = np.random.default_rng(seed), model.space
    chosen = rng.integers(len(examples.measured), size=count)
    known = {
        name: np.clip(
            np.array([examples.known[n][name] for n in chosen])
            * np.exp(_KNOWN_SCATTER * rng.standard_normal(count)),
            QUANTITIES[name].low,
            QUANTITIES[name].high,
        )
        for name in space.from_table
    }
    cube = np.clip(rng.random((count, len(space.free))), 1e-9, 1 - 1e-9)
    parameters = space.from_unit(cube, known)
    ratio = np.full(count, np.nan)
    if RADIUS in space.free:
        column = space.free.index(RADIUS)
        ratio = np.sqrt(examples.level[chosen]) * np.exp(rng.uniform(*config.level_range, count))
        parameters[:, column] = ratio
    away = rng.random((count, len(components(space)))) < _AWAY
    away &= rng.random((count, 1)) > _ALL_THERE
    depth = model.depths(without(space, parameters, away), known).astype(np.float32)
    possible = np.isfinite(depth).all(1) & (depth > 0).all(1)
    table = np.stack([known[name] for name in space.from_table], 1) if known else cube[:, :0]
    return DrawnSpectra(
        cube=cube[possible],
        ratio=ratio[possible],
        known=table[possible],
        absent=np.array(away[possible], dtype=np.float64),
        depth=np.array(depth[possible], dtype=np.float32),
    )


class _Lesson:
    """Batches with noise drawn anew, and their loss."""

    def __init__(
        self,
        model: ForwardModel,
        examples: Examples,
        drawn: DrawnSpectra,
        config: ProposalConfig,
        device: torch.device,
    ) -> None:
        self.space = model.space
        self.embedding: SpectrumEmbedding = learn_embedding(
            drawn.depth.astype(np.float64), config.components
        )
        self.bank: NoiseBank = noise_bank(examples.measured, self.embedding.shapes).to(device)
        self.network = PosteriorNetwork(self.space, config, self.embedding.size).to(device)
        self._column = self.space.free.index(RADIUS) if RADIUS in self.space.free else None
        self.centre, self.width = 0.0, 1.0
        if self._column is not None:
            offset = np.log(drawn.ratio) - np.log(drawn.depth.mean(1)) / 2
            self.centre, self.width = float(offset.mean()), float(offset.std())
        self._points, self._log_ratio, self._depth, self._known, self._present = (
            torch.from_numpy(array).to(device, kind)
            for array, kind in (
                (ndtri(drawn.cube), torch.float32),
                (np.log(drawn.ratio), torch.float64),
                (drawn.depth * np.float32(1e6), torch.float32),
                (np.log(drawn.known), torch.float32),
                (1 - drawn.absent, torch.float32),
            )
        )

    def loss(self, rows: Tensor, order: torch.Generator) -> Tensor:
        """-ln q [nats] of some spectra, (B,)."""
        bank, count = self.bank, len(rows)
        where: dict[str, Any] = {"generator": order, "device": rows.device}
        which = torch.randint(len(bank.weight), (count,), **where)
        scale = torch.exp(_NOISE_SCATTER * torch.randn(count, **where))
        noise = torch.randn(count, N_BINS, **where) * bank.variance[which].sqrt()
        modes = bank.modes[which]
        common = torch.randn(count, modes.shape[2], **where)
        noise = noise + torch.einsum("bnr,br->bn", modes, common)
        clean = self._depth[rows]
        seen = clean + noise * scale[:, None]
        weight = bank.weight[which]
        deep = (seen * weight).sum(1) > _LEAST_LEVEL * (clean * weight).sum(1)
        seen = torch.where(deep[:, None], seen, clean)
        target = self._points[rows].clone()
        if self._column is not None:
            level = (seen * weight).sum(1).double() * 1e-6
            offset = self._log_ratio[rows] - level.log() / 2 - self.centre
            target[:, self._column] = (offset / self.width).float()
        embedded = self.embedding(seen, bank, which, scale)
        density = self.network.density(embedded, self._known[rows], self._present[rows])
        found: Tensor = -density.log_prob(target.clamp(-_FURTHEST, _FURTHEST))
        return found


def train_proposal(
    model: ForwardModel,
    examples: Examples,
    drawn: DrawnSpectra,
    config: ProposalConfig,
    seed: int,
    tick: Callable[[], None],
    file: Path | None = None,
    device: torch.device = CPU,
) -> TrainedProposal:
    """Train for ``config.epochs``, noise and its covariance drawn anew for every batch.

    Args:
        model: gives the parameters. examples: give the noise. drawn: spectra.
        config: sizes. seed: of weights, order and noise. tick: told after each epoch.
        file: see ``fit_network``. device: where it trains; the network comes back on the CPU.
    """
    torch.manual_seed(seed)
    lesson = _Lesson(model, examples, drawn, config, device)
    course = Course(config.epochs, config.batch, config.rate)
    told = fit_network(lesson.network, lesson.loss, len(drawn.depth), course, seed, tick, file)
    return TrainedProposal(
        lesson.network.cpu(),
        lesson.embedding,
        lesson.centre,
        lesson.width,
        told,
    )


def train_emulator(
    model: ForwardModel,
    drawn: DrawnSpectra,
    config: EmulatorConfig,
    seed: int,
    tick: Callable[[], None],
    file: Path | None = None,
    device: torch.device = CPU,
) -> tuple[SpectrumEmulator, Trained]:
    """Train the network that stands in for the forward model on the same spectra.

    Args:
        as ``train_proposal`` has them.
    """
    space = model.space
    parameters = without(space, drawn.parameters(space), drawn.absent.astype(bool))
    batch, spots = model.atmospheres(parameters, drawn.table(space))
    seen = inputs(batch)
    wanted = surface(batch, drawn.depth if spots is None else drawn.depth / spots)
    torch.manual_seed(seed)
    emulator = SpectrumEmulator(config.width, seen.shape[1])
    emulator.learn_scales(seen, wanted)
    emulator, seen, wanted = emulator.to(device), seen.to(device), wanted.to(device)

    def loss(rows: Tensor, order: torch.Generator) -> Tensor:
        return emulator.off(seen[rows], wanted[rows])

    course = Course(config.epochs, config.batch, config.rate, decay=0.0)
    told = fit_network(emulator, loss, len(drawn.depth), course, seed, tick, file)
    return emulator.cpu(), told
