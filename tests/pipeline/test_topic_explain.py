"""diagnose explain on made-up planets: what predict submitted is taken apart to the last digit."""

from pathlib import Path

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths, save_depths
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.features.transit_model import TransitModel
from spectramind.features.visit_fit import estimate
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.diagnose import diagnose
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.topic_explain import explain_mu
from spectramind.pipeline.visits import star_rows
from spectramind.prior.prior_fit import fit_prior
from spectramind.run.atomic import write_npz
from spectramind.run.record import RunRecord

IDS = ("301", "302", "303")
TIME_H = np.linspace(0.0, 7.0, 80)
ROW = "1,1,5800,1,0,4,10,88.3"
FEWER = ("fit.fine_terms=10", "fit.red_terms=3", "diag.explain.sample_planets=2")


def light_curves(rng: np.random.Generator, star: StarRow) -> np.ndarray:
    """A transit 1 % deep with white noise, (T, 283)."""
    model = TransitModel(TIME_H, star, 0.05)
    separation = model.separation(3.5, np.log(star.a_over_rs), star.impact)
    flux = model.flux(separation, np.array([0.1]), np.array([[0.3, 0.2]]))[0]
    return 1e6 * flux[:, None] * (1 + 3e-4 * rng.standard_normal((len(TIME_H), N_BINS)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Config, Artifact]:
    """Three test planets with features of our own fit, and a prior of other spectra."""
    root = tmp_path_factory.mktemp("explain")
    config = compose([f"data.raw={root / 'raw'}", f"paths.work={root}", *FEWER])
    for planet in IDS:
        (root / "raw/test" / planet).mkdir(parents=True)
        (root / "raw/test" / planet / "FGS1_signal_0.parquet").touch()
    table = "\n".join(["planet_id,Rs,Ms,Ts,Mp,e,P,sma,i", *(f"{one},{ROW}" for one in IDS)])
    (root / "raw/test_star_info.csv").write_text(table)
    rng, folder = np.random.default_rng(0), WorkFolder(config.paths).features
    for visit, star in star_rows(KaggleTree(config.data.raw), "test"):
        flux, pointing = light_curves(rng, star), rng.standard_normal((len(TIME_H), 5))
        write_npz(folder.airs_bins(visit), time=TIME_H, flux=flux, pointing=pointing)
        jitter = rng.standard_normal((len(TIME_H), 2))
        write_npz(folder.fgs1_white(visit), time=TIME_H, jitter=jitter)
        depths = estimate(TIME_H, flux, star, config.fit, pointing)
        save_depths(folder.depths(visit), depths, "made up")
    settings = compose(["model.prior.source=labels", "model.prior.components=3"]).model
    wave = np.sin(6 * np.linspace(0, 1, N_BINS))
    truth = rng.normal(0.012, 0.002, (12, 1)) + 1e-4 * rng.standard_normal((12, 1)) * wave
    known = [[load_depths(folder.depths(IDS[0])).fit] for _ in truth]
    prior = fit_prior(truth, known, settings.prior)
    artifact = Artifact(  # type: ignore[arg-type]
        None, prior, settings, None, 64, 0, [], "", ("1",), ()
    )
    config.paths.checkpoint.parent.mkdir(parents=True)
    config.paths.checkpoint.write_bytes(b"a checkpoint")
    return config, artifact


@pytest.fixture
def config(made: tuple[Config, Artifact], monkeypatch: pytest.MonkeyPatch) -> Config:
    """As ``predict`` leaves it: the physics estimate in single precision is submitted."""
    config, artifact = made
    monkeypatch.setattr(Artifact, "load", classmethod(lambda cls, path: artifact))
    planets = load_planets(config, KaggleTree(config.data.raw), "test", IDS)
    told = PhysicsEstimate(artifact.prior, artifact.model.prior).predict(planets)
    folder = WorkFolder(config.paths)
    told.save(folder.prediction("physics"))
    mu = told.spectra.mu.astype(np.float32).astype(np.float64)
    Predictive(Spectra(IDS, mu, told.spectra.sigma)).save(folder.prediction(SUBMITTED))
    return config


def record(config: Config) -> RunRecord:
    return RunRecord("test", {}, config.paths.work)


def test_every_planet_adds_up_and_samples_are_told(config: Config) -> None:
    values = explain_mu(config, record(config))
    assert set(values["planets"]) == set(IDS)
    assert max(one["residual"] for one in values["planets"].values()) < 1e-12
    assert not values["network"]
    mu = Predictive.load(WorkFolder(config.paths).prediction(SUBMITTED)).spectra.mu[1]
    one = values["planets"][IDS[1]]
    total = one["level_ppm"] + np.sum([part for part in one["parts_ppm"].values() if part], axis=0)
    np.testing.assert_allclose(total, 1e6 * mu, atol=0.5)
    assert list(values["samples"]) == [IDS[0], IDS[2]]  # spread over all, as many as asked for
    for told in values["samples"].values():
        assert "problem" not in told
        assert len(told["time_h"]) == len(told["phase"]) == len(told["detectors"]["airs"]["own"])
        net = told["detectors"]["airs"]["sum"]
        assert net[values["phases"].index("in transit")] < -0.3


def test_the_topic_is_to_be_had_alone(config: Config, tmp_path: Path) -> None:
    report = diagnose(config, record(config), "explain")
    assert not report.absent
    assert {path.name for path in report.tables} >= {
        "explain_mu_bands.csv",
        "explain_mu_planets.csv",
        "explain_mu_samples.csv",
    }
    assert report.page.is_file()
    assert len(report.verdicts) == 1


def test_depths_that_changed_since_are_told(config: Config) -> None:
    """Neither are their parts those of mu, nor do their samples give them."""
    folder = WorkFolder(config.paths).features
    before = load_depths(folder.depths(IDS[0]))
    deeper = Depths(
        before.fit.__class__(before.fit.depth + 1e-3, before.fit.variance, before.fit.modes),
        before.time_h,
        before.white,
        before.model,
        before.info,
    )
    save_depths(folder.depths(IDS[0]), deeper, "made up")
    try:
        values = explain_mu(config, record(config))
    finally:
        save_depths(folder.depths(IDS[0]), before, "made up")
    assert values["planets"][IDS[0]]["residual"] > 1e-4
    assert "run features again" in values["samples"][IDS[0]]["problem"]


def test_a_broken_star_table_costs_the_samples_alone(config: Config) -> None:
    table = config.data.raw / "test_star_info.csv"
    before = table.read_bytes()
    table.write_text("planet_id,P\n")
    try:
        values = explain_mu(config, record(config))
    finally:
        table.write_bytes(before)
    assert len(values["planets"]) == len(IDS)
    assert all("problem" in told for told in values["samples"].values())


def test_without_a_prediction_it_names_the_command(config: Config) -> None:
    WorkFolder(config.paths).prediction("physics").unlink()
    with pytest.raises(SchemaError, match="predict"):
        explain_mu(config, record(config))
