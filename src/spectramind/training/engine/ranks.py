"""One training in several processes (``torchrun``): who takes which rows, and what they share.

Every process draws the same batches and works its own rows of each; the gradients are summed over
all of them before a step, so that the weights move as those of one process with the same batches
do, up to the order of sums. (A loss that compares items, InfoNCE, compares those of one process.)
After a step all hold the same weights; validation is computed by all and the first one's counts.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from spectramind.errors import RuntimeRiskError, SchemaError
from spectramind.run.processes import Processes, processes

Value = TypeVar("Value")
# Longest wait for another process: it may prepare its data on a busy machine.
_PATIENCE = timedelta(minutes=20)


class Ranks:
    """This process among those of the training; where it is alone nothing is sent.

    Args:
        here: what torchrun says. device: where the network is.
    """

    def __init__(self, here: Processes, device: torch.device) -> None:
        self.rank, self.count, self.first = here.rank, here.count, here.first
        self.device = device
        if self.count > 1 and not dist.is_initialized():
            backend = "nccl" if device.type == "cuda" else "gloo"
            with _others_may_fail():
                dist.init_process_group(backend, timeout=_PATIENCE)

    def rows(self, count: int) -> slice:
        """Of ``count`` rows those that are this process's own; none where there are too few."""
        return slice(count * self.rank // self.count, count * (self.rank + 1) // self.count)

    def part_ways(self) -> None:
        """Go on with other draws of torch (dropout) than the others; each by its own number."""
        if self.rank:
            torch.manual_seed(torch.initial_seed() + self.rank)

    def give_weights(self, network: nn.Module) -> None:
        """The first one's weights and buffers to all, in place."""
        if self.count > 1:
            with _others_may_fail():
                for value in network.state_dict().values():
                    dist.broadcast(value, src=0)

    def give(self, values: Tensor) -> Tensor:
        """The first one's values, (n,) on the CPU, to all."""
        if self.count == 1:
            return values
        sent = values.to(self.device)
        with _others_may_fail():
            dist.broadcast(sent, src=0)
        return sent.cpu()

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Sum over all; a parameter without a gradient anywhere stays without."""
        if self.count == 1:
            return
        every = list(parameters)
        there = torch.tensor([float(p.grad is not None) for p in every], device=self.device)
        own = [(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in every]
        sent = torch.cat([there, *(gradient.float() for gradient in own)])
        with _others_may_fail():
            dist.all_reduce(sent)
        owners, summed = sent[: len(every)].tolist(), sent[len(every) :]
        parts = summed.split([p.numel() for p in every])
        for parameter, owner, part in zip(every, owners, parts, strict=True):
            parameter.grad = part.view_as(parameter).to(parameter.dtype) if owner else None

    def gather(self, own: Value) -> list[Value]:
        """What each of them has, in their order; plain values."""
        if self.count == 1:
            return [own]
        found: list[Any] = [None] * self.count
        with _others_may_fail():
            dist.all_gather_object(found, own)
        return found

    def require_the_same(self, value: object, path: str) -> None:
        """Refuse to go on where not all have the same.

        Raises:
            SchemaError: settings, data or the state to go on from differ.
        """
        every = self.gather(value)
        if any(other != every[0] for other in every):
            raise SchemaError(
                f"the {self.count} processes of torchrun see different data, settings or {path}: "
                "paths.* must name folders that all of them share, and no other run may write them"
            )


def ranks_on(device: torch.device) -> Ranks:
    """This process's place, as torchrun says; it meets the others at the first call."""
    return Ranks(processes(), device)


def leave_together() -> None:
    """Part from the others in good order, after all work; without others nothing."""
    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def _others_may_fail() -> Iterator[None]:
    """One line where another process is gone, instead of a backend's trace.

    Raises:
        RuntimeRiskError: another process ended or does not answer.
    """
    try:
        yield
    except RuntimeError as error:  # torch.distributed.DistError is one
        raise RuntimeRiskError(
            f"process {os.environ.get('RANK', '0')} of torchrun lost the others: one of them ended "
            "or does not answer, its own message says why; the same command goes on from the last "
            "finished epoch"
        ) from error
