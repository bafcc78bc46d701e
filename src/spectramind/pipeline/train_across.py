"""split.scheme=cross: every group predicted by a training on the others, then one on all planets.

Physics learns from all groups but the one held out. A network needs planets to stop by: it and the
physics estimate it corrects learn from all groups but that one and the next, which stops. Its
verdict is told on planets that neither has seen: pooled over all of them, its gain over its own
physics estimate must exceed one standard error, else physics is what every estimate is. The final
network has nobody left to stop by: it is trained for the median of the epochs that the folds
chose, on the same schedule of the learning rate; where that is 0 it is not kept either.
"""

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from spectramind.config.base import digest
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits
from spectramind.errors import SchemaError
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.evaluation.official import (
    bin_weights,
    element_scores,
    naive_moments,
    planet_scores,
)
from spectramind.models.likelihood import gaussian_nll
from spectramind.pipeline.cross_fitting import (
    Noted,
    joined,
    measured_groups,
    others,
    pooled,
    save_pooled,
)
from spectramind.pipeline.network_fit import FittedNetwork, fit_network
from spectramind.pipeline.train_members import Members
from spectramind.run.record import RunRecord
from spectramind.training.pretrained import Pretrained

log = logging.getLogger("spectramind")
_PHYSICS, _BASE = "physics", "network_base"


class FoldRecord(Noted):
    """A finished fold, written after its predictions.

    Attributes:
        settings: digest of all it depends on.
        epochs: that its networks chose; none where no network was trained.
        history: of its first network, one dict an epoch.
    """

    settings: str
    epochs: tuple[int, ...]
    history: tuple[dict[str, float], ...]


@dataclass(frozen=True, eq=False)
class Verdict:
    """What the folds say of the network.

    Attributes:
        epochs: to train the final one for; 0: none is kept.
        gain, gain_error: its mean gain over physics, and its standard error over planets.
        history: mean validation loss of the folds' first networks, epoch by epoch; that of the
            physics estimate alone where no network was trained.
    """

    epochs: int
    gain: float
    gain_error: float
    history: tuple[dict[str, float], ...]


@dataclass(frozen=True, eq=False)
class Across:
    """Trains with crossing folds.

    Attributes:
        everyone: the labelled planets of which something was measured.
        settings: digest of all that the result depends on, beside the split.
    """

    config: Config
    record: RunRecord
    everyone: LabelledPlanets
    splits: Splits
    start: Pretrained | None
    device: torch.device
    settings: str

    @property
    def finished(self) -> str:
        """Digest of the checkpoint and of the out-of-fold predictions that belong to it."""
        return digest(self.settings, self.config.uq, {"cross": self.splits.groups})

    def predict_held_out(self) -> Verdict:
        """Train and predict fold after fold, and write what was predicted.

        A fold that is done is not done again.

        Raises:
            ConfigError, SchemaError: too few planets.
        """
        groups = measured_groups(self.everyone, self.splits)
        held = [number for number, group in enumerate(groups) if len(group)]
        if self.config.train.epochs and len(held) < 3:
            raise SchemaError(
                f"{len(held)} groups of the split hold measured planets; a network needs three "
                "with split.scheme=cross: set train.epochs=0 or split.scheme=holdout"
            )
        notes = [self._fold(groups, number) for number in held]
        found = {name: self._found(name, held) for name in (_PHYSICS, SUBMITTED, _BASE)}
        ordered = joined([groups[number] for number in held])
        verdict = self._verdict(notes, ordered.truth, found)
        kept = SUBMITTED if verdict.epochs else _PHYSICS
        answers = {SUBMITTED: found[kept], _PHYSICS: found[_PHYSICS]}
        save_pooled(self.config.paths, self.finished, self.splits, answers)
        return verdict

    def fit_all(self, epochs: int) -> FittedNetwork:
        """Physics learnt from all labelled planets and the network trained on them all.

        The first group's planets tell the validation loss of an epoch and decide nothing; they
        stop the pretraining of the encoders, where there is one.
        """
        members = Members(
            self._training(epochs), self.device, self.finished, self.start, exactly=epochs
        )
        stop = next(g for g in measured_groups(self.everyone, self.splits) if len(g))
        first, *rest = self.splits.groups
        visits = tuple(sorted(planet for ids in rest for planet in ids)), first
        return fit_network(self.config, self.record, members, self.everyone, stop, visits)

    def _training(self, epochs: int) -> Config:
        """The final training's settings; a network that is not kept is not trained."""
        if epochs:
            return self.config
        train = self.config.train.model_copy(update={"epochs": 0})
        return self.config.model_copy(update={"train": train})

    def _found(self, name: str, held: list[int]) -> Predictive:
        """What the folds predicted; without a network physics stands for it."""
        folders = [WorkFolder(WorkFolder(self.config.paths).fold(number)) for number in held]
        name = name if self.config.train.epochs else _PHYSICS
        return pooled([Predictive.load(folder.prediction(name)) for folder in folders])

    def _fold(self, groups: list[LabelledPlanets], number: int) -> FoldRecord:
        done = WorkFolder(self.config.paths).fold_done(number)
        settings = digest(self.finished, number)
        if done.is_file() and (before := FoldRecord.load(done)).settings == settings:
            return before
        config = self.config.model_copy(
            update={"paths": WorkFolder(self.config.paths).fold(number)}
        )
        folder, held = WorkFolder(config.paths), groups[number].planets
        physics = PhysicsEstimate(None, config.model.prior)
        learnt = physics.fit(others(groups, number), groups[number])
        learnt.predict(held).save(folder.prediction(_PHYSICS))
        note = FoldRecord(settings=settings, epochs=(), history=())
        if config.train.epochs:
            network = self._network(config, groups, number, settings)
            network.estimate.predict(held).save(folder.prediction(SUBMITTED))
            network.estimate.physics.predict(held).save(folder.prediction(_BASE))
            outcomes = network.members.outcomes
            epochs = tuple(outcome.epoch for outcome in outcomes)
            note = note.model_copy(update={"epochs": epochs, "history": tuple(outcomes[0].history)})
        note.save(done)
        log.info("fold %d of %d predicted", number + 1, len(groups))
        return note

    def _network(
        self, config: Config, groups: list[LabelledPlanets], number: int, settings: str
    ) -> FittedNetwork:
        after = number
        while after == number or not len(groups[after]):
            after = (after + 1) % len(groups)
        fold = joined([g for i, g in enumerate(groups) if i not in (number, after)])
        members = Members(config, self.device, settings, self.start, judged=False)
        visits = fold.ids, groups[after].ids
        return fit_network(config, self.record, members, fold, groups[after], visits)

    def _verdict(
        self, notes: list[FoldRecord], truth: NDArray[np.float64], found: dict[str, Predictive]
    ) -> Verdict:
        losses = {name: self._losses(truth, answer) for name, answer in found.items()}
        physics = losses[_PHYSICS].mean()
        if not self.config.train.epochs:
            return Verdict(0, 0.0, 0.0, ({"epoch": 0.0, "val_loss": float(physics)},))
        each = losses[_BASE] - losses[SUBMITTED]
        gain, error = float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))
        median = int(np.median([epoch for note in notes for epoch in note.epochs]))
        history = _mean_history(notes)
        return Verdict(median if gain > error else 0, gain, error, history)

    def _losses(self, truth: NDArray[np.float64], answer: Predictive) -> NDArray[np.float64]:
        """What the objective makes small, of each planet, (n,)."""
        mu, sigma = answer.spectra.mu, answer.spectra.sigma
        if self.config.train.objective == "score":
            return -planet_scores(element_scores(truth, mu, sigma, *naive_moments(truth)))
        plain = (torch.from_numpy(part) for part in (mu, sigma, truth, bin_weights()))
        loss: NDArray[np.float64] = gaussian_nll(*plain).numpy()
        return loss


def _mean_history(notes: list[FoldRecord]) -> tuple[dict[str, float], ...]:
    """Mean over the folds that came so far, epoch by epoch."""
    longest = max(len(note.history) for note in notes)
    rows = []
    for epoch in range(longest):
        there = [note.history[epoch] for note in notes if epoch < len(note.history)]
        rows.append({key: float(np.mean([row[key] for row in there])) for key in there[0]})
    return tuple(rows)
