"""One optimizer step: mixed precision, accumulation, clipping, schedule."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from spectramind.config.optimisation import TrainConfig
from spectramind.training.engine.ranks import Ranks
from spectramind.training.engine.schedule import cosine


class Stepper:
    """AdamW with warm-up and cosine; mixed precision on CUDA, if wanted: bfloat16 from
    capability 8.0 on, float16 with scaled gradients below.

    Args:
        network: whose parameters. config: learning rate, decay, warm-up, clipping, accumulation.
        batches: batches an epoch, from which follow the steps of the schedule.
        device: where the network is. half: of mixed precision; None: by the card.
        ranks: whose gradients are summed; None: this process's alone.
    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        batches: int,
        device: torch.device,
        half: torch.dtype | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self.network, self.config, self.batches, self.device = network, config, batches, device
        self.ranks = ranks
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        steps = -(-batches // config.grad_accum) * config.epochs
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: cosine(step, config.warmup_steps, max(steps, 1))
        )
        self.amp = config.amp and device.type == "cuda"
        wide = self.amp and torch.cuda.get_device_capability(device) >= (8, 0)
        self.half = half or (torch.bfloat16 if wide else torch.float16)
        # bfloat16 has the range of float32: only float16 needs its gradients scaled.
        scaled = self.amp and self.half == torch.float16
        self.scaler = torch.amp.GradScaler("cuda", enabled=scaled)
        self.optimizer.zero_grad(set_to_none=True)

    @property
    def lr(self) -> float:
        """Learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    @contextmanager
    def precision(self) -> Iterator[None]:
        """Autocast to half precision where it is on."""
        with torch.autocast(self.device.type, dtype=self.half, enabled=self.amp):
            yield

    def take(self, loss: Tensor, number: int) -> None:
        """Add the gradient of an epoch's batch ``number``, from 1; step when enough are in."""
        self.add(loss)
        if self.full(number):
            self.step()

    def add(self, loss: Tensor) -> None:
        """Add the gradient of a batch, or of a part whose loss is weighted by its share."""
        self.scaler.scale(loss / self.config.grad_accum).backward()

    def full(self, number: int) -> bool:
        """Whether a step follows the epoch's batch ``number``, from 1."""
        return number % self.config.grad_accum == 0 or number == self.batches

    def forget(self) -> None:
        """Drop the gradients added since the last step."""
        self.optimizer.zero_grad(set_to_none=True)

    def step(self) -> None:
        """Clip, step, and begin anew."""
        if self.ranks is not None:
            self.ranks.sum_gradients(self.network.parameters())
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.forget()
        self.scheduler.step()

    def state(self) -> dict[str, Any]:
        """All that the next step depends on beside the weights."""
        return {
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what ``state`` gave."""
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.scaler.load_state_dict(state["scaler"])
