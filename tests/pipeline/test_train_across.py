"""split.scheme=cross on made-up planets: who was predicted by whom, and who calibrates."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import load_splits
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline import fit_calibrators, pretrain, references, train
from spectramind.pipeline.cross_fitting import load_pooled
from spectramind.pipeline.fit_calibrators import load_calibrators
from spectramind.pipeline.train import Training
from spectramind.pipeline.train_across import Across, FoldRecord, Verdict
from spectramind.pipeline.train_members import Members
from spectramind.run.record import RunRecord
from spectramind.training.pretrained import Pretrained
from spectramind.uncertainty.scaling import JudgedSigmas
from spectramind.uncertainty.scaling_choice import choose_scaling

NAMES = [str(100 + i) for i in range(20)]
SMALL = [
    "split.scheme=cross",
    "train.epochs=0",
    "train.batch_size=4",
    "train.sequence_length=32",
    "train.mae.epochs=1",
    "train.contrastive.epochs=1",
]


def made_up() -> dict[str, tuple[Planet, np.ndarray]]:
    """Planets with a transit and noisy depths, by name, with their spectra."""
    rng, found = np.random.default_rng(0), {}
    model = np.where(np.abs(np.linspace(-1, 1, 64)) < 0.4, 0.99, 1.0)[:, None].repeat(2, 1)
    for name in NAMES:
        y = rng.normal(0.015, 0.003) + 1e-4 * rng.normal() * np.sin(6 * np.linspace(0, 1, N_BINS))
        depth = y + 3e-4 * rng.standard_normal(N_BINS)
        seen = Measurement(depth, np.full(N_BINS, 4e-8), np.full((N_BINS, 1), 3e-5))
        curve = model + 1e-4 * rng.standard_normal((64, 2))
        found[name] = Planet(name, (seen,), curve, model, curve - model, (name,), (name,)), y
    return found


PLANETS = made_up()


def labelled(config: object, tree: object, ids: list[str]) -> LabelledPlanets:
    chosen = [PLANETS[name] for name in ids]
    return LabelledPlanets(tuple(p for p, _ in chosen), np.stack([y for _, y in chosen]))


@pytest.fixture
def config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_network: tuple[str, ...]
) -> Config:
    tree = SimpleNamespace(root=tmp_path, splits=lambda: ["train", "test"])
    tree.planets = lambda split: NAMES if split == "train" else ["7", "8"]
    for module in (train, pretrain, fit_calibrators, references):
        monkeypatch.setattr(module, "KaggleTree", lambda root: tree)
    for module in (train, fit_calibrators, references):
        monkeypatch.setattr(module, "load_labelled", labelled)
    monkeypatch.setattr(train, "labelled_ids", lambda tree: NAMES)
    truth = pd.DataFrame(
        [PLANETS[name][1] for name in NAMES], index=NAMES, columns=list(SPECTRUM_COLUMNS)
    )
    monkeypatch.setattr(fit_calibrators, "read_truth", lambda path: truth)
    # These planets have no features on disk: what follows a fit is tested on some that do.
    monkeypatch.setattr(fit_calibrators, "after_fit", lambda *told: ())
    monkeypatch.setattr(
        pretrain, "load_visits", lambda config, tree, ids: [PLANETS[name][0] for name in ids]
    )
    return compose([*SMALL, *small_network, f"paths.work={tmp_path}"])


def changed(config: Config, section: str, **values: object) -> Config:
    part = getattr(config, section).model_copy(update=values)
    return config.model_copy(update={section: part})


def run(config: Config) -> Training:
    found = train.train(config, RunRecord("train", {}, config.paths.work))
    assert isinstance(found, Training)
    return found


def calibrate(config: Config) -> None:
    for one in (fit_calibrators.calibrate_temp, fit_calibrators.calibrate_corel):
        one(config, RunRecord("calibrate", {}, config.paths.work))


def physics_by_hand(config: Config) -> Predictive:
    """Each group of the split file by the others, all of it at once."""
    groups = load_splits(config.paths.splits).groups
    ids, mu, sigma = [], [], []
    for group in groups:
        fold = labelled(None, None, [name for name in NAMES if name not in group])
        taught = PhysicsEstimate(None, config.model.prior).fit(fold, fold)
        found = taught.predict(labelled(None, None, list(group)).planets).spectra
        ids += found.planet_ids
        mu.append(found.mu)
        sigma.append(found.sigma)
    return Predictive(Spectra(tuple(ids), np.concatenate(mu), np.concatenate(sigma)))


def test_every_labelled_planet_is_predicted_by_the_others(config: Config) -> None:
    found = run(config)
    folder, by_hand = WorkFolder(config.paths), physics_by_hand(config)
    for name in ("physics", SUBMITTED):
        told = Predictive.load(folder.out_of_fold(name)).select(by_hand.planet_ids)
        # Sums over planets run in another order.
        np.testing.assert_allclose(told.spectra.mu, by_hand.spectra.mu, rtol=1e-6)
        np.testing.assert_allclose(told.spectra.sigma, by_hand.spectra.sigma, rtol=1e-5)
    assert sorted(told.planet_ids) == NAMES
    everyone = PhysicsEstimate(found.artifact.prior, config.model.prior)
    seen = everyone.predict([PLANETS[name][0] for name in told.planet_ids]).spectra
    assert np.abs(seen.mu - told.spectra.mu).max() > 1e-6
    assert sorted(found.artifact.train_ids) == NAMES
    assert found.artifact.stop_ids == ()
    assert "20 planets in 5 folds, each predicted by the others, on cpu" in found.report()
    assert run(config).done_before


def test_a_group_is_predicted_in_one_go(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence of spots is a set's: planets one by one would not know each other."""
    calls, predict = [], PhysicsEstimate.predict

    def spied(self: PhysicsEstimate, planets: tuple[Planet, ...]) -> Predictive:
        calls.append(tuple(planet.planet_id for planet in planets))
        return predict(self, planets)

    monkeypatch.setattr(PhysicsEstimate, "predict", spied)
    run(config)
    assert [set(ids) for ids in calls] == [set(g) for g in load_splits(config.paths.splits).groups]


def test_killed_it_goes_on_with_the_next_fold(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(config)
    kept = WorkFolder(config.paths)
    files = [config.paths.checkpoint, kept.out_of_fold("physics"), kept.out_of_fold_record]
    before = [path.read_bytes() for path in files]
    for path in [*files, *(kept.fold_done(i) for i in range(5))]:
        path.unlink()
    fit, done = PhysicsEstimate.fit, []

    def killed(self: PhysicsEstimate, *folds: LabelledPlanets) -> PhysicsEstimate:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(1)
        return fit(self, *folds)

    with monkeypatch.context() as patch:
        patch.setattr(PhysicsEstimate, "fit", killed)
        with pytest.raises(KeyboardInterrupt):
            run(config)
    assert [kept.fold_done(i).is_file() for i in range(5)] == [True] * 3 + [False] * 2
    assert not kept.out_of_fold_record.exists()
    counted = []

    def counting(self: PhysicsEstimate, *folds: LabelledPlanets) -> PhysicsEstimate:
        counted.append(len(folds[0]))
        return fit(self, *folds)

    monkeypatch.setattr(PhysicsEstimate, "fit", counting)
    again = run(config)
    assert counted == [16, 16, 20]
    assert [path.read_bytes() for path in files] == before
    assert again.artifact.settings == whole.artifact.settings
    run(changed(config, "train", batch_size=5))
    assert counted == [16, 16, 20, *[16] * 5, 20]


def folds_seen(config: Config, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, set, set]]:
    """What every training of members is given: where it writes, planets, planets to stop by."""
    calls, one = [], Members._one

    def spied(
        self: Members, number: int, prior: object, fold: LabelledPlanets, stop: LabelledPlanets
    ) -> None:
        calls.append((self.config.paths.checkpoint.parent.name, set(fold.ids), set(stop.ids)))
        one(self, number, prior, fold, stop)

    monkeypatch.setattr(Members, "_one", spied)
    return calls


def test_no_network_sees_the_planets_it_is_judged_by(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = folds_seen(config, monkeypatch)
    monkeypatch.setattr(
        Across, "_verdict", lambda *_: Verdict(2, 0.5, 0.1, ({"epoch": 0.0, "val_loss": 1.0},))
    )
    config = changed(config, "train", epochs=3, patience=1)
    found = run(config)
    groups = [set(group) for group in load_splits(config.paths.splits).groups]
    assert [name for name, *_ in calls] == ["0", "1", "2", "3", "4", "checkpoints"]
    for number, (_, fold, stop) in enumerate(calls[:5]):
        assert stop == groups[(number + 1) % 5]
        assert fold == set(NAMES) - stop - groups[number]
    assert calls[5][1] == set(NAMES)
    assert found.artifact.epoch == 2  # the verdict's, whatever patience says
    assert "out-of-fold gain over physics 0.5000 +- 0.1000 nats a bin: kept (epoch 2)" in " ".join(
        map(str, found.report())
    )
    network = Predictive.load(WorkFolder(config.paths).out_of_fold(SUBMITTED)).spectra
    for number, group in enumerate(load_splits(config.paths.splits).groups):
        path = WorkFolder(config.paths).fold(number)
        told = Predictive.load(WorkFolder(path).prediction(SUBMITTED)).spectra
        assert np.array_equal(network.select(group).mu, told.select(group).mu)


def test_a_network_that_does_not_help_is_not_kept(config: Config) -> None:
    wild = changed(config, "train", epochs=1, lr=1.0)
    found = run(wild)
    assert found.artifact.epoch == 0
    folder = WorkFolder(config.paths)
    assert folder.out_of_fold(SUBMITTED).read_bytes() == folder.out_of_fold("physics").read_bytes()
    assert "not kept" in " ".join(map(str, found.report()))


@pytest.mark.parametrize(
    ("shift", "scatter", "epochs", "kept"),
    [
        (0.3, 0.1, (4, 6, 9), 6),
        (0.01, 0.5, (4, 6, 9), 0),  # a gain below one standard error
        (-0.3, 0.1, (4, 6, 9), 0),
        (0.3, 0.1, (0, 0, 9), 0),  # most folds saw no epoch that helps
    ],
)
def test_the_verdict_is_one_standard_error_over_all_planets(
    config: Config, shift: float, scatter: float, epochs: tuple[int, ...], kept: int
) -> None:
    across = Across(
        changed(config, "train", epochs=9),
        None,
        None,
        None,
        None,
        None,
        "",  # type: ignore[arg-type]
    )
    rng, sigma = np.random.default_rng(1), np.ones((40, N_BINS))
    base, truth = np.zeros((40, N_BINS)), np.full((40, N_BINS), 2.0)
    # The loss is z^2 / 2 + const, z = 2 without a network: z^2 = 4 - 2 gain with one.
    gains = shift + scatter * (rng.permutation(np.linspace(-1, 1, 40)))
    ids = tuple(map(str, range(40)))
    found = {
        "network_base": Predictive(Spectra(ids, base, sigma)),
        "physics": Predictive(Spectra(ids, base, sigma)),
        SUBMITTED: Predictive(Spectra(ids, truth - np.sqrt(4 - 2 * gains)[:, None], sigma)),
    }
    notes = [
        FoldRecord(settings="", epochs=(e,), history=({"epoch": 0.0, "val_loss": float(e)},))
        for e in epochs
    ]
    verdict = across._verdict(notes, truth, found)
    assert verdict.gain == pytest.approx(gains.mean())
    assert verdict.gain_error == pytest.approx(gains.std(ddof=1) / np.sqrt(40))
    assert verdict.epochs == kept
    assert verdict.history == ({"epoch": 0.0, "val_loss": pytest.approx(np.mean(epochs))},)


def one_factor(config: Config) -> Config:
    """Settings under which sigma gets one factor, whatever held-out planets say."""
    temp = config.calib.temp.model_copy(update={"kind": "global"})
    return changed(config, "calib", temp=temp)


def test_calibrators_use_all_labelled_planets(config: Config) -> None:
    config = one_factor(config)
    run(config)
    calibrate(config)
    by_hand = physics_by_hand(config).spectra
    truth = np.stack([PLANETS[name][1] for name in by_hand.planet_ids])
    z = (truth - by_hand.mu) / by_hand.sigma
    for name in ("physics", SUBMITTED):
        found = load_calibrators(config, name)
        assert found.temperature is not None
        assert found.corel is not None
        assert found.temperature.n_planets == found.corel.n_planets == 20
        assert found.corel.kind == "cross"
        weights = np.ones(N_BINS)
        weights[0] = 57.846
        mean = np.average(z**2, axis=1, weights=weights).mean()
        prior = config.calib.temp.prior_planets
        assert found.tau == pytest.approx(np.sqrt((20 * mean + prior) / (20 + prior)), rel=1e-5)
        # FGS1 has no neighbours: its bound is the 19th of 20 scores, tau cancelled.
        assert found.tau * found.corel.quantiles[0] == pytest.approx(
            np.sort(np.abs(z[:, 0]))[18], rel=1e-5
        )
    notes = json.loads(config.paths.temperature.read_text())
    assert notes["fold"] == "out-of-fold"
    assert sorted(notes["planets"]) == NAMES


def test_the_kind_of_factors_is_chosen_by_the_groups_and_said(config: Config) -> None:
    run(config)
    found = fit_calibrators.calibrate_temp(
        config, RunRecord("calibrate-temp", {}, config.paths.work)
    )
    artifact = Artifact.load(config.paths.checkpoint)
    splits = load_splits(config.paths.splits)
    record, answers = load_pooled("calibrate-temp", config.paths, artifact, splits)
    groups = np.concatenate([np.full(len(ids), i) for i, ids in enumerate(record.groups)])
    truth = np.stack([PLANETS[name][1] for name in record.planets])
    data = JudgedSigmas.of(answers[SUBMITTED], truth, "likelihood")
    temperature, choice = choose_scaling(data, groups, 10, "likelihood")
    assert choice.nested is not None
    assert found.fitted[SUBMITTED] == temperature
    assert f"  {choice.describe()}" in found.report()
    held = json.loads(config.paths.temperature.read_text())["choice"]
    assert held["nested"] == {"mean": choice.nested.mean, "error": choice.nested.error}
    assert load_calibrators(config, SUBMITTED).temperature == temperature


def test_a_checkpoint_of_the_other_scheme_is_not_calibrated(config: Config) -> None:
    holdout = changed(config, "split", scheme="holdout")
    run(holdout)
    with pytest.raises(ConfigError, match="no out-of-fold predictions of its own"):
        calibrate(config)
    calibrate(holdout)
    run(config)
    with pytest.raises(ConfigError, match=r"was trained with split\.scheme=cross"):
        calibrate(holdout)
    calibrate(config)
    WorkFolder(config.paths).out_of_fold_record.unlink()
    with pytest.raises(SchemaError, match="leakage: calibrate-temp"):
        calibrate(holdout)


def test_out_of_fold_predictions_of_another_training_are_refused(config: Config) -> None:
    run(config)
    path = config.paths.checkpoint
    replace(Artifact.load(path), settings="another").save(path)
    with pytest.raises(ConfigError, match="no out-of-fold predictions of its own"):
        calibrate(config)


def test_altered_predictions_are_refused(config: Config) -> None:
    run(config)
    path = WorkFolder(config.paths).out_of_fold("physics")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(SchemaError, match="is not what train wrote"):
        calibrate(config)
    record = WorkFolder(config.paths).out_of_fold_record
    record.write_text(record.read_text()[:-30])
    with pytest.raises(SchemaError, match="delete it"):
        calibrate(config)


def test_groups_changed_after_training_are_leakage(config: Config) -> None:
    run(config)
    split = json.loads(config.paths.splits.read_text())
    moved = split["val"].pop()
    split["calibration"].append(moved)
    config.paths.splits.write_text(json.dumps(split))
    with pytest.raises(SchemaError, match=f"leakage: calibrate-temp would .* 1 planets .{moved}"):
        calibrate(config)
    run(config)  # another split is another training
    calibrate(config)


def test_encoders_that_saw_any_labelled_planet_are_refused(config: Config) -> None:
    run(changed(config, "train", phase="all"))
    path = WorkFolder(config.paths).pretrained
    with pytest.raises(SchemaError, match="must be new to it"):
        run(changed(config, "train", start_from=path))
    kept = Pretrained.load(path)
    replace(kept, train_ids=("far away",), stop_ids=()).save(path)
    assert "far away" in run(changed(config, "train", start_from=path)).artifact.train_ids


def test_encoders_do_not_see_the_group_held_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def spied(config: object, tree: object, ids: tuple[str, ...]) -> list[Planet]:
        seen.append(set(ids))
        return [PLANETS[name][0] for name in ids]

    monkeypatch.setattr(pretrain, "load_visits", spied)
    run(changed(changed(config, "train", phase="all"), "train", epochs=1))
    groups = [set(group) for group in load_splits(config.paths.splits).groups]
    for number in range(5):
        train_ids, stop_ids = seen[2 * number : 2 * number + 2]
        assert not (train_ids | stop_ids) & groups[number]
        assert train_ids | stop_ids == set(NAMES) - groups[number]
    assert seen[10] | seen[11] == set(NAMES)


def test_a_planet_without_depths_is_left_out(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        train, "load_labelled", lambda c, t, ids: labelled(c, t, [i for i in ids if i != "105"])
    )
    found = run(config)
    assert "105" not in found.artifact.train_ids
    calibrate(config)
    assert load_calibrators(config, "physics").corel.n_planets == 19  # type: ignore[union-attr]


def test_too_few_groups_are_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    run(config)
    first, second, *_ = load_splits(config.paths.splits).groups
    monkeypatch.setattr(train, "load_labelled", lambda c, t, ids: labelled(c, t, list(first)))
    with pytest.raises(SchemaError, match="in two groups"):
        run(config)
    both = [*first, *second]
    monkeypatch.setattr(train, "load_labelled", lambda c, t, ids: labelled(c, t, both))
    run(config)
    with pytest.raises(SchemaError, match=r"a network needs three .* set train\.epochs=0"):
        run(changed(config, "train", epochs=1))


def test_references_go_through_the_same_rules(config: Config) -> None:
    run(config)
    calibrate(config)
    folds = references.Folds(config)
    assert len(folds.train) == 20
    physics = PhysicsEstimate(None, config.model.prior)
    found = references._calibrated(physics, config, folds).calibrators
    ours = load_calibrators(config, "physics")
    assert found.tau == pytest.approx(ours.tau, rel=1e-6)
    assert found.corel is not None
    assert ours.corel is not None
    assert found.corel.kind == "cross"
    np.testing.assert_allclose(found.corel.quantiles, ours.corel.quantiles, rtol=1e-5)


def test_a_broken_record_of_a_fold_is_told(config: Config) -> None:
    run(config)
    config.paths.checkpoint.unlink()
    path = WorkFolder(config.paths).fold_done(2)
    path.write_text("{}")
    with pytest.raises(SchemaError, match=r"fold\.json: settings: .* delete it"):
        run(config)
