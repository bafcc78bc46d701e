import io
import json

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.errors import SchemaError
from spectramind.evaluation.official import (
    clipped_score,
    element_scores,
    naive_moments,
    planet_scores,
)
from spectramind.evaluation.score_tables import render
from spectramind.evaluation.summary import ratios, summarise


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    depth = rng.uniform(0.005, 0.03, (12, 1)) + rng.normal(0, 1e-4, (12, 283))
    return pd.DataFrame(depth, index=[f"p{i}" for i in range(12)], columns=list(SPECTRUM_COLUMNS))


def noisy(truth, ppm, planets):
    y = truth.loc[planets].to_numpy()
    error = np.random.default_rng(1).normal(0, ppm * 1e-6, y.shape)
    return Spectra(tuple(planets), np.maximum(y + error, 0), np.full(y.shape, ppm * 1e-6))


def answer(truth, ppm, planets):
    return Predictive(noisy(truth, ppm, planets))


def show(*summaries):
    console = Console(file=io.StringIO(), width=80)
    for table in render(summaries):
        console.print(table)
    return console.file.getvalue()


def test_summary_agrees_with_its_parts(truth):
    planets = ["p7", "p0", "p4", "p5", "p6", "p8"]
    spectra = noisy(truth, 100, planets)
    spectra.mu[2] += 1e-3  # ten sigma off: p4 is by far the worst
    naive = naive_moments(truth.to_numpy())
    summary = summarise("x", Predictive(spectra), truth, naive, np.random.default_rng(0))
    y = truth.loc[planets].to_numpy()
    assert summary.score == clipped_score(
        planet_scores(element_scores(y, spectra.mu, spectra.sigma, *naive))
    )
    assert summary.score_low <= summary.score <= summary.score_high
    assert summary.worst[0].planet_id == "p4"
    assert summary.worst[0].white_z == pytest.approx(-10, abs=0.2)
    assert len(summary.worst) == 5
    assert [row.score for row in summary.worst] == sorted(row.score for row in summary.worst)
    assert summary.white_z.largest == -summary.worst[0].white_z
    assert summary.n_planets == 6


def test_intervals_are_counted(truth):
    spectra = noisy(truth, 100, list(truth.index))
    naive = naive_moments(truth.to_numpy())
    wide = Intervals(0.9, np.full(spectra.mu.shape, 164.5e-6))
    summary = summarise("x", Predictive(spectra, wide), truth, naive, np.random.default_rng(0))
    assert summary.interval_coverage == pytest.approx(0.9, abs=0.02)
    assert summary.one_sigma_coverage == pytest.approx(0.683, abs=0.03)
    assert summary.interval_width_ppm == pytest.approx(164.5)
    assert f"{summary.interval_coverage:.3f}" in show(summary)


def test_infinite_intervals_are_called_so_and_stay_json(truth):
    spectra = noisy(truth, 100, list(truth.index))
    endless = Intervals(0.9, np.full(spectra.mu.shape, np.inf))
    naive = naive_moments(truth.to_numpy())
    summary = summarise("x", Predictive(spectra, endless), truth, naive, np.random.default_rng(0))
    assert summary.interval_coverage == 1.0
    assert " all " in show(summary)
    assert json.loads(json.dumps(summary.to_json(), allow_nan=False))["interval_width_ppm"] is None


def test_table_has_a_row_for_each_prediction(truth):
    naive = naive_moments(truth.to_numpy())
    summaries = [
        summarise(name, answer(truth, ppm, ["p0", "p1"]), truth, naive, np.random.default_rng(0))
        for name, ppm in (("physics", 100), ("spectramind", 30))
    ]
    text = show(*summaries)
    assert "2 planets that were held out" in text
    assert text.index("physics") < text.index("spectramind")
    for summary in summaries:
        assert f"{summary.score:.4f}" in text
    assert summaries[1].score > summaries[0].score


def test_planet_without_truth_is_refused(truth):
    spectra = noisy(truth.rename(index={"p1": "elsewhere"}), 100, ["p0", "elsewhere"])
    with pytest.raises(SchemaError, match="elsewhere"):
        summarise("x", Predictive(spectra), truth, (0.01, 0.01), np.random.default_rng(0))


def test_far_off_are_those_that_nobody_doubted(truth):
    spectra = noisy(truth, 100, list(truth.index))
    spectra.mu[[2, 5]] += 1e-3
    naive = naive_moments(truth.to_numpy())
    reasons = {"p2": "grazing: depth and geometry cannot be told apart"}
    summary = summarise("x", Predictive(spectra), truth, naive, np.random.default_rng(0), reasons)
    assert [row.planet_id for row in summary.far_off] == ["p5"]
    assert {row.planet_id: row.reason for row in summary.worst[:2]} == reasons | {"p5": ""}
    assert "grazing" in show(summary)


def test_everything_is_set_over_the_oracle(truth):
    naive = naive_moments(truth.to_numpy())
    physics, oracle = (
        summarise(name, answer(truth, ppm, list(truth.index)), truth, naive, rng)
        for name, ppm, rng in (
            ("physics", 60, np.random.default_rng(0)),
            ("oracle", 30, np.random.default_rng(0)),
        )
    )
    over = ratios(physics, oracle)
    assert over["score"] == physics.score / oracle.score < 1
    # The same draw of errors, twice as large.
    assert [over[key] for key in over if key != "score"] == pytest.approx([2, 2, 2])
    text = show(physics, oracle)
    assert "over the oracle's" in text
    assert "2.000" in text
    assert "over the oracle's" not in show(physics)


def test_tables_fit_a_terminal(truth):
    """No cell is cut at 80 columns with every reference there is."""
    naive = naive_moments(truth.to_numpy())
    names = ("spectramind", "constant", "box", "lsq", "physics", "oracle")
    sizes = (40, 20000, 3000, 700, 60, 20)
    text = show(
        *(
            summarise(
                name, answer(truth, ppm, ["p0", "p1"]), truth, naive, np.random.default_rng(0)
            )
            for name, ppm in zip(names, sizes, strict=True)
        )
    )
    assert "…" not in text
    assert "[ppm]" in text
    assert max(map(len, text.splitlines())) <= 80
