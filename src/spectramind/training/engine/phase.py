"""What the engine asks of a phase."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from torch import Tensor, nn

Batch = TypeVar("Batch")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Judged:
    """A batch's loss: its differentiable total, a scalar, and what it is made of, by name."""

    total: Tensor
    parts: dict[str, float]


class Phase(Protocol[Batch, Answer]):
    """A loss over batches, and a validation; the engine does the rest."""

    @property
    def network(self) -> nn.Module:
        """What is trained, on the device it is trained on."""

    def batch_count(self) -> int:
        """Batches an epoch."""

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """One epoch. Whatever is random comes from ``rng`` or torch: a resumed run needs it."""

    def rows(self, batch: Batch) -> int:
        """Items in a batch."""

    def part(self, batch: Batch, rows: slice) -> Batch:
        """Some of its items, for a GPU that cannot hold all at once."""

    def answer(self, batch: Batch) -> Answer:
        """What the network says of a batch; under autocast where there is mixed precision."""

    def judge(self, batch: Batch, answer: Answer) -> Judged:
        """The loss of that answer, in full precision."""

    def evaluate(self) -> Tensor:
        """Loss of each validation item, (n,), on the CPU; the smaller its mean, the better."""
