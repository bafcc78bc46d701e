"""The training loop of retrieval's networks: one cycle of the learning rate, exact resume."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spectramind.run.atomic import atomic_path

Loss = Callable[[Tensor, torch.Generator], Tensor]
_HELD_OUT = 0.05
_NORM = 5.0
_WARM_UP = 0.1
_PEAK = 2.0  # of the learning rate


@dataclass(frozen=True)
class Course:
    """How a training is done.

    Attributes:
        epochs: over all examples. batch: examples a step. rate: learning rate.
        decay: of weights.
    """

    epochs: int
    batch: int
    rate: float
    decay: float = 1e-5


@dataclass(frozen=True)
class Trained:
    """How it went.

    Attributes:
        loss: mean over examples that were held out, by epoch. count: examples learnt from.
        seconds: that it took, before an interruption, too.
    """

    loss: tuple[float, ...]
    count: int
    seconds: float


def fit_network(
    network: nn.Module,
    loss: Loss,
    count: int,
    course: Course,
    seed: int,
    tick: Callable[[], None],
    file: Path | None = None,
) -> Trained:
    """Train a network in place.

    Args:
        network: on the device where it trains. loss: of rows of examples, with a generator for
            what is drawn anew, (B,). count: examples there are.
        course: sizes. seed: of order and noise. tick: told after each epoch.
        file: the state of a training that was stopped, which goes on to the same numbers; one of
            another device begins anew.
    """
    began, device = time.monotonic(), next(network.parameters()).device
    order = torch.Generator(device).manual_seed(seed)
    rows = torch.randperm(count, generator=order, device=device)
    held = max(1, int(count * _HELD_OUT))
    test, train = rows[:held], rows[held:]
    batch = min(course.batch, len(train))
    optimiser = torch.optim.AdamW(network.parameters(), lr=course.rate, weight_decay=course.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        _PEAK * course.rate,
        total_steps=course.epochs * (len(train) // batch),
        pct_start=_WARM_UP,
    )
    holders: dict[str, Any] = {"network": network, "optimiser": optimiser, "schedule": schedule}
    losses, spent = _resume(file, holders, order, device)
    for _ in losses:
        tick()
    for _ in range(len(losses), course.epochs):
        network.train()
        shuffled = train[torch.randperm(len(train), generator=order, device=device)]
        for part in shuffled[: len(train) // batch * batch].split(batch):
            mean = loss(part, order).mean()
            optimiser.zero_grad()
            mean.backward()
            norm = torch.nn.utils.clip_grad_norm_(network.parameters(), _NORM)
            if torch.isfinite(norm):
                optimiser.step()
            schedule.step()
        network.eval()
        with torch.no_grad():
            each = torch.cat([loss(part, order) for part in test.split(batch)])
        losses.append(float(each.mean()))
        seconds = spent + time.monotonic() - began
        if file is not None:
            state = {name: holder.state_dict() for name, holder in holders.items()}
            state |= {"order": order.get_state(), "course": losses, "device": device.type}
            _keep(file, state | {"seconds": seconds})
        tick()
    network.eval()
    return Trained(tuple(losses), len(train), spent + time.monotonic() - began)


def _resume(
    file: Path | None, holders: dict[str, Any], order: torch.Generator, device: torch.device
) -> tuple[list[float], float]:
    """Losses so far and seconds spent."""
    if file is None or not file.is_file():
        return [], 0.0
    state = torch.load(file, weights_only=True, map_location=device)
    if state["device"] != device.type:
        return [], 0.0
    for name, holder in holders.items():
        holder.load_state_dict(state[name])
    order.set_state(state["order"].cpu())
    return list(state["course"]), float(state["seconds"])


def _keep(file: Path, state: dict[str, Any]) -> None:
    with atomic_path(file) as temporary:
        torch.save(state, temporary)
