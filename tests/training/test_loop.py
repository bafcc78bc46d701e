"""The loop: physics first, resumable to the bit, honest about whether it helped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.errors import SchemaError
from spectramind.models.checkpoint import FORMAT, build_network, load_state
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.seeds import seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.batches import redrawn, training_batches
from spectramind.training.loop import Supervised, cosine
from spectramind.training.objective import Objective

Folds = tuple[LabelledPlanets, LabelledPlanets]


def supervised(config: Config, folds: Folds, prior: SpectralPrior, epochs: int = 2) -> Supervised:
    rng = seed_everything(1)
    return Supervised(
        build_network(config.model, None),
        Objective(SymbolicPack(config.loss), config.train.aux_weight),
        prior,
        *folds,
        config.train.model_copy(update={"epochs": epochs}),
        torch.device("cpu"),
        rng,
    )


def test_epoch_zero_is_the_physics_estimate(
    config: Config, folds: Folds, prior: SpectralPrior
) -> None:
    loop = supervised(config, folds, prior, epochs=0)
    posteriors = prior.posteriors([planet.measurements for planet in folds[1].planets])
    weight = np.where(np.arange(283) == 0, 57.846, 1.0)
    expected = []
    for y, p in zip(folds[1].truth, posteriors, strict=True):
        each = 0.5 * np.log(2 * np.pi * p.sigma**2) + 0.5 * ((y - p.mean) / p.sigma) ** 2
        expected.append(np.average(each, weights=weight))
    np.testing.assert_allclose(loop.physics.numpy(), expected, atol=2e-3)


def test_training_that_does_not_help_is_not_kept(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path
) -> None:
    """A learning rate that wrecks the network must leave the physics estimate."""
    wild = config.model_copy(update={"train": config.train.model_copy(update={"lr": 1.0})})
    loop = supervised(wild, folds, prior)
    outcome = loop.run(tmp_path / "last.pt", "s")
    assert outcome.epoch == 0
    for name, value in loop.initial.items():
        torch.testing.assert_close(outcome.weights[name], value)
    assert [row["epoch"] for row in outcome.history] == [0, 1, 2]


def test_a_gain_is_kept(config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path) -> None:
    """Sigma stated ten times too wide is easy to better: training must find and keep it."""
    errors = replace(prior.errors, noise=400.0)
    wide = replace(prior, remainder=prior.remainder + 400.0, errors=errors)
    loop = supervised(config, folds, wide, epochs=6)
    outcome = loop.run(tmp_path / "last.pt", "s")
    assert outcome.epoch > 0
    assert outcome.gain > outcome.gain_error
    assert outcome.history[-1]["val_loss"] < outcome.history[0]["val_loss"]


def test_an_interrupted_training_ends_like_one_that_was_not(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path
) -> None:
    whole = supervised(config, folds, prior, epochs=3).run(tmp_path / "whole.pt", "s")
    broken = supervised(config, folds, prior, epochs=3)
    broken.network.train()
    broken._one_epoch()
    torch.save({"format": FORMAT, **broken._state("s")}, tmp_path / "cut.pt")
    resumed = supervised(config, folds, prior, epochs=3)
    torch.manual_seed(99)  # the state must bring its own generator back
    again = resumed.run(tmp_path / "cut.pt", "s")
    assert [r["val_loss"] for r in again.history] == [r["val_loss"] for r in whole.history]


def test_a_state_of_other_settings_is_not_resumed(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path
) -> None:
    supervised(config, folds, prior, epochs=1).run(tmp_path / "last.pt", "one")
    loop = supervised(config, folds, prior, epochs=1)
    loop.run(tmp_path / "last.pt", "two")
    assert load_state(tmp_path / "last.pt")["settings"] == "two"


def test_a_damaged_state_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(SchemaError, match="cannot be read"):
        load_state(path)


def test_redrawn_measurements_scatter_as_the_errors_are_believed_to(
    folds: Folds, prior: SpectralPrior
) -> None:
    rng = np.random.default_rng(3)
    measured, truth = folds[0].planets[0].measurements[0], folds[0].truth[0]
    errors = replace(prior.errors, visit=np.full(2, 0.01), lasting=np.full(2, 0.02))
    drawn = [redrawn([measured, measured], truth, errors, rng) for _ in range(2000)]
    one, two = (np.array([visits[v].depth - truth for visits in drawn]) for v in range(2))
    expected = errors.combined([measured]).total_variance
    np.testing.assert_allclose(one.var(axis=0), expected, rtol=0.2)
    # Two visits share what lasts, and nothing else.
    shared = (one[:, 1:].mean(axis=1) * two[:, 1:].mean(axis=1)).mean()
    assert shared == pytest.approx((0.02 * truth[1:].mean()) ** 2, rel=0.2)


def test_an_epoch_visits_every_planet_once(folds: Folds, prior: SpectralPrior) -> None:
    fold = folds[0]
    measured = [prior.posterior(planet.measurements) for planet in fold.planets]
    rng = np.random.default_rng(4)
    seen = [y for _, y in training_batches(fold, measured, prior, 32, 4, 0.5, rng)]
    assert [len(y) for y in seen] == [4, 4, 2]
    rows = torch.cat(seen).numpy()
    order = np.argsort(rows[:, 0])
    expected = fold.truth[np.argsort(fold.truth[:, 0])]
    np.testing.assert_allclose(rows[order], expected, rtol=1e-6)


def test_cosine_warms_up_and_ends_at_zero() -> None:
    factors = [cosine(step, 10, 110) for step in range(111)]
    assert factors[0] == pytest.approx(1 / 11)
    assert factors[10] == 1.0
    assert factors[60] == pytest.approx(0.5)
    assert factors[110] == pytest.approx(0.0)
