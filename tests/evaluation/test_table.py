import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from spectramind.errors import SchemaError
from spectramind.evaluation.official import naive_moments, official_score
from spectramind.evaluation.references import constant_reference
from spectramind.evaluation.spectra import TRUTH_COLUMNS, Spectra
from spectramind.evaluation.table import Intervals, render, summarise


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.005, 0.03, (12, 1)) + rng.normal(0, 1e-4, (12, 283))
    return pd.DataFrame(depth, index=[f"p{i}" for i in range(12)], columns=list(TRUTH_COLUMNS))


def noisy(truth, ppm, planets):
    y = truth.loc[planets].to_numpy()
    error = np.random.default_rng(1).normal(0, ppm * 1e-6, y.shape)
    return Spectra(tuple(planets), y + error, np.full(y.shape, ppm * 1e-6))


def show(*summaries):
    console = Console(file=io.StringIO(), width=300)
    console.print(render(summaries))
    return console.file.getvalue()


def test_constant_reference_scores_zero(truth):
    train = truth.to_numpy()
    reference = constant_reference(train, ["p3", "p1"])
    assert reference.planet_ids == ("p3", "p1")
    summary = summarise(
        "constant", reference, truth, naive_moments(train), np.random.default_rng(0)
    )
    assert summary.score == pytest.approx(0.0, abs=1e-12)
    assert summary.fgs1_part == pytest.approx(0.0, abs=1e-12)


def test_summary_agrees_with_its_parts(truth):
    planets = ["p7", "p0", "p4", "p5", "p6", "p8"]
    spectra = noisy(truth, 100, planets)
    spectra.mu[2] += 1e-3  # ten sigma off: p4 is by far the worst
    naive = naive_moments(truth.to_numpy())
    summary = summarise("x", spectra, truth, naive, np.random.default_rng(0))
    y = truth.loc[planets].to_numpy()
    assert summary.score == official_score(y, spectra.mu, spectra.sigma, *naive)
    assert summary.score_low <= summary.score <= summary.score_high
    assert summary.worst[0][0] == "p4"
    assert len(summary.worst) == 5
    assert [score for _, score in summary.worst] == sorted(score for _, score in summary.worst)
    assert summary.n_planets == 6


def test_intervals_are_counted(truth):
    spectra = noisy(truth, 100, list(truth.index))
    naive = naive_moments(truth.to_numpy())
    wide = Intervals(0.9, np.full(spectra.mu.shape, 164.5e-6))
    summary = summarise("x", spectra, truth, naive, np.random.default_rng(0), wide)
    assert summary.interval_coverage == pytest.approx(0.9, abs=0.02)
    assert summary.one_sigma_coverage == pytest.approx(0.683, abs=0.03)
    assert summary.interval_width_ppm == pytest.approx(164.5)
    assert "of 0.9" in show(summary)


def test_infinite_intervals_are_called_so_and_stay_json(truth):
    spectra = noisy(truth, 100, list(truth.index))
    endless = Intervals(0.9, np.full(spectra.mu.shape, np.inf))
    naive = naive_moments(truth.to_numpy())
    summary = summarise("x", spectra, truth, naive, np.random.default_rng(0), endless)
    assert summary.interval_coverage == 1.0
    assert "(infinite)" in show(summary)
    assert json.loads(json.dumps(summary.to_json(), allow_nan=False))["interval_width_ppm"] is None


def test_table_has_a_row_for_each_prediction(truth):
    naive = naive_moments(truth.to_numpy())
    summaries = [
        summarise(name, noisy(truth, ppm, ["p0", "p1"]), truth, naive, np.random.default_rng(0))
        for name, ppm in (("physics", 100), ("spectramind", 30))
    ]
    text = show(*summaries)
    assert "2 planets that were held out" in text
    assert text.index("physics") < text.index("spectramind")
    for summary in summaries:
        assert f"{summary.score:.4f}" in text
    assert summaries[1].score > summaries[0].score


def test_planet_without_truth_is_refused(truth):
    spectra = constant_reference(truth.to_numpy(), ["p0", "elsewhere"])
    with pytest.raises(SchemaError, match="elsewhere"):
        summarise("x", spectra, truth, (0.01, 0.01), np.random.default_rng(0))
