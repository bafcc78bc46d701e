"""What each process of ``torchrun`` does in test_ranks.py: straight lines, in several trainings.

``python torchrun_line.py FOLDER`` leaves ``rank_N.pt`` there; with ``fail`` behind it the second
process ends in the middle of a training.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from spectramind.config.compose import compose
from spectramind.errors import RuntimeRiskError
from spectramind.run.processes import processes
from spectramind.training.engine.phase import Judged
from spectramind.training.engine.ranks import leave_together
from spectramind.training.engine.trainer import Trainer

Batch = tuple[Tensor, Tensor]
CUTS = (4, 8, 12, 16, 19)  # the last batch holds one item: one process has none of it
RANK = processes().rank


class SharedLine:
    """y = 3 x + 1; weights without a gradient beside it; each process has weights of its own."""

    def __init__(self, dropout: float, killed_at: int = -1) -> None:
        torch.manual_seed(2 + RANK)
        layers = (nn.Linear(1, 8), nn.GELU(), nn.Dropout(dropout), nn.Linear(8, 1))
        self.network = nn.Sequential(*layers)
        self.network.register_module("idle", nn.Linear(2, 2))
        self.used = self.network[:4]
        self.x = torch.linspace(-1, 1, 20).unsqueeze(1)
        self.y = 3 * self.x + 1
        self.seen, self.killed_at, self.largest = 0, killed_at, 0

    def batch_count(self) -> int:
        return len(CUTS) + 1

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        for picked in np.split(rng.permutation(20), CUTS):
            if self.seen == self.killed_at:
                raise KeyboardInterrupt
            self.seen += 1
            yield self.x[picked], self.y[picked]

    def rows(self, batch: Batch) -> int:
        return len(batch[0])

    def part(self, batch: Batch, rows: slice) -> Batch:
        return batch[0][rows], batch[1][rows]

    def answer(self, batch: Batch) -> Tensor:
        self.largest = max(self.largest, len(batch[0]))
        return self.used(batch[0])

    def judge(self, batch: Batch, answer: Tensor) -> Judged:
        loss = (answer - batch[1]).square().mean()
        return Judged(loss, {"square": float(loss.detach())})

    def evaluate(self) -> Tensor:
        """As a GPU that rounds otherwise would: the first process's numbers must count."""
        self.network.eval()
        with torch.no_grad():
            return (self.used(self.x) - self.y).square().squeeze(1) + 10.0 * RANK


class RowList:
    """A tracker that remembers."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def begin(self, history: Sequence[dict[str, float]]) -> None:
        self.rows = list(history)

    def row(self, row: dict[str, float]) -> None:
        self.rows.append(row)

    def end(self) -> None:
        """Nothing is open."""


def trained(file: Path, dropout: float = 0.0, killed_at: int = -1) -> dict[str, object]:
    """One training; what this process has of it at the end."""
    usual = {"epochs": 4, "lr": 0.02, "warmup_steps": 3, "patience": 99, "grad_accum": 2}
    phase = SharedLine(dropout, killed_at)
    torch.manual_seed(3)
    config = compose().train.model_copy(update=usual)
    one = Trainer(phase, config, torch.device("cpu"), np.random.default_rng(4))
    diary = RowList()
    one.run(file, "s", tracker=diary)
    weights = {name: value.clone() for name, value in phase.network.state_dict().items()}
    found = {"weights": weights, "history": one.history, "told": diary.rows}
    return found | {"largest": phase.largest, "draw": torch.rand(3)}


def main(folder: Path, fail: bool) -> None:
    if fail:
        trained(folder / "lost.pt", killed_at=8 if RANK else -1)
        return
    found = {"plain": trained(folder / "plain.pt")}
    found["whole"] = trained(folder / "whole.pt", dropout=0.2)
    try:
        trained(folder / "cut.pt", dropout=0.2, killed_at=15)
    except KeyboardInterrupt:
        torch.manual_seed(99)
    found["again"] = trained(folder / "cut.pt", dropout=0.2)
    torch.save(found, folder / f"rank_{RANK}.pt")
    leave_together()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), "fail" in sys.argv)
    except RuntimeRiskError as error:
        (Path(sys.argv[1]) / f"said_{RANK}.txt").write_text(str(error), encoding="utf-8")
        sys.exit(int(error.exit_code))
