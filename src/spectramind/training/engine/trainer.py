"""The engine: epochs of any phase, stopped early, resumable to the bit.

It knows losses and weights, nothing of spectra. Epoch 0 is the network as it was given.
"""

import copy
import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor

from spectramind.config.optimisation import TrainConfig
from spectramind.errors import SchemaError
from spectramind.models.state_file import MALFORMED, load_state, save_state
from spectramind.training.engine.best_epochs import BestEpochs
from spectramind.training.engine.micro_batches import MicroBatches
from spectramind.training.engine.phase import Answer, Batch, Phase
from spectramind.training.engine.random_states import random_states, restore_random_states
from spectramind.training.engine.ranks import ranks_on
from spectramind.training.engine.step_profile import StepProfile
from spectramind.training.engine.stepper import Stepper
from spectramind.training.engine.strictness import strictness
from spectramind.training.engine.tracker import Tracker, Untracked

log = logging.getLogger("spectramind")
Weights = dict[str, Tensor]
# Shows progress over so many items: run.progress.track, which a plain checkout may lack (rich).
Progress = Callable[[Iterable[int], str, int], Iterable[int]]


@dataclass(frozen=True)
class Epoch:
    """Weights, on the CPU, after an epoch, and what the validation said of each item, (n,)."""

    number: int
    weights: Weights
    each: Tensor


def unseen(items: Iterable[int], description: str, total: int) -> Iterable[int]:
    """No progress shown."""
    return items


class Trainer(Generic[Batch, Answer]):
    """One training of a phase, resumable after every ``ckpt_every_epochs`` epochs.

    Under ``torchrun`` its processes train together (``ranks.py``); the first one keeps and tells.

    Attributes:
        first, best: epoch 0, and the one with the smallest mean validation loss so far.
        history: one dict an epoch, epoch 0 first.
    """

    def __init__(
        self,
        phase: Phase[Batch, Answer],
        config: TrainConfig,
        device: torch.device,
        rng: np.random.Generator,
    ) -> None:
        self.phase, self.config, self.device, self.rng = phase, config, device, rng
        self.ranks = ranks_on(device)
        self.ranks.give_weights(phase.network)
        self.ranks.part_ways()
        self.stepper = Stepper(phase.network, config, phase.batch_count(), device, ranks=self.ranks)
        self.micro = MicroBatches(phase, self.stepper, self.ranks)
        self.profile: StepProfile | None = None
        self.epoch = 0
        self.first = self.best = Epoch(0, self._weights(), self._evaluate())
        self.history = [{"epoch": 0.0, "val_loss": float(self.first.each.mean())}]

    def run(
        self,
        resume: Path,
        settings: str,
        progress: Progress = unseen,
        tracker: Tracker | None = None,
        best: BestEpochs | None = None,
        profile: StepProfile | None = None,
        exactly: int | None = None,
    ) -> None:
        """Train to the end.

        Args:
            resume: where the unfinished state is kept, and found again.
            settings: digest of all that the result depends on; a state of others is left alone.
            progress: shows how far it is. tracker: is told of every epoch.
            best: keeps the best epochs' weights in files of their own.
            profile: watches the first steps.
            exactly: end after so many epochs, whatever the validation says; the schedule stays
                that of ``epochs``.

        Raises:
            SchemaError: ``resume`` is damaged; the processes of ``torchrun`` do not see the same.
            RuntimeRiskError: the device's memory holds no single item; a process is gone.
        """
        if resume.is_file():
            self._restore(resume, settings)
        self.ranks.require_the_same((settings, self.epoch), str(resume))
        if not self.ranks.first:
            tracker = best = profile = None
        self.profile = profile
        tracker = tracker or Untracked()
        if best is not None:
            best.begin(self.history)
        tracker.begin(self.history)
        left = range(self.epoch, self.config.epochs if exactly is None else exactly)
        try:
            with strictness(self.config.deterministic, self.config.detect_anomaly):
                for _ in progress(left, "train", len(left)):
                    if exactly or self.epoch - self.best.number < self.config.patience:
                        self._one_epoch()
                        tracker.row(self.history[-1])
                        if best is not None:
                            best.offer(self.history, self._weights())
                        self._keep(resume, settings)
        finally:
            tracker.end()
            if self.profile is not None:
                self.profile.end()
        if self.epoch % self.config.ckpt_every_epochs:
            self._save(resume, settings)

    def _keep(self, resume: Path, settings: str) -> None:
        if self.epoch % self.config.ckpt_every_epochs == 0:
            self._save(resume, settings)

    def _save(self, resume: Path, settings: str) -> None:
        state = self._state(settings)  # all take part: each has random states of its own
        if self.ranks.first:
            save_state(resume, state)

    def _one_epoch(self) -> None:
        self.phase.network.train()
        self.epoch += 1
        losses, waiting = [], []
        for number, batch in enumerate(self.phase.batches(self.rng), start=1):
            waiting.append(batch)
            if self.stepper.full(number):
                losses += self.micro.step(waiting)
                waiting = []
                if self.profile is not None:
                    self.profile.step()
        losses = _summed(self.ranks.gather(losses))
        each = self._evaluate()
        row = {
            sys.intern(name): float(np.mean([loss[name] for loss in losses])) for name in losses[0]
        }
        row |= {"epoch": float(self.epoch), "val_loss": float(each.mean()), "lr": self.stepper.lr}
        self.history.append(row)
        log.info("epoch %s", row)
        if each.mean() < self.best.each.mean():
            self.best = Epoch(self.epoch, self._weights(), each)

    def _evaluate(self) -> Tensor:
        return self.ranks.give(self.phase.evaluate())

    def _weights(self) -> Weights:
        return copy.deepcopy({k: v.cpu() for k, v in self.phase.network.state_dict().items()})

    def _state(self, settings: str) -> dict[str, Any]:
        return {
            "settings": settings,
            "epoch": self.epoch,
            "history": self.history,
            "weights": self._weights(),
            "best": self.best.weights,
            "best_epoch": self.best.number,
            "best_each": self.best.each,
            "stepper": self.stepper.state(),
            "parts": self.micro.parts,
            "random": self.ranks.gather(random_states(self.rng, self.device)),
        }

    def _restore(self, path: Path, settings: str) -> None:
        state = load_state(path)
        if state.get("settings") != settings:
            log.info("%s belongs to other settings: training starts anew", path)
            return
        try:
            if len(state["random"]) != self.ranks.count:
                raise ValueError(
                    f"{len(state['random'])} processes made it, this run has {self.ranks.count}"
                )
            restore_random_states(state["random"][self.ranks.rank], self.rng, self.device)
            self.phase.network.load_state_dict(state["weights"])
            self.stepper.restore(state["stepper"])
            self.best = Epoch(state["best_epoch"], state["best"], state["best_each"])
            self.epoch = state["epoch"]
            # Names that are one object, as in a run never cut: a checkpoint's bytes depend on it.
            self.history = [{sys.intern(k): v for k, v in row.items()} for row in state["history"]]
            self.micro.parts = state["parts"]
        except MALFORMED as error:
            raise SchemaError(f"{path} cannot be gone on from ({error}): delete it") from error
        log.info("resumed after epoch %d", self.epoch)


def _summed(shares: list[list[dict[str, float]]]) -> list[dict[str, float]]:
    """Losses of each batch from every process's share of them."""
    if len(shares) == 1:
        return shares[0]
    return [
        {
            name: sum(share.get(name, 0.0) for share in batch)
            for name in max(batch, key=len)  # a process without a row has no names
        }
        for batch in zip(*shares, strict=True)
    ]
