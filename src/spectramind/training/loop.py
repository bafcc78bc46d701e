"""The supervised phase: a correction of the physics estimate, kept only if it helps.

Epoch 0 is the untrained network, which is the physics estimate. Early stopping looks at the
likelihood of the validation fold; the best epoch is kept only when it beats epoch 0 by more than
one standard error of the difference over planets. Otherwise the checkpoint holds epoch 0.
"""

import copy
import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from spectramind.config.optimisation import TrainConfig
from spectramind.contracts.planet import LabelledPlanets
from spectramind.errors import SchemaError
from spectramind.models.checkpoint import load_state, save_state
from spectramind.models.network import Inputs, SpectraMind
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.progress import track
from spectramind.training.batches import fixed_batches, training_batches
from spectramind.training.objective import Objective

log = logging.getLogger("spectramind")
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Outcome:
    """Result of the loop.

    Attributes:
        weights: the chosen weights.
        epoch: their epoch, 0 when training did not beat the physics estimate.
        history: one dict an epoch, the untrained network first; losses in nats a weighted bin.
        gain, gain_error: mean validation gain over physics of the best epoch, and its error.
    """

    weights: Weights
    epoch: int
    history: list[dict[str, float]]
    gain: float
    gain_error: float


class Supervised:
    """One training, resumable after every ``ckpt_every_epochs`` epochs."""

    def __init__(
        self,
        network: SpectraMind,
        objective: Objective,
        prior: SpectralPrior,
        train: LabelledPlanets,
        val: LabelledPlanets,
        config: TrainConfig,
        device: torch.device,
        rng: np.random.Generator,
    ) -> None:
        self.network = network.to(device)
        self.objective = objective.to(device)
        self.prior, self.train, self.config = prior, train, config
        self.device, self.rng = device, rng
        self.measured = [prior.posterior(planet.measurements) for planet in train.planets]
        self.val = fixed_batches(val, prior, config.sequence_length, config.batch_size)
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.lr, weight_decay=config.weight_decay
        )
        steps = -(-len(train) // (config.batch_size * config.grad_accum)) * config.epochs
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: cosine(step, config.warmup_steps, max(steps, 1))
        )
        self.amp = config.amp and device.type == "cuda"
        self.scaler = torch.amp.GradScaler("cuda", enabled=self.amp)
        self.epoch = 0
        self.initial = self.best = self._weights()
        self.physics = self.best_each = self.evaluate()
        self.best_epoch = 0
        self.history = [{"epoch": 0.0, "val_loss": float(self.physics.mean())}]

    def run(self, resume: Path, settings: str) -> Outcome:
        """Train to the end; ``resume`` is where the unfinished state is kept.

        Raises:
            SchemaError: ``resume`` is damaged.
        """
        if resume.is_file():
            self._restore(resume, settings)
        left = range(self.epoch, self.config.epochs)
        for _ in track(left, "train", len(left)):
            if self.epoch - self.best_epoch >= self.config.patience:
                continue
            self._one_epoch()
            if self.epoch % self.config.ckpt_every_epochs == 0:
                save_state(resume, self._state(settings))
        return self._choose()

    def evaluate(self) -> Tensor:
        """Negative log-likelihood of each validation planet, (n,)."""
        self.network.eval()
        each = []
        with torch.no_grad():
            for inputs, y in self.val:
                outputs = self.network(inputs.to(self.device))
                each.append(self.objective.likelihood(outputs, y.to(self.device)).cpu())
        return torch.cat(each)

    def _one_epoch(self) -> None:
        self.network.train()
        self.epoch += 1
        config = self.config
        batches = training_batches(
            self.train,
            self.measured,
            self.prior,
            config.sequence_length,
            config.batch_size,
            config.redraw,
            self.rng,
        )
        losses = []
        self.optimizer.zero_grad(set_to_none=True)
        count = -(-len(self.train) // config.batch_size)
        for number, (inputs, y) in enumerate(batches, start=1):
            losses.append(self._backward(inputs.to(self.device), y.to(self.device)))
            if number % config.grad_accum == 0 or number == count:
                self._step()
        each = self.evaluate()
        row = {name: float(np.mean([loss[name] for loss in losses])) for name in losses[0]}
        row |= {"epoch": float(self.epoch), "val_loss": float(each.mean()), "lr": self._lr()}
        self.history.append(row)
        log.info("epoch %s", row)
        if each.mean() < self.best_each.mean():
            self.best, self.best_each, self.best_epoch = self._weights(), each, self.epoch

    def _backward(self, inputs: Inputs, y: Tensor) -> dict[str, float]:
        with torch.autocast(self.device.type, dtype=torch.float16, enabled=self.amp):
            outputs = self.network(inputs)
        parts = self.objective(inputs, outputs, y)
        self.scaler.scale(parts.total / self.config.grad_accum).backward()
        return {"total_loss": float(parts.total.detach()), "train_loss": parts.nll} | {
            f"sym_{name}": value for name, value in parts.symbolic.items()
        }

    def _step(self) -> None:
        self.scaler.unscale_(self.optimizer)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.grad_clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        self.scheduler.step()

    def _choose(self) -> Outcome:
        gain = self.physics - self.best_each
        error = float(gain.std() / math.sqrt(len(gain))) if len(gain) > 1 else math.inf
        helps = self.best_epoch > 0 and float(gain.mean()) > error
        return Outcome(
            weights=self.best if helps else self.initial,
            epoch=self.best_epoch if helps else 0,
            history=self.history,
            gain=float(gain.mean()),
            gain_error=error,
        )

    def _lr(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def _weights(self) -> Weights:
        return copy.deepcopy({k: v.cpu() for k, v in self.network.state_dict().items()})

    def _state(self, settings: str) -> dict[str, Any]:
        return {
            "settings": settings,
            "epoch": self.epoch,
            "history": self.history,
            "weights": self._weights(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best": self.best,
            "best_epoch": self.best_epoch,
            "best_each": self.best_each,
            "rng": self.rng.bit_generator.state,
            "torch_rng": torch.get_rng_state(),
        }

    def _restore(self, path: Path, settings: str) -> None:
        state = load_state(path)
        if state.get("settings") != settings:
            log.info("%s belongs to other settings: training starts anew", path)
            return
        try:
            self.epoch, self.history = state["epoch"], state["history"]
            self.network.load_state_dict(state["weights"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.scheduler.load_state_dict(state["scheduler"])
            self.scaler.load_state_dict(state["scaler"])
            self.best, self.best_epoch = state["best"], state["best_epoch"]
            self.best_each = state["best_each"]
            self.rng.bit_generator.state = state["rng"]
            torch.set_rng_state(state["torch_rng"])
        except (KeyError, RuntimeError, ValueError) as error:
            raise SchemaError(
                f"{path} is not an unfinished training ({error}): delete it"
            ) from error
        log.info("resumed after epoch %d", self.epoch)


def cosine(step: int, warmup: int, steps: int) -> float:
    """Learning-rate factor: linear warm-up, then half a cosine down to zero at ``steps``."""
    if step < warmup:
        return (step + 1) / (warmup + 1)
    progress = (step - warmup) / max(steps - warmup, 1)
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
