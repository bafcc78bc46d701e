"""Batches of planets, part of them measured anew."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets
from spectramind.models.inputs import batch_inputs
from spectramind.models.network import Inputs
from spectramind.prior.error_model import common
from spectramind.prior.spectral_prior import Posterior, SpectralPrior

Array = NDArray[np.float64]


def fixed_batches(
    fold: LabelledPlanets, prior: SpectralPrior, length: int, size: int
) -> list[tuple[Inputs, torch.Tensor]]:
    """All planets in order, as they were measured."""
    posteriors = prior.posteriors([planet.measurements for planet in fold.planets])
    return [
        _batch(fold, list(range(start, min(start + size, len(fold)))), posteriors, length)
        for start in range(0, len(fold), size)
    ]


def training_batches(
    fold: LabelledPlanets,
    measured: Sequence[Posterior],
    prior: SpectralPrior,
    length: int,
    size: int,
    redraw: float,
    spread: tuple[float, float],
    rng: np.random.Generator,
) -> Iterator[tuple[Inputs, torch.Tensor]]:
    """One epoch in random order.

    A share ``redraw`` of the planets gets depths drawn anew around what its star would make of the
    truth, from the covariance the error model believes the measurement to have: the network sees
    many measurements of each planet instead of one, and cannot learn its noise by heart. The
    covariance is scaled by a factor from ``spread``, so that it learns to look at the noise it
    finds.
    """
    order = rng.permutation(len(fold))
    for start in range(0, len(fold), size):
        picked = order[start : start + size].tolist()
        posteriors = list(measured)
        for i in picked:
            if rng.random() < redraw:
                again = redrawn(fold.planets[i].measurements, fold.truth[i], prior, spread, rng)
                posteriors[i] = prior.posterior(again)
        yield _batch(fold, picked, posteriors, length)


def redrawn(
    visits: Sequence[Measurement],
    truth: Array,
    prior: SpectralPrior,
    spread: tuple[float, float],
    rng: np.random.Generator,
) -> list[Measurement]:
    """The same visits of a planet with other noise, of which they share what lasts, and patches.

    Args:
        visits: as measured. truth: (283,) the planet's depths.
        prior: what is believed of errors and stars.
        spread: range of the factor on the covariance, drawn evenly in its logarithm.
        rng: draws.
    """
    scale = np.exp(0.5 * rng.uniform(*np.log(spread)))
    lasting = common(truth, prior.errors.lasting)
    seen = truth * prior.patchy.drawn(rng)
    centre = seen + scale * lasting @ rng.standard_normal(lasting.shape[1])
    again = []
    for visit in visits:
        own = prior.errors.of_visit(visit)
        noise = np.sqrt(own.variance) * rng.standard_normal(len(truth))
        noise += own.modes @ rng.standard_normal(own.modes.shape[1])
        again.append(replace(visit, depth=centre + scale * noise))
    return again


def _batch(
    fold: LabelledPlanets, picked: list[int], posteriors: Sequence[Posterior], length: int
) -> tuple[Inputs, torch.Tensor]:
    planets = [fold.planets[i] for i in picked]
    inputs = batch_inputs(planets, [posteriors[i] for i in picked], length)
    return inputs, torch.from_numpy(fold.truth[picked].astype(np.float32))
