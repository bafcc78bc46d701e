"""Training of the proposing network: spectra of the prior, real noise drawn anew every batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from spectramind.config.posteriors import ProposalConfig
from spectramind.config.retrieving import QUANTITIES
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.retrieval.atmosphere_target import RADIUS, components, without
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.posterior_network import PosteriorNetwork, TrainedProposal
from spectramind.retrieval.spectrum_embedding import (
    NoiseBank,
    SpectrumEmbedding,
    learn_embedding,
    noise_bank,
)
from spectramind.run.atomic import atomic_path

Array = NDArray[np.float64]
_HELD_OUT = 0.05
_KNOWN_SCATTER = 0.15  # of what the star table tells, so that new planets are no strangers
_NOISE_SCATTER = 0.3  # of the size of errors
_ALL_THERE = 0.6  # of draws in which every component may be there
_AWAY = 0.25  # chance of each component to be away in the others
_FURTHEST = 4.9  # the flow's splines reach to 5
_LEAST_LEVEL = 0.2  # of the true one: below it noise is left out, there is no transit
_NORM = 5.0


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
    depth = np.asarray(model.spectrum(without(space, parameters, away), known), dtype=np.float32)
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
        self, model: ForwardModel, examples: Examples, drawn: DrawnSpectra, config: ProposalConfig
    ) -> None:
        self.space = model.space
        self.embedding: SpectrumEmbedding = learn_embedding(
            drawn.depth.astype(np.float64), config.components
        )
        self.bank: NoiseBank = noise_bank(examples.measured, self.embedding.shapes)
        self.network = PosteriorNetwork(self.space, config, self.embedding.size)
        self._points = torch.from_numpy(ndtri(drawn.cube)).float()
        self._log_ratio = torch.from_numpy(np.log(drawn.ratio))
        self._column = self.space.free.index(RADIUS) if RADIUS in self.space.free else None
        self.centre, self.width = 0.0, 1.0
        if self._column is not None:
            offset = np.log(drawn.ratio) - np.log(drawn.depth.mean(1)) / 2
            self.centre, self.width = float(offset.mean()), float(offset.std())
        self._depth = torch.from_numpy(drawn.depth * np.float32(1e6))
        self._known = torch.from_numpy(np.log(drawn.known)).float()
        self._present = torch.from_numpy(1 - drawn.absent).float()

    def loss(self, rows: Tensor, order: torch.Generator) -> Tensor:
        """-ln q [nats] of some spectra, (B,)."""
        count, bank = len(rows), self.bank
        which = torch.randint(len(bank.weight), (count,), generator=order)
        scale = torch.exp(_NOISE_SCATTER * torch.randn(count, generator=order))
        noise = torch.randn(count, N_BINS, generator=order) * bank.variance[which].sqrt()
        modes = bank.modes[which]
        common = torch.randn(count, modes.shape[2], generator=order)
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
) -> TrainedProposal:
    """Train for ``config.epochs``, noise and its covariance drawn anew for every batch.

    Args:
        model: gives the parameters. examples: give the noise. drawn: spectra.
        config: sizes. seed: of weights, order and noise. tick: told after each epoch.
        file: the state of a training that was stopped, which goes on to the same numbers.
    """
    began = time.monotonic()
    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    lesson = _Lesson(model, examples, drawn, config)
    network = lesson.network
    rows = torch.randperm(len(drawn.depth), generator=order)
    held = max(1, int(len(rows) * _HELD_OUT))
    test, train = rows[:held], rows[held:]
    batch = min(config.batch, len(train))
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.rate, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        2 * config.rate,
        total_steps=config.epochs * (len(train) // batch),
        pct_start=0.1,
    )
    holders: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
    course: list[float] = []
    spent = 0.0
    if file is not None and file.is_file():
        state = torch.load(file, weights_only=True)
        for name, holder in holders.items():
            holder.load_state_dict(state[name])
        order.set_state(state["order"])
        course, spent = state["course"], state["seconds"]
    for _ in range(len(course)):
        tick()
    for _ in range(len(course), config.epochs):
        network.train()
        shuffled = train[torch.randperm(len(train), generator=order)]
        for part in shuffled[: len(train) // batch * batch].split(batch):
            loss = lesson.loss(part, order).mean()
            optimiser.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), _NORM)
            if torch.isfinite(norm):
                optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            each = torch.cat([lesson.loss(part, order) for part in test.split(batch)])
        course.append(float(each.mean()))
        if file is not None:
            state = {name: holder.state_dict() for name, holder in holders.items()}
            state |= {"order": order.get_state(), "course": course}
            _keep(file, state | {"seconds": spent + time.monotonic() - began})
        tick()
    return TrainedProposal(
        network,
        lesson.embedding,
        lesson.centre,
        lesson.width,
        tuple(course),
        len(train),
        spent + time.monotonic() - began,
    )


def _keep(file: Path, state: dict[str, Any]) -> None:
    with atomic_path(file) as temporary:
        torch.save(state, temporary)
