"""export spectra from the command line, and score and audit of files of spectra."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import spectramind.api as sm
from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.predictive import SUBMITTED, Intervals, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline import export_spectra
from spectramind.pipeline.score import Scores
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.prior.prior_fit import fit_prior
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest
from spectramind.run.events import Manifest, ManifestEntry
from spectramind.submission.applied import Applied
from spectramind.submission.dialects import Dialect
from spectramind.submission.standard.spectra_reader import read_spectra
from spectramind.submission.table import write_submission

IDS = ("101", "102", "103")
Run = Callable[..., int]


def measured(rng: np.random.Generator, truth: np.ndarray) -> Measurement:
    return Measurement(
        truth + 3e-5 * rng.standard_normal(N_BINS),
        np.full(N_BINS, 9e-10),
        np.full((N_BINS, 1), 2e-5),
    )


def write_labels(path: Path, ids: tuple[str, ...], depths: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(depths, columns=list(SPECTRUM_COLUMNS))
    table.insert(0, "planet_id", list(ids))
    table.to_csv(path, index=False)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """As predict leaves it: three planets, sigma widened by a factor, intervals, a manifest."""
    rng = np.random.default_rng(5)
    spectra = atmosphere_spectra(90)
    labels, truth = spectra[:60], spectra[60:63]
    write_labels(tmp_path / "raw/train.csv", tuple(map(str, range(60))), labels)
    write_labels(tmp_path / "raw/truth/test.csv", IDS, truth)
    (tmp_path / "raw/test").mkdir()
    settings = [f"data.raw={tmp_path / 'raw'}", f"paths.work={tmp_path / 'work'}"]
    config = compose(settings)
    folder = WorkFolder(config.paths)
    model = compose(["model.prior.source=labels", "model.prior.components=4"]).model
    prior = fit_prior(labels, [[measured(rng, y)] for y in labels], model.prior)
    planets = [SimpleNamespace(measurements=[measured(rng, y)]) for y in truth]
    answers = prior.posteriors([planet.measurements for planet in planets])
    mu, sigma = (np.stack([getattr(one, name) for one in answers]) for name in ("mean", "sigma"))
    physics = Predictive(Spectra(IDS, mu, sigma))
    physics.save(folder.raw_prediction("physics"))
    submitted = Predictive(Spectra(IDS, mu, 1.3 * sigma), Intervals(0.9, 2.5 * sigma))
    submitted.save(folder.prediction(SUBMITTED))
    write_submission(config.paths.submission, submitted.spectra, Dialect.SPECTRAMIND)
    config.paths.checkpoint.parent.mkdir(parents=True)
    config.paths.checkpoint.write_bytes(b"a checkpoint")
    prediction = file_digest(folder.prediction(SUBMITTED))
    Applied(
        submission=file_digest(config.paths.submission),
        prediction=prediction,
        checkpoint=file_digest(config.paths.checkpoint),
        temperature=1.3,
        corel=None,
    ).save(folder.applied)
    entry = ManifestEntry(
        ts="2026-01-01T00:00:00Z",
        run_id="v50_20260101_000000_abcd",
        git_sha="0123456",
        cfg_hash="abcdabcd",
        data_hash=None,
        seed=3,
        env={},
        artifacts={"p": prediction},
    )
    manifest = Manifest(commands={"predict": entry})
    write_json(folder.record.manifest, manifest.model_dump(mode="json"))
    artifact = Artifact(  # type: ignore[arg-type]
        None, prior, model, None, 64, 0, [], "", ("1",), ()
    )
    monkeypatch.setattr(Artifact, "load", classmethod(lambda cls, path: artifact))
    monkeypatch.setattr(export_spectra, "load_planets", lambda *_: planets)
    monkeypatch.setattr(export_spectra, "KaggleTree", lambda _: None)
    return settings


def exports(work: list[str]) -> Path:
    return compose(work).paths.exports


def test_provenance_covariance_and_intervals_go_along(
    work: list[str], spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--format", "csv", "export.covariance=always"]
    assert spectramind("export", "spectra", *more, *work) == 0
    assert "3 planets as csv" in capsys.readouterr().out
    read = read_spectra(exports(work) / "spectra.csv").published
    told = Predictive.load(WorkFolder(compose(work).paths).prediction(SUBMITTED))
    np.testing.assert_array_equal(read.found.spectra.sigma, told.spectra.sigma)
    np.testing.assert_allclose(read.factor, 1.3, rtol=1e-6)
    diagonal = np.diagonal(read.covariance, axis1=1, axis2=2)
    np.testing.assert_array_equal(diagonal, told.spectra.sigma**2)
    assert read.found.intervals is not None
    assert read.found.intervals.level == 0.9
    about = read.about
    assert about["run_id"] == "v50_20260101_000000_abcd"
    assert about["run_id"] in about["citation"]
    assert (about["git_sha"], about["config_hash"], about["seed"]) == ("0123456", "abcdabcd", "3")
    assert about["digest_submission"] == file_digest(compose(work).paths.submission)
    assert about["covariance"].startswith("that of the physics posterior")
    assert (about["temperature"], about["interval_levels"]) == ("1.3", "0.9")


def test_text_leaves_the_covariance_out_and_says_so(work: list[str], spectramind: Run) -> None:
    assert spectramind("export", "spectra", "--format", "csv", "--per-planet", *work) == 0
    folder = exports(work) / "spectra"
    assert sorted(p.name for p in folder.glob("*.csv")) == [f"{planet}.csv" for planet in IDS]
    read = read_spectra(folder / "102.csv").published
    assert read.found.planet_ids == ("102",)
    assert read.covariance is None
    assert read.about["covariance"].startswith("left out of csv (export.covariance=always")


def test_without_the_checkpoint_that_predicted_no_covariance_is_known(
    work: list[str], spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    compose(work).paths.checkpoint.write_bytes(b"another")
    assert spectramind("export", "spectra", "--format", "csv", *work) == 0
    about = read_spectra(exports(work) / "spectra.csv").published.about
    assert about["covariance"].startswith("not known: ")
    asked = ["--format", "csv", "export.covariance=always"]
    assert spectramind("export", "spectra", *asked, *work) == 2
    assert "is not the one that predicted" in capsys.readouterr().err


def test_other_features_than_were_predicted_from_are_told(
    work: list[str], spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = WorkFolder(compose(work).paths)
    raw = Predictive.load(folder.raw_prediction("physics")).spectra
    Predictive(Spectra(IDS, raw.mu, 1.01 * raw.sigma)).save(folder.raw_prediction("physics"))
    asked = ["--format", "csv", "export.covariance=always"]
    assert spectramind("export", "spectra", *asked, *work) == 2
    assert "features have changed" in capsys.readouterr().err


def test_a_submission_that_was_changed_is_not_exported(work: list[str], spectramind: Run) -> None:
    path = compose(work).paths.submission
    path.write_text(path.read_text() + "\n")
    assert spectramind("export", "spectra", "--format", "csv", *work) == 2
    assert not exports(work).exists()


@pytest.mark.parametrize("kind", ["ecsv", "hdf5", "fits"])
def test_every_format_is_scored_and_audited(work: list[str], spectramind: Run, kind: str) -> None:
    pytest.importorskip("h5py" if kind == "hdf5" else "astropy")
    assert spectramind("export", "spectra", "--format", kind, *work) == 0
    (path,) = exports(work).iterdir()
    run = sm.open(*work, f"paths.spectra={path}")
    scores = run("score")
    assert isinstance(scores, Scores)
    theirs, mine = scores.summaries[:2]
    assert (theirs.name, mine.name) == (path.name, SUBMITTED)
    assert theirs.score == mine.score > 0.2
    assert theirs.interval_coverage == mine.interval_coverage
    audited = run("audit")
    assert audited.file.is_file()
    assert json.loads(audited.file.read_text())["prediction"] == file_digest(path)


def test_others_spectra_are_scored_beside_ours_and_touch_nothing_of_ours(
    work: list[str], tmp_path: Path, spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("export", "spectra", "--format", "csv", *work) == 0
    table = pd.read_csv(exports(work) / "spectra.csv", dtype={"planet_id": str})
    theirs = table.loc[table.planet_id == "102", ["planet_id", "wavelength_um"]]
    theirs = theirs.assign(depth_ppm=1.2e4, sigma_ppm=900.0)
    path = tmp_path / "theirs.csv"
    theirs.to_csv(path, index=False)
    asked = ["--spectra", str(path)]
    assert spectramind("score", *work, *asked) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "holds 1 of the 3 planets whose truth is known" in shown
    assert "constant is left out" in shown  # there are no features here
    config = compose(work)
    assert not config.paths.score.exists()
    found = json.loads(config.paths.score.with_name("score_theirs.csv.json").read_text())
    assert [row["name"] for row in found["predictions"]] == ["theirs.csv", SUBMITTED]
    assert found["scored"] == file_digest(path)
    assert spectramind("audit", *work, *asked) == 0
    assert (config.paths.audit / "theirs.csv/constraint_violation_log.json").is_file()
    assert not (config.paths.audit / "constraint_violation_log.json").exists()


@pytest.mark.parametrize("command", ["score", "audit"])
def test_a_file_that_is_none_is_one_line(
    work: list[str], spectramind: Run, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert spectramind(command, *work, "--spectra", "nowhere.fits") == 2
    assert "nowhere.fits is missing" in capsys.readouterr().err
    assert spectramind(command, *work, "--spectra", "spectra.doc") == 2
    assert "spectra are read from files called .ecsv, .fits" in capsys.readouterr().err


def test_export_alone_is_still_the_network(
    tmp_path: Path, spectramind: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["export"], ["export", "network"]):
        assert spectramind(*words, f"paths.work={tmp_path}") == 2
        assert "run `spectramind train` first" in capsys.readouterr().err
    events = (tmp_path / "events.jsonl").read_text().splitlines()
    assert [json.loads(line)["cmd"] for line in events] == ["export network"] * 2
    assert spectramind("export", "spectra", "--format", "pdf", f"paths.work={tmp_path}") == 3
