"""What the report shows of how things were made: earlier reports, sweeps, ablation, folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectramind.evaluation.ablation_rows import AblationTable


@dataclass(frozen=True)
class FoldTraining:
    """The training that predicted one group of planets.

    Attributes:
        fold: its number.
        epochs: that its networks chose on the planets that stopped it.
        history: of its first network, one mapping an epoch, epoch 0 being physics alone.
    """

    fold: int
    epochs: tuple[int, ...]
    history: Sequence[Mapping[str, float]]


@dataclass(frozen=True)
class RunHistory:
    """Empty where nothing of a kind is there.

    Attributes:
        ablation: what ``ablate`` found, None if it has not run.
        versions: one mapping a report that was written, oldest first.
        folds: trainings with crossing folds that belong to the checkpoint.
        sweeps: events of the jobs of ``--multirun``.
    """

    ablation: AblationTable | None = None
    versions: Sequence[Mapping[str, Any]] = ()
    folds: Sequence[FoldTraining] = ()
    sweeps: Sequence[Mapping[str, Any]] = ()
