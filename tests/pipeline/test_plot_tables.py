"""The small files that DVC shows: metrics, gains by epoch, coverage, the worst planets."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError
from spectramind.evaluation.summary import summarise
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.epoch_gains import write_training_table
from spectramind.pipeline.gate import gate
from spectramind.pipeline.plot_tables import write_metrics, write_score_tables
from spectramind.pipeline.score import Unscored, score
from spectramind.run.record import RunRecord

NAIVE = (0.015, 0.005)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return compose([f"paths.work={tmp_path}", "split.folds=3"])


@pytest.fixture
def record(tmp_path: Path) -> RunRecord:
    return RunRecord("score", {}, tmp_path)


def planets(n: int) -> tuple[Spectra, pd.DataFrame]:
    """Honest sigmas of 100 ppm; the last planet is off by 20 of them."""
    rng = np.random.default_rng(5)
    names = [str(100 + i) for i in range(n)]
    truth = 0.015 + 1e-3 * rng.standard_normal((n, N_BINS))
    mu = truth + 1e-4 * rng.standard_normal((n, N_BINS))
    mu[-1] += 2e-3
    table = pd.DataFrame(truth, index=pd.Index(names), columns=list(SPECTRUM_COLUMNS))
    return Spectra(tuple(names), mu, np.full((n, N_BINS), 1e-4)), table


def test_coverage_is_what_sigma_promises_and_the_worst_come_first(
    config: Config, record: RunRecord
) -> None:
    spectra, truth = planets(60)
    write_score_tables(config, record, spectra, truth, NAIVE, {"159": "clouds"})
    plots = WorkFolder(config.paths).plots
    coverage = pd.read_csv(plots.coverage)
    honest = coverage.promised * 59 / 60
    assert np.abs(coverage.all_bins - honest).max() < 0.015
    assert (coverage.ideal == coverage.promised).all()
    worst = pd.read_csv(plots.worst_planets, dtype={"planet_id": str})
    assert len(worst) == 20
    assert (worst.planet_id[0], worst.reason[0]) == ("159", "clouds")
    assert worst.white_z[0] == pytest.approx(-20, abs=0.2)
    assert worst.score.is_monotonic_increasing


def test_metrics_are_flat_and_those_of_the_submission(config: Config, record: RunRecord) -> None:
    spectra, truth = planets(20)
    rng = np.random.default_rng(1)
    ours, physics = (
        summarise(name, Predictive(spectra), truth, NAIVE, rng) for name in (SUBMITTED, "physics")
    )
    write_metrics(config, record, [ours, physics])
    held = json.loads(WorkFolder(config.paths).plots.metrics.read_text())
    assert held["score"] == pytest.approx(ours.score, rel=1e-5)
    assert held["score_physics"] == held["score"]
    assert all(isinstance(value, float) for value in held.values())
    assert "inside_interval" not in held  # no intervals here


def test_gains_are_over_epoch_0_of_each_fold(config: Config, record: RunRecord) -> None:
    folder = WorkFolder(config.paths)
    losses = {0: [-8.0, -8.1, -8.3], 1: [-9.0, -9.3], 2: [-7.0, None]}
    for fold, of_epochs in losses.items():
        place = WorkFolder(folder.fold(fold)).tracking
        place.mkdir(parents=True)
        rows = [{"epoch": float(epoch), "val_loss": loss} for epoch, loss in enumerate(of_epochs)]
        (place / "supervised.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_training_table(config, record)
    table = pd.read_csv(folder.plots.training)
    assert table.epoch.tolist() == [0, 1, 2]
    assert table.trainings.tolist() == [3, 2, 1]
    np.testing.assert_allclose(table.average, [0, 0.2, 0.3])
    np.testing.assert_allclose(table.highest, [0, 0.3, 0.3])


def test_without_a_truth_the_files_are_there_and_hold_no_score(
    config: Config, record: RunRecord
) -> None:
    spectra, _ = planets(4)
    Predictive(spectra).save(WorkFolder(config.paths).prediction(SUBMITTED))
    found = score(config, record, if_known=True)
    assert isinstance(found, Unscored)
    assert json.loads(config.paths.score.read_text())["predictions"] == []
    plots = WorkFolder(config.paths).plots
    assert json.loads(plots.metrics.read_text()) == {}
    assert plots.coverage.read_text().splitlines() == ["promised,all_bins,fgs1,ideal"]
    assert len(plots.worst_planets.read_text().splitlines()) == 1
    with pytest.raises(SchemaError, match="nobody knows the test planets' true spectra"):
        gate(config, record)
