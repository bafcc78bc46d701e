"""train on planets made up in memory: phases hand weights on, ensembles cost nothing in vain."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.models.state_file import load_state
from spectramind.pipeline import fit_calibrators, pretrain, train, train_members
from spectramind.pipeline.pretrain import Pretraining
from spectramind.pipeline.train import Training
from spectramind.run.record import RunRecord
from spectramind.training.engine import trainer as engine
from spectramind.training.phases.pretraining import encoder_weights
from spectramind.training.pretrained import Pretrained

NAMES = [str(100 + i) for i in range(18)]
SMALL = [
    "split.scheme=holdout",
    "train.batch_size=4",
    "train.sequence_length=32",
    "train.epochs=2",
    "train.mae.epochs=2",
    "train.contrastive.epochs=2",
]


def made_up(too_wide: float) -> dict[str, tuple[Planet, np.ndarray]]:
    """Planets with a transit, their stated variance ``too_wide`` times what it is."""
    rng, found = np.random.default_rng(0), {}
    model = np.where(np.abs(np.linspace(-1, 1, 64)) < 0.4, 0.99, 1.0)[:, None].repeat(2, 1)
    for name in NAMES:
        y = rng.normal(0.015, 0.003) + 1e-4 * rng.normal() * np.sin(6 * np.linspace(0, 1, N_BINS))
        depth = y + 2e-4 * rng.standard_normal(N_BINS)
        seen = Measurement(depth, np.full(N_BINS, 4e-8 * too_wide), np.full((N_BINS, 1), 3e-5))
        curve = model + 1e-4 * rng.standard_normal((64, 2))
        found[name] = Planet(name, (seen,), curve, model, curve - model, (name,), (name,)), y
    return found


@pytest.fixture
def config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_network: tuple[str, ...]
) -> Config:
    planets = made_up(1.0)
    tree = SimpleNamespace(root=tmp_path, splits=lambda: ["train", "test"])
    tree.planets = lambda split: NAMES if split == "train" else ["7", "8"]

    def labelled(config: Config, tree: object, ids: tuple[str, ...]) -> LabelledPlanets:
        chosen = [planets[name] for name in ids]
        return LabelledPlanets(tuple(p for p, _ in chosen), np.stack([y for _, y in chosen]))

    monkeypatch.setattr(train, "KaggleTree", lambda root: tree)
    monkeypatch.setattr(pretrain, "KaggleTree", lambda root: tree)
    monkeypatch.setattr(train, "labelled_ids", lambda tree: NAMES)
    monkeypatch.setattr(train, "load_labelled", labelled)
    monkeypatch.setattr(
        pretrain, "load_visits", lambda config, tree, ids: [planets[name][0] for name in ids]
    )
    return compose([*SMALL, *small_network, f"paths.work={tmp_path}"])


def changed(config: Config, **train_settings: object) -> Config:
    return config.model_copy(update={"train": config.train.model_copy(update=train_settings)})


def doubting(config: Config, epistemic: str, members: int = 3) -> Config:
    uq = {"epistemic": epistemic, "members": members, "passes": 4}
    return config.model_copy(update={"uq": config.uq.model_copy(update=uq)})


def run(config: Config) -> Training | Pretraining:
    return train.train(config, RunRecord("train", {}, config.paths.work))


def test_frozen_encoders_stay_and_what_follows_learns(config: Config) -> None:
    run(changed(config, phase="mae"))
    path = config.paths.checkpoint.with_name("pretrained.pt")
    given = Pretrained.load(path).weights
    run(changed(config, start_from=path, freeze_encoders=True, top_k=2, epochs=3))
    (best, *_) = sorted(WorkFolder(config.paths).best_epochs("supervised").glob("*.pt"))
    weights = load_state(best)["weights"]
    assert all(torch.equal(weights[name], value) for name, value in given.items())
    decoders = [value for name, value in weights.items() if name.startswith("decoder_mu.")]
    assert any(value.abs().max() > 0 for value in decoders)
    with pytest.raises(ConfigError, match="would keep random encoders"):
        run(changed(config, freeze_encoders=True))


@pytest.mark.parametrize("phase", ["mae", "contrastive"])
def test_a_phase_without_labels_leaves_encoders_and_no_checkpoint(
    config: Config, phase: str
) -> None:
    config = changed(config, phase=phase)
    found = run(config)
    assert isinstance(found, Pretraining)
    assert (found.n_train, found.n_stop) == (10, 4)
    assert not config.paths.checkpoint.exists()
    assert list(found.pretrained.history) == [phase]
    assert f"{phase}: validation loss" in found.report()[1]
    again = run(config)
    assert again.done_before
    assert "is pretrained" in again.report()[0]
    assert not run(changed(config, batch_size=5)).done_before


def test_no_label_is_read_where_the_prior_needs_none(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tree has no train.csv: the folds are of all its planets."""

    def refuse(*arguments: object) -> LabelledPlanets:
        raise AssertionError("labels were read")

    monkeypatch.setattr(train, "load_labelled", refuse)
    monkeypatch.setattr(train, "labelled_ids", refuse)
    small = compose(["model.prior.synthetic.atmospheres=200", "model.prior.atmospheres=50"]).model
    synthetic = small.prior.synthetic.model_copy(update={"opacities": 200, "clusters": 1})
    prior = config.model.prior.model_copy(
        update={"source": "atmosphere", "atmospheres": 50, "synthetic": synthetic}
    )
    blind = config.model_copy(update={"model": config.model.model_copy(update={"prior": prior})})
    assert run(changed(blind, phase="mae")).n_train == 10
    with pytest.raises(ConfigError, match=r"train\.phase=all needs labels"):
        run(changed(blind, phase="all"))
    with pytest.raises(ConfigError, match=r"uq\.epistemic=ensemble needs labels"):
        run(doubting(blind, "ensemble"))


def test_all_hands_the_encoders_on(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    begin = train_members.Supervised.__init__

    def spied(self: object, network: torch.nn.Module, *arguments: object) -> None:
        begun.append({k: v.clone() for k, v in encoder_weights(network.state_dict()).items()})
        begin(self, network, *arguments)

    monkeypatch.setattr(train_members.Supervised, "__init__", spied)
    found = run(changed(config, phase="all"))
    assert isinstance(found, Training)
    kept = Pretrained.load(config.paths.checkpoint.with_name("pretrained.pt"))
    assert list(kept.history) == ["mae", "contrastive"]
    assert begun[0].keys() == kept.weights.keys()
    assert all(torch.equal(begun[0][name], value) for name, value in kept.weights.items())
    run(config)
    assert not torch.equal(begun[1]["airs.identity"], kept.weights["airs.identity"])
    started = changed(config, start_from=config.paths.checkpoint.with_name("pretrained.pt"))
    run(started)
    assert all(torch.equal(begun[2][name], value) for name, value in kept.weights.items())


@pytest.mark.parametrize("epochs_before", [1, 3, 5])
def test_all_killed_anywhere_ends_with_the_same_bits(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epochs_before: int
) -> None:
    """Two epochs each of three phases."""
    config = changed(config, phase="all")
    whole = run(config)
    bytes_of_whole = config.paths.checkpoint.read_bytes()
    for path in config.paths.checkpoint.parent.glob("*.pt"):
        path.unlink()
    one_epoch, done = engine.Trainer._one_epoch, []

    def killed(self: engine.Trainer) -> None:
        if len(done) == epochs_before:
            raise KeyboardInterrupt
        one_epoch(self)
        done.append(1)

    with monkeypatch.context() as patch:
        patch.setattr(engine.Trainer, "_one_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            run(config)
    again = run(config)
    assert again.artifact.history == whole.artifact.history
    assert config.paths.checkpoint.read_bytes() == bytes_of_whole


def test_encoders_that_saw_held_out_planets_are_refused(config: Config) -> None:
    run(changed(config, phase="mae"))
    path = config.paths.checkpoint.with_name("pretrained.pt")
    splits = train.splits_for(config, NAMES)
    kept = Pretrained.load(path)
    for fold, update in (
        ("val", {"train_ids": splits.val}),
        ("calibration", {"stop_ids": splits.calibration[:1]}),
        ("test", {"train_ids": ("8",)}),
    ):
        replace(kept, **update).save(path)
        with pytest.raises(SchemaError, match=f"the {fold} fold of this tree must be new"):
            run(changed(config, start_from=path))
    replace(kept, train_ids=("far away",)).save(path)
    assert "far away" in run(changed(config, start_from=path)).artifact.train_ids
    larger = config.model.airs_gnn.model_copy(update={"layers": 2})
    model = config.model.model_copy(update={"airs_gnn": larger})
    with pytest.raises(ConfigError, match=r"does not fit model\.fgs1_mamba and model\.airs_gnn"):
        run(changed(config.model_copy(update={"model": model}), start_from=path))


def test_where_no_network_is_kept_an_ensemble_costs_nothing(config: Config) -> None:
    wild = doubting(changed(config, lr=1.0), "ensemble")
    found = run(wild)
    assert found.artifact.epoch == 0
    assert found.artifact.others == ()
    assert "costs nothing" in found.epistemic
    assert found.epistemic in found.report()
    network, _ = found.artifact.members(torch.device("cpu"), 4).values()
    planets = [planet for planet, _ in made_up(1.0).values()]
    assert network.predict(planets).parts is None


def helped(config: Config, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The first network is kept whatever it says."""
    choose = train_members.Supervised.choose

    def kept(self: object, trainer: engine.Trainer) -> object:
        return replace(choose(self, trainer), weights=trainer.phase.network.state_dict(), epoch=2)

    monkeypatch.setattr(train_members.Supervised, "choose", kept)
    return config


def test_an_ensemble_is_kept_whole_and_grows_without_beginning_anew(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = helped(config, monkeypatch)
    two = run(doubting(config, "ensemble", members=2))
    assert two.epistemic == "ensemble of 2 networks, 2 of them better than physics"
    one_epoch, trained = engine.Trainer._one_epoch, []

    def counted(self: engine.Trainer) -> None:
        trained.append(1)
        one_epoch(self)

    monkeypatch.setattr(engine.Trainer, "_one_epoch", counted)
    three = run(doubting(config, "ensemble", members=3))
    assert len(trained) == 2  # the third member's epochs alone
    artifact = Artifact.load(config.paths.checkpoint)
    networks = [artifact.network, *(member.network for member in artifact.others)]
    weights = [network.state_dict()["airs.identity"] for network in networks]
    assert len(weights) == 3
    assert not torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])
    for before, after in zip(two.artifact.others, three.artifact.others, strict=False):
        old, new = (m.network.state_dict()["airs.identity"] for m in (before, after))
        assert torch.equal(old, new)
    assert run(doubting(config, "ensemble", members=3)).done_before
    alone = run(config)
    assert alone.artifact.others == ()
    assert load_state(config.paths.checkpoint)["epistemic"]["kind"] == "none"


def test_dropout_needs_dropout(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    config = helped(config, monkeypatch)
    found = run(doubting(config, "mc_dropout"))
    assert found.epistemic == "epistemic variance from 4 passes with dropout"
    parts = ("fgs1_mamba", "airs_gnn", "fusion")
    dry = {name: getattr(config.model, name).model_copy(update={"dropout": 0.0}) for name in parts}
    without = config.model_copy(update={"model": config.model.model_copy(update=dry)})
    with pytest.raises(ConfigError, match="no dropout in the network"):
        run(doubting(without, "mc_dropout"))


def test_other_ignorance_than_trained_with_is_refused_at_predict(config: Config) -> None:
    artifact = run(config).artifact
    assert list(fit_calibrators.members(config, artifact)) == ["spectramind", "physics"]
    for kind in ("ensemble", "mc_dropout"):
        with pytest.raises(ConfigError, match=f"train uq.epistemic={kind}. first"):
            fit_calibrators.members(doubting(config, kind), artifact)
    trained = run(doubting(config, "ensemble")).artifact
    assert fit_calibrators.members(config, trained)  # the checkpoint says what it is


def test_the_score_can_be_the_objective(config: Config) -> None:
    found = run(changed(config, objective="score"))
    assert found.unit == "of score"
    assert any("of score" in line for line in found.report())
    assert -1.0 < found.artifact.history[0]["val_loss"] < 1.0
