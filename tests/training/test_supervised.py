"""The supervised phase: physics first, resumable to the bit, honest about whether it helped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.planet import LabelledPlanets
from spectramind.errors import ConfigError
from spectramind.models.assembly import build_network
from spectramind.models.diffusion import correlation, modes_of
from spectramind.models.network import Outputs
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import basis, before
from spectramind.run.seeds import seed_everything
from spectramind.symbolic.pack import SymbolicPack
from spectramind.training.batches import redrawn, training_batches
from spectramind.training.engine.phase import Judged
from spectramind.training.engine.trainer import Trainer
from spectramind.training.objective import Objective
from spectramind.training.phases.supervised import Labelled, Outcome, Supervised

Folds = tuple[LabelledPlanets, LabelledPlanets]
KINDS = ("head_sigma.type=gaussian", "head_sigma.type=flow", "decoder_mu.type=diffusion")


def supervised(
    config: Config, folds: Folds, prior: SpectralPrior, epochs: int = 2
) -> tuple[Supervised, Trainer]:
    rng = seed_everything(1)
    settings = config.train.model_copy(update={"epochs": epochs})
    phase = Supervised(
        build_network(config.model, None),
        Objective(SymbolicPack(config.loss), config.train.aux_weight),
        prior,
        *folds,
        settings,
        torch.device("cpu"),
    )
    return phase, Trainer(phase, settings, torch.device("cpu"), rng)


def outcome(phase: Supervised, trainer: Trainer, resume: Path) -> Outcome:
    trainer.run(resume, "s")
    return phase.choose(trainer)


def test_epoch_zero_is_the_physics_estimate(
    config: Config, folds: Folds, prior: SpectralPrior
) -> None:
    _, trainer = supervised(config, folds, prior, epochs=0)
    posteriors = prior.posteriors([planet.measurements for planet in folds[1].planets])
    weight = np.where(np.arange(283) == 0, 57.846, 1.0)
    expected = []
    for y, p in zip(folds[1].truth, posteriors, strict=True):
        each = 0.5 * np.log(2 * np.pi * p.sigma**2) + 0.5 * ((y - p.mean) / p.sigma) ** 2
        expected.append(np.average(each, weights=weight))
    np.testing.assert_allclose(trainer.first.each.numpy(), expected, atol=2e-3)


def test_training_that_does_not_help_is_not_kept(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path
) -> None:
    """A learning rate that wrecks the network must leave the physics estimate."""
    wild = config.model_copy(update={"train": config.train.model_copy(update={"lr": 1.0})})
    phase, trainer = supervised(wild, folds, prior)
    found = outcome(phase, trainer, tmp_path / "last.pt")
    assert found.epoch == 0
    for name, value in trainer.first.weights.items():
        torch.testing.assert_close(found.weights[name], value)
    assert [row["epoch"] for row in found.history] == [0, 1, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_a_gain_is_kept(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path, kind: str
) -> None:
    """Sigma stated ten times too wide is easy to better: training must find and keep it."""
    config = config.model_copy(update={"model": compose([f"model.{kind}"]).model})
    errors = replace(prior.errors, noise=400.0)
    wide = replace(prior, remainder=prior.remainder + 400.0, errors=errors)
    found = outcome(*supervised(config, folds, wide, epochs=6), tmp_path / "last.pt")
    assert found.epoch > 0
    assert found.gain > found.gain_error
    assert found.history[-1]["val_loss"] < found.history[0]["val_loss"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_training_ends_like_one_that_was_not(
    config: Config, folds: Folds, prior: SpectralPrior, tmp_path: Path, kind: str
) -> None:
    """Killed in the third epoch: the same history and weights, to the bit."""
    config = config.model_copy(update={"model": compose([f"model.{kind}"]).model})
    phase, trainer = supervised(config, folds, prior, epochs=4)
    whole = outcome(phase, trainer, tmp_path / "whole.pt")
    broken, trainer = supervised(config, folds, prior, epochs=4)
    judge, calls = broken.judge, iter(range(100))

    def killed(batch: Labelled, answer: Outputs) -> Judged:
        if next(calls) == 7:  # three batches an epoch
            raise KeyboardInterrupt
        return judge(batch, answer)

    broken.judge = killed
    with pytest.raises(KeyboardInterrupt):
        trainer.run(tmp_path / "cut.pt", "s")
    resumed, trainer_again = supervised(config, folds, prior, epochs=4)
    torch.manual_seed(99)  # the state must bring its own generators back
    trainer_again.rng.random(5)
    again = outcome(resumed, trainer_again, tmp_path / "cut.pt")
    assert trainer_again.epoch == 4
    assert again.history == whole.history
    for name, value in phase.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], value), name


def test_a_diffusion_decoder_takes_its_modes_from_the_fold(
    config: Config, folds: Folds, prior: SpectralPrior
) -> None:
    config = config.model_copy(update={"model": compose(["model.decoder_mu.type=diffusion"]).model})
    before = build_network(config.model, None).decoder_mu.modes
    phase, _ = supervised(config, folds, prior)
    decoder = phase.network.decoder_mu
    off = np.stack(
        [(y - p.mean) / p.sigma for y, p in zip(folds[0].truth, phase.measured, strict=True)]
    )
    expected, _ = modes_of(correlation(off), 25)
    torch.testing.assert_close(decoder.modes, torch.from_numpy(expected).float())
    assert (decoder.modes - before).abs().max() > 0.05


def test_redrawn_measurements_scatter_as_the_errors_are_believed_to(
    folds: Folds, prior: SpectralPrior
) -> None:
    rng = np.random.default_rng(3)
    measured, truth = folds[0].planets[0].measurements[0], folds[0].truth[0]
    errors = replace(prior.errors, visit=np.full(2, 0.01), lasting=np.full(2, 0.02))
    quiet = replace(prior, errors=errors, patchy=before(1e-9))
    drawn = [redrawn([measured, measured], truth, quiet, (1.0, 1.0), rng) for _ in range(2000)]
    one, two = (np.array([visits[v].depth - truth for visits in drawn]) for v in range(2))
    expected = errors.combined([measured]).total_variance
    np.testing.assert_allclose(one.var(axis=0), expected, rtol=0.2)
    # Two visits share what lasts, and nothing else.
    shared = (one[:, 1:].mean(axis=1) * two[:, 1:].mean(axis=1)).mean()
    assert shared == pytest.approx((0.02 * truth[1:].mean()) ** 2, rel=0.2)


def test_a_redrawn_covariance_is_scaled_and_patchy_stars_scale_depths(
    folds: Folds, prior: SpectralPrior
) -> None:
    rng = np.random.default_rng(5)
    measured, truth = folds[0].planets[0].measurements[0], folds[0].truth[0]

    def scatter(prior: SpectralPrior, spread: tuple[float, float]) -> NDArray[np.float64]:
        drawn = [redrawn([measured], truth, prior, spread, rng) for _ in range(2000)]
        return np.array([visits[0].depth - truth for visits in drawn]).var(axis=0)

    quiet = replace(prior, patchy=before(1e-9))
    ratio = scatter(quiet, (3.9, 4.1)) / scatter(quiet, (1.0, 1.0))
    assert np.median(ratio) == pytest.approx(4, rel=0.1)
    patchy = replace(prior, patchy=before(1 - 1e-9))
    level = truth[1:].mean() * (np.exp(basis() @ patchy.patchy.mean)[1:] - 1).mean()
    drawn = [redrawn([measured], truth, patchy, (1.0, 1.0), rng) for _ in range(2000)]
    shift = np.mean([visits[0].depth[1:] - truth[1:] for visits in drawn])
    assert shift == pytest.approx(level, rel=0.2)


@pytest.mark.parametrize("spread", ["[0,1]", "[2,1]", "[-1,1]"])
def test_a_spread_that_is_none_is_refused(spread: str) -> None:
    with pytest.raises(ConfigError, match="redraw_spread"):
        compose([f"train.redraw_spread={spread}"])


def test_an_epoch_visits_every_planet_once(folds: Folds, prior: SpectralPrior) -> None:
    fold = folds[0]
    measured = [prior.posterior(planet.measurements) for planet in fold.planets]
    rng = np.random.default_rng(4)
    seen = [y for _, y in training_batches(fold, measured, prior, 32, 4, 0.5, (0.8, 1.3), rng)]
    assert [len(y) for y in seen] == [4, 4, 2]
    rows = torch.cat(seen).numpy()
    order = np.argsort(rows[:, 0])
    expected = fold.truth[np.argsort(fold.truth[:, 0])]
    np.testing.assert_allclose(rows[order], expected, rtol=1e-6)
