"""Training of the proposing network: spectra of the prior, real noise drawn anew every batch."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.config.posteriors import ProposalConfig
from spectramind.config.retrieving import QUANTITIES
from spectramind.contracts.measurement import Measurement
from spectramind.retrieval.atmosphere_target import RADIUS, Coordinates, components, without
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.posterior_network import PosteriorNetwork, TrainedProposal
from spectramind.retrieval.spectrum_embedding import learn_embedding, noise_bank

Array = NDArray[np.float64]
_HELD_OUT = 0.05
_KNOWN_SCATTER = 0.15  # of what the star table tells, so that new planets are no strangers
_NOISE_SCATTER = 0.3  # of the size of errors
_ALL_THERE = 0.6  # of draws in which every component may be there
_AWAY = 0.25  # chance of each component to be away in the others
_CLIP = 4.0


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
        unit: (n, P) points of the unit cube; the radius's column is not used.
        ratio: (n,) radius over the star's; NaN where it is not free.
        known: (n, T). absent: (n, C) as 0 and 1. depth: (n, 283) single precision.
    """

    points: Array
    ratio: Array
    known: Array
    absent: Array
    depth: Array


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
        cube[possible], ratio[possible], table[possible], away[possible] * 1.0, depth[possible]
    )


def train_proposal(
    model: ForwardModel,
    examples: Examples,
    drawn: DrawnSpectra,
    config: ProposalConfig,
    seed: int,
    tick: Callable[[], None],
) -> TrainedProposal:
    """Train for ``config.epochs``, noise and its covariance drawn anew for every batch.

    Args:
        model: gives the parameters. examples: give the noise. drawn: spectra.
        config: sizes. seed: of weights, order and noise. tick: told after each epoch.
    """
    began, space = time.monotonic(), model.space
    torch.manual_seed(seed)
    order = torch.Generator().manual_seed(seed)
    embedding = learn_embedding(drawn.depth.astype(np.float64), config.components)
    bank = noise_bank(examples.measured, embedding.shapes)
    network = PosteriorNetwork(space, config, embedding.size)
    points = torch.from_numpy(_normal(drawn.points)).float()
    column = space.free.index(RADIUS) if RADIUS in space.free else None
    log_ratio = torch.from_numpy(np.log(drawn.ratio))
    centre, width = 0.0, 1.0
    if column is not None:
        offset = np.log(drawn.ratio) - np.log(drawn.depth.mean(1)) / 2
        centre, width = float(offset.mean()), float(offset.std())
    depth = torch.from_numpy(drawn.depth * np.float32(1e6))
    known = torch.from_numpy(np.log(drawn.known)).float()
    present = torch.from_numpy(1 - drawn.absent).float()

    def loss_of(rows: torch.Tensor) -> torch.Tensor:
        which = torch.randint(len(examples.measured), (len(rows),), generator=order)
        scale = torch.exp(_NOISE_SCATTER * torch.randn(len(rows), generator=order))
        noisy = torch.randn(len(rows), 283, generator=order) * bank.variance[which].sqrt()
        modes = bank.modes[which]
        common = torch.randn(len(rows), modes.shape[2], generator=order)
        noisy = noisy + torch.einsum("bnr,br->bn", modes, common)
        seen = depth[rows] + noisy * scale[:, None]
        level = (seen * bank.weight[which]).sum(1)
        good = level > 0.2 * depth[rows].mean(1)
        seen = torch.where(good[:, None], seen, depth[rows])
        target = points[rows].clone()
        if column is not None:
            level = (seen * bank.weight[which]).sum(1).double() * 1e-6
            target[:, column] = ((log_ratio[rows] - level.log() / 2 - centre) / width).float()
        density = network.density(embedding(seen, bank, which, scale), known[rows], present[rows])
        return -density.log_prob(target.clamp(-_CLIP - 1, _CLIP + 1))

    held = int(len(depth) * _HELD_OUT)
    rows = torch.randperm(len(depth), generator=order)
    test, train = rows[:held], rows[held:]
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.rate, weight_decay=1e-5)
    steps = config.epochs * (len(train) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 2 * config.rate, total_steps=steps, pct_start=0.1
    )
    course = []
    for _ in range(config.epochs):
        network.train()
        shuffled = train[torch.randperm(len(train), generator=order)]
        for first in range(0, len(train) - config.batch + 1, config.batch):
            loss = loss_of(shuffled[first : first + config.batch]).mean()
            optimiser.zero_grad()
            loss.backward()
            nn_norm = torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            if torch.isfinite(nn_norm):
                optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            course.append(float(torch.cat([loss_of(part) for part in test.split(256)]).mean()))
        tick()
    seconds = time.monotonic() - began
    return TrainedProposal(
        network, embedding, centre, width, tuple(course), len(train), seconds
    )


def _normal(cube: Array) -> Array:
    from scipy.special import ndtri

    return np.asarray(ndtri(cube))
