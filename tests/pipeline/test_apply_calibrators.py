"""Calibrators before or after predict, drift from calibration to score: made-up planets on disk."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, save_depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.predictive import SUBMITTED, Predictive, SigmaParts
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.contracts.traits import TRAITS
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.features.population import OFFSETS
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline import fit_calibrators as fitting
from spectramind.pipeline import predict as predicting
from spectramind.pipeline import score as scoring
from spectramind.pipeline.apply_calibrators import after_fit
from spectramind.pipeline.fit_calibrators import calibrate_corel, load_calibrators
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.predict import Prediction, predict
from spectramind.pipeline.score import score
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.atomic import write_npz
from spectramind.run.budget import Budget
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.corel_store import save_corel
from spectramind.uncertainty.temperature import Temperature
from spectramind.uncertainty.temperature_store import save_temperature

TAUGHT, SEEN, TEST = (
    [str(start + n) for n in range(count)] for start, count in ((100, 10), (200, 14), (300, 12))
)
PRIOR = ["model.prior.source=labels", "model.prior.components=3"]
Array = np.ndarray


def spectrum(rng: np.random.Generator) -> Array:
    wave = np.sin(6 * np.linspace(0, 1, N_BINS))
    return rng.normal(0.015, 0.002) + 1e-4 * rng.standard_normal() * wave


def write_visit(folder: WorkFolder, visit: str, truth: Array, noise: float, seed: int) -> None:
    """Depths with an honest error of 50 ppm; light curves ``noise`` times as noisy as is stated."""
    rng, count = np.random.default_rng(seed), 64
    model = np.where(np.abs(np.linspace(-1, 1, count)) < 0.4, 0.985, 1.0)[:, None].repeat(2, 1)
    white = model + noise * 1e-4 * rng.standard_normal((count, 2))
    depth = truth + 5e-5 * rng.standard_normal(N_BINS)
    fit = Measurement(depth, np.full(N_BINS, 2.5e-9), np.full((N_BINS, 1), 1e-5))
    offsets = rng.standard_normal(len(OFFSETS))
    info = {"reason": "", "seen": {"mean": offsets.tolist(), "covariance": np.eye(10).tolist()}}
    time_h = np.linspace(0, 6, count)
    save_depths(folder.features.depths(visit), Depths(fit, time_h, white, model, info), "made up")
    # Two exposures a sample; AIRS sums 282 bins.
    variance = np.full((2 * count, N_BINS), 2e-8 * 282)
    variance[:, 0] = 2e-8
    write_npz(folder.features.airs_bins(visit), flux=np.ones((2 * count, N_BINS)))
    write_npz(folder.features.variance(visit), airs=variance)
    white_file = folder.features.fgs1_white(visit)
    write_npz(white_file, time=time_h, jitter=rng.standard_normal((count, 2)))


def write_tree(root: Path, noise: float, seed: int) -> Config:
    """A tree with features whose test visits are ``noise`` times noisier than stated."""
    config = compose([f"data.raw={root / 'raw'}", f"paths.work={root}", "score.against=[]"])
    rng, folder = np.random.default_rng(seed), WorkFolder(config.paths)
    for split, ids in (("train", TAUGHT + SEEN), ("test", TEST)):
        truths = {planet: spectrum(rng) for planet in ids}
        for planet, truth in truths.items():
            (root / "raw" / split / planet).mkdir(parents=True)
            (root / "raw" / split / planet / "FGS1_signal_0.parquet").touch()
            level = noise if split == "test" else 1.0
            write_visit(folder, planet, truth, level, seed + int(planet))
        table = pd.DataFrame.from_dict(truths, orient="index", columns=list(SPECTRUM_COLUMNS))
        where = root / ("raw/train.csv" if split == "train" else "raw/truth/test.csv")
        where.parent.mkdir(exist_ok=True)
        table.rename_axis("planet_id").to_csv(where)
    return config


class Parted(PhysicsEstimate):
    """The physics estimate under the submitted name, telling a third of its variance apart."""

    def predict(self, planets):  # type: ignore[no-untyped-def]
        raw = super().predict(planets)
        sigma = raw.spectra.sigma
        return Predictive(raw.spectra, None, SigmaParts(sigma * (2 / 3) ** 0.5, sigma / 3**0.5))


@cache
def learnt() -> SpectralPrior:
    config = compose(PRIOR)
    rng = np.random.default_rng(0)
    truth = np.stack([spectrum(rng) for _ in TAUGHT])
    depths = truth + 5e-5 * rng.standard_normal(truth.shape)
    stated = np.full(N_BINS, 2.5e-9), np.full((N_BINS, 1), 1e-5)
    return fit_prior(truth, [[Measurement(one, *stated)] for one in depths], config.model.prior)


@pytest.fixture
def artifact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifact:
    """A checkpoint of the prior alone, and ``predict`` that finds it."""
    config = compose(PRIOR)
    held = Artifact(  # type: ignore[arg-type]
        None, learnt(), config.model, None, 64, 0, [], "", tuple(TAUGHT), ()
    )
    monkeypatch.setattr(Artifact, "load", classmethod(lambda cls, path: held))
    monkeypatch.setattr(predicting, "members", lambda config, artifact: estimators(artifact))
    monkeypatch.setattr(scoring, "doubts", lambda config, ids: {})
    return held


def estimators(artifact: Artifact) -> dict[str, PhysicsEstimate]:
    settings = artifact.model.prior
    return {
        SUBMITTED: Parted(artifact.prior, settings, SUBMITTED),
        "physics": PhysicsEstimate(artifact.prior, settings),
    }


@pytest.fixture
def config(tmp_path: Path, artifact: Artifact) -> Config:
    config = write_tree(tmp_path / "work", 1.0, 1)
    config.paths.checkpoint.parent.mkdir(parents=True)
    config.paths.checkpoint.write_bytes(b"a checkpoint")
    return config


def told(config: Config, artifact: Artifact) -> Mapping[str, Predictive]:
    planets = load_planets(config, KaggleTree(config.data.raw), "train", SEEN)
    return {name: one.predict(planets) for name, one in estimators(artifact).items()}


def record(config: Config) -> RunRecord:
    return RunRecord("test", {}, config.paths.work)


def fit_temperature(config: Config, artifact: Artifact, tau: float = 1.5) -> tuple[str, ...]:
    digest = file_digest(config.paths.checkpoint)
    for name in estimators(artifact):
        path = WorkFolder(config.paths).calibrators(name).temperature
        save_temperature(path, Temperature(tau, 14), fold="val", planets=SEEN, checkpoint=digest)
    ids, raw = SEEN[:7], told(config, artifact)
    return after_fit(config, record(config), artifact, ids, raw, load_calibrators)


def fit_corel(
    config: Config, artifact: Artifact, tau: float = 1.5, kept: RunRecord | None = None
) -> tuple[str, ...]:
    digest = file_digest(config.paths.checkpoint)
    corel = Corel(0.1, 14, np.linspace(0.9, 1.2, N_BINS), np.full(N_BINS, 1.7))
    for name in estimators(artifact):
        where = WorkFolder(config.paths).calibrators(name)
        save_corel(where, corel, tau=tau, fold="calibration", planets=SEEN, checkpoint=digest)
    ids, raw = SEEN[7:], told(config, artifact)
    return after_fit(config, kept or record(config), artifact, ids, raw, load_calibrators)


def written(config: Config) -> dict[str, str]:
    """Digests of all that predict and calibration leave of an answer."""
    folder = WorkFolder(config.paths)
    files = [config.paths.submission, folder.applied, folder.calibrators(SUBMITTED).seen]
    files += sorted(config.paths.predictions.rglob("*.*"))
    return {path.name + path.parent.name: file_digest(path) for path in files if path.is_file()}


def applied(config: Config) -> dict[str, object]:
    held: dict[str, object] = json.loads(WorkFolder(config.paths).applied.read_text())
    return held


def run(config: Config, kept: RunRecord | None = None) -> Prediction:
    return predict(config, kept or record(config))


def test_calibrators_give_the_same_bytes_before_and_after_predict(
    config: Config, artifact: Artifact
) -> None:
    run(config)
    assert applied(config)["temperature"] is None
    assert "no temperature, no COREL" in run(config).sigma
    raw = written(config)
    said = fit_temperature(config, artifact)
    assert "sigma: tau 1.500, no COREL" in said[0]
    assert applied(config)["temperature"] == 1.5
    fit_corel(config, artifact)
    after = written(config)
    assert applied(config)["corel"] == {"alpha": 0.1, "n_planets": 14}
    changed = {name for name in raw.keys() & after.keys() if raw[name] != after[name]}
    assert not {name for name in changed if name.endswith("raw")}
    assert "submission.csvoutputs" in changed
    fit_corel(config, artifact)
    assert written(config) == after  # again changes nothing
    fit_temperature(config, artifact)
    assert written(config) == after
    run(config)  # calibrators first, predict after
    assert written(config) == after


def test_parts_of_sigma_stay_apart_through_all_of_it(config: Config, artifact: Artifact) -> None:
    run(config)
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    found = Predictive.load(WorkFolder(config.paths).prediction(SUBMITTED))
    assert found.parts is not None
    np.testing.assert_allclose(found.parts.epistemic, found.spectra.sigma / 3**0.5)
    np.testing.assert_allclose(
        found.parts.aleatoric**2 + found.parts.epistemic**2, found.spectra.sigma**2
    )


def test_a_new_temperature_goes_without_the_old_corel(config: Config, artifact: Artifact) -> None:
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    run(config)
    said = fit_temperature(config, artifact, tau=2.0)
    assert "tau 2.000, no COREL" in said[0]
    assert applied(config)["corel"] is None
    fit_corel(config, artifact, tau=2.0)
    assert applied(config)["corel"] is not None


@pytest.mark.parametrize("harm", ["submission", "raw"])
def test_what_predict_did_not_leave_is_not_rewritten(
    config: Config, artifact: Artifact, harm: str
) -> None:
    run(config)
    folder, kept = WorkFolder(config.paths), record(config)
    path = config.paths.submission
    if harm == "raw":
        path = folder.raw_prediction("physics")
        Predictive.load(path).select(TEST[::-1]).save(path)
    else:
        path.write_text(path.read_text() + "\n")
    before = written(config)
    said = fit_corel(config, artifact, tau=1.0, kept=kept)
    assert "is left as it is" in said[0]
    assert "predict` again" in kept.warnings[0]
    seen = "seen_planets.jsoncalibration"
    assert {k: v for k, v in written(config).items() if k != seen} == {
        k: v for k, v in before.items() if k != seen
    }


def test_the_table_keeps_the_columns_that_predict_was_asked_for(
    config: Config, artifact: Artifact
) -> None:
    kaggle = config.submission.model_copy(update={"dialect": "kaggle"})
    run(config.model_copy(update={"submission": kaggle}))
    header = config.paths.submission.read_text().splitlines()[0]
    fit_temperature(config, artifact)
    assert config.paths.submission.read_text().splitlines()[0] == header
    assert applied(config)["temperature"] == 1.5


def test_predictions_of_another_checkpoint_wait(config: Config, artifact: Artifact) -> None:
    fit_corel(config, artifact, tau=1.0)
    run(config)
    table = config.paths.submission.read_bytes()
    config.paths.checkpoint.write_bytes(b"trained again")
    said = fit_temperature(config, artifact)
    assert "other raw predictions: run `spectramind predict`" in said[0]
    assert config.paths.submission.read_bytes() == table


def test_planets_alike_raise_no_alarm_and_the_seen_are_kept_once(
    config: Config, artifact: Artifact
) -> None:
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    held = json.loads(WorkFolder(config.paths).calibrators(SUBMITTED).seen.read_text())
    assert sorted(held["planets"]) == SEEN  # both folds
    found = dict(zip(TRAITS, held["planets"][SEEN[0]], strict=True))
    assert found["network"] is None  # physics alone
    assert found["visits"] is None  # one visit
    assert found["noise_airs"] == pytest.approx(np.log(1e-4), abs=0.3)
    assert found["chi2_fgs1"] == pytest.approx(0.0, abs=0.6)
    kept = record(config)
    answer = run(config, kept)
    assert "not told from the 14" in answer.drift
    assert answer.drift in answer.report()
    assert not kept.warnings
    assert applied(config)["drift"]["alarm"] is False  # type: ignore[index]


def test_noisier_planets_raise_the_alarm_and_score_says_what_came_of_it(
    config: Config, artifact: Artifact, tmp_path: Path
) -> None:
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    quiet = run(config).submitted
    noisy = write_tree(tmp_path / "noisy", 3.0, 1)
    paths = noisy.paths.model_copy(
        update={key: getattr(config.paths, key) for key in ("checkpoint", "temperature", "corel")}
    )
    noisy = noisy.model_copy(update={"paths": paths})
    kept = record(noisy)
    answer = predict(noisy, kept)
    assert "no promise of sigma or intervals holds for these 12 planets" in answer.drift
    assert kept.warnings == [answer.drift]
    named = {one["name"] for one in applied(noisy)["drift"]["quantities"]}  # type: ignore[index]
    assert named == {"noise_fgs1", "noise_airs", "chi2_fgs1", "chi2_airs"}
    np.testing.assert_array_equal(answer.submitted.spectra.sigma, quiet.spectra.sigma)
    scores = score(noisy, record(noisy))
    assert "Afterwards: " in scores.drift
    assert scores.drift in scores.remarks()
    held = json.loads(noisy.paths.score.read_text())["drift"]
    assert held["alarm"] is True
    y = pd.read_csv(noisy.paths.truth, index_col=0).to_numpy()
    intervals = answer.submitted.intervals
    assert intervals is not None
    inside = (np.abs(y - answer.submitted.spectra.mu) <= intervals.half_width).mean()
    assert held["coverage"] == pytest.approx(inside)


def test_the_sets_own_factor_is_off_until_asked_for(
    config: Config, artifact: Artifact, tmp_path: Path
) -> None:
    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    noisy = write_tree(tmp_path / "noisy", 3.0, 1)
    keys = ("checkpoint", "temperature", "corel")
    moved = {key: getattr(config.paths, key) for key in keys}
    noisy = noisy.model_copy(update={"paths": noisy.paths.model_copy(update=moved)})
    without = predict(noisy, record(noisy))
    assert applied(noisy)["instance"] is None
    asked = noisy.calib.model_copy(
        update={"instance": noisy.calib.instance.model_copy(update={"enabled": True})}
    )
    own = predict(noisy.model_copy(update={"calib": asked}), record(noisy))
    factor = applied(noisy)["instance"]
    assert factor == pytest.approx(3.0, rel=0.15)
    np.testing.assert_allclose(
        own.submitted.spectra.sigma, factor * without.submitted.spectra.sigma
    )
    assert f"the set's own factor {factor:.3f}" in own.sigma
    WorkFolder(noisy.paths).calibrators(SUBMITTED).seen.unlink()
    with pytest.raises(ConfigError, match="calibrate-corel` for this checkpoint first"):
        predict(noisy.model_copy(update={"calib": asked}), record(noisy))
    assert "not looked for, no" in predict(noisy, record(noisy)).drift


def test_with_the_reserve_alone_left_corel_is_left_out_and_said(
    config: Config, artifact: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The temperature stands alone then; COREL of this checkpoint and temperature is kept."""
    monkeypatch.setattr(fitting, "members", lambda config, artifact: estimators(artifact))
    hour = compose(["env.budget.hours=1", "env.budget.reserve_min=15"]).env.budget

    def hurried() -> tuple[tuple[str, ...], str]:
        kept = record(config)
        began = datetime.now(UTC) - timedelta(minutes=50)
        kept.budget = Budget(hour, began, kept.warn, config.paths.work)
        return calibrate_corel(config, kept).submitted, "; ".join(kept.warnings)

    fit_temperature(config, artifact)
    fit_corel(config, artifact)
    said, warned = hurried()
    assert "calibrate-corel is left out: 10 of 60 min are left" in warned
    assert "before is kept" in warned
    assert said == (warned,)
    assert config.paths.corel.is_file()

    digest = file_digest(config.paths.checkpoint)
    for name in estimators(artifact):
        path = WorkFolder(config.paths).calibrators(name).temperature
        other = Temperature(2.0, 14)
        save_temperature(path, other, fold="val", planets=SEEN, checkpoint=digest)
    _, warned = hurried()
    assert "sigma gets its temperature alone" in warned
    assert not config.paths.corel.exists()
    predict(config, record(config))
    applied = json.loads(WorkFolder(config.paths).applied.read_text())
    assert applied["temperature"] == 2.0
    assert applied["corel"] is None
