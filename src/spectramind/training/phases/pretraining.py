"""What the phases without labels share: visits as the network sees them, and what is handed on."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from spectramind.models.network import Inputs, SpectraMind

# Parts of the network that pretraining trains and the next phase begins with.
ENCODERS = ("fgs1", "airs")


@dataclass(frozen=True)
class UnlabelledVisits:
    """Visits to learn from and visits to stop by; on the CPU, no spectrum among them."""

    train: Inputs
    stop: Inputs


def picked(inputs: Inputs, rows: slice | Tensor) -> Inputs:
    """Some rows of a batch."""
    return Inputs(**{f.name: getattr(inputs, f.name)[rows] for f in fields(inputs)})


def row_count(inputs: Inputs) -> int:
    """Rows of a batch."""
    return len(inputs.mu0)


def epoch_order(count: int, size: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Rows of each batch of one epoch in random order; a last one of a single row joins the
    batch before, for losses that compare rows.
    """
    order = torch.from_numpy(rng.permutation(count))
    yield from order.split(batch_sizes(count, size))


def batch_sizes(count: int, size: int) -> list[int]:
    """Sizes of an epoch's batches."""
    sizes = [size] * (count // size) + ([count % size] if count % size else [])
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [sizes[-2] + 1]
    return sizes


def encoder_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those of ``weights`` that belong to the encoders, by their names in the network."""
    heads = tuple(f"{part}." for part in ENCODERS)
    return {name: value for name, value in weights.items() if name.startswith(heads)}


def load_encoders(network: SpectraMind, weights: dict[str, Tensor]) -> None:
    """Give a network the encoders of another; the rest stays as it is.

    Raises:
        RuntimeError: they are of another shape, or not all are there.
    """
    own = network.state_dict()
    lacking = encoder_weights(own).keys() ^ weights.keys()
    if lacking:
        raise RuntimeError(f"encoders differ in {', '.join(sorted(lacking)[:3])}")
    network.load_state_dict(own | weights)


def mean_of_chosen(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of (B, N, ...) over the chosen (B, N) of each row, (B, ...)."""
    weight = chosen.to(values.dtype).view(*chosen.shape, *[1] * (values.dim() - chosen.dim()))
    return (values * weight).sum(1) / weight.sum(1)


def in_tokens(series: Tensor, stride: int) -> Tensor:
    """Steps (n, T, ...) as tokens (n, L, stride, ...), the last filled with the last step."""
    missing = -series.shape[1] % stride
    rest = series[:, -1:].expand(-1, missing, *series.shape[2:])
    return torch.cat([series, rest], dim=1).unflatten(1, (-1, stride))


def steps_of(tokens: Tensor, stride: int, length: int) -> Tensor:
    """The steps (n, length, 1) that chosen tokens (n, L) hold."""
    return tokens.repeat_interleave(stride, 1)[:, :length, None]
