"""Batches in as many parts as the device needs: after an out-of-memory error twice as many."""

import logging
from typing import Generic

import torch

from spectramind.errors import RuntimeRiskError
from spectramind.training.engine.phase import Answer, Batch, Judged, Phase
from spectramind.training.engine.ranks import Ranks
from spectramind.training.engine.stepper import Stepper

log = logging.getLogger("spectramind")


class MicroBatches(Generic[Batch, Answer]):
    """Gradients of the batches of one optimizer step.

    Parts weigh as the items they hold, so that a mean over items is what it was of the whole
    batch; a loss that compares items with each other (InfoNCE) compares fewer. So do the rows of
    each process where several train together.

    Attributes:
        parts: parts a batch is worked in; it only grows.
    """

    def __init__(self, phase: Phase[Batch, Answer], stepper: Stepper, ranks: Ranks) -> None:
        self.phase, self.stepper, self.ranks, self.parts = phase, stepper, ranks, 1

    def step(self, batches: list[Batch]) -> list[dict[str, float]]:
        """One optimizer step.

        Returns:
            of each batch, its loss ``total_loss`` and its parts by name; where several processes
            train, this one's share of them, empty if it has no row.

        Raises:
            RuntimeRiskError: not even one item fits the memory.
        """
        while True:
            try:
                losses = [self._loss(batch) for batch in batches]
            except torch.OutOfMemoryError as error:
                own = (self.ranks.rows(self.phase.rows(batch)) for batch in batches)
                self._halve(max(rows.stop - rows.start for rows in own), error)
            else:
                self.stepper.step()
                return losses

    def _loss(self, batch: Batch) -> dict[str, float]:
        rows = self.phase.rows(batch)
        own = self.ranks.rows(rows)
        if self.parts == 1 and own.stop - own.start == rows:
            return self._add(batch, 1.0)
        size = max((own.stop - own.start) // self.parts, 1)
        total: dict[str, float] = {}
        for start in range(own.start, own.stop, size):
            end = min(start + size, own.stop)
            share = (end - start) / rows
            part = self._add(self.phase.part(batch, slice(start, end)), share)
            for name, value in part.items():
                total[name] = total.get(name, 0.0) + share * value
        return total

    def _add(self, batch: Batch, share: float) -> dict[str, float]:
        with self.stepper.precision():
            answer = self.phase.answer(batch)
        judged: Judged = self.phase.judge(batch, answer)
        self.stepper.add(judged.total if share == 1.0 else share * judged.total)
        return {"total_loss": float(judged.total.detach())} | judged.parts

    def _halve(self, rows: int, error: torch.OutOfMemoryError) -> None:
        if self.parts >= rows:
            raise RuntimeRiskError(
                "the device's memory does not hold one planet of a batch: make the network "
                "(model.*) or train.sequence_length smaller, or set env.device=cpu"
            ) from error
        self.stepper.forget()
        torch.cuda.empty_cache()
        self.parts = min(2 * self.parts, rows)
        log.warning("out of memory: batches are worked in %d parts from now on", self.parts)
