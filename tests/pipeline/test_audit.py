"""audit from the command line, on a prediction made by hand."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spectramind.api as sm
from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, Spectra
from spectramind.pipeline.audit_spectra import Auditing
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.symbolic.violation_log import Severity, ViolationLog

IDS = ("101", "102", "103", "104")


def write_labels(path: Path, ids: tuple[str, ...], depths: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(depths, columns=list(SPECTRUM_COLUMNS))
    table.insert(0, "planet_id", list(ids))
    table.to_csv(path, index=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty labels; four predictions, one of them noisy, one upside down; the truth of three."""
    spectra = atmosphere_spectra(120)
    write_labels(tmp_path / "raw/train.csv", tuple(map(str, range(60))), spectra[:60])
    truth = spectra[[61, 62, 63, 64]]
    write_labels(tmp_path / "raw/truth/test.csv", IDS[:3], truth[:3])
    mu = truth.copy()
    mu[1] += 2e-4 * np.random.default_rng(3).normal(size=283)
    mu[2] = mu[2].mean() + 30 * (mu[2].mean() - mu[2])
    sigma = np.full(mu.shape, 3e-5)
    found = Predictive(Spectra(IDS, mu, sigma), Intervals(0.9, 2 * sigma))
    found.save(tmp_path / "work/outputs/predictions/spectramind.npz")
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> list[str]:
    return [f"data.raw={folder / 'raw'}", f"paths.work={folder / 'work'}"]


def test_audit_writes_what_it_shows(
    folder: Path,
    settings: list[str],
    spectramind: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert spectramind("audit", *settings) == 0
    shown = capsys.readouterr().out
    assert "coherence:H2O" in shown
    assert "fft_power" in shown
    log = ViolationLog.model_validate_json(
        (folder / "work/outputs/audit/constraint_violation_log.json").read_text()
    )
    assert [planet.planet_id for planet in log.planets] == list(IDS)
    good, noisy, inverted, unknown = log.planets
    assert good.severity == Severity.OK
    assert noisy.severity == Severity.FAIL
    assert noisy.violations["smoothness"]["status"] == "fail"
    assert noisy.violations["quantile_monotonicity"] == {"count": 0, "status": "ok"}
    assert noisy.dominant_rules["continuum"] == "smoothness"
    assert inverted.out_of_distribution is not None
    assert inverted.out_of_distribution.alarm
    assert not good.out_of_distribution.alarm
    assert noisy.truth.severity == Severity.OK
    assert unknown.truth is None
    assert "ALARM" in shown  # a quarter of the planets, and more


def test_influence_maps_are_the_rules_slopes(
    folder: Path, settings: list[str], spectramind: Callable[..., int]
) -> None:
    assert spectramind("audit", *settings) == 0
    with np.load(folder / "work/outputs/audit/influence_maps.npz", allow_pickle=False) as maps:
        assert maps["planet_id"].tolist() == list(IDS)
        assert maps["wavelength_um"].shape == (283,)
        rules = set(maps.files) - {"planet_id", "wavelength_um", "total"}
        assert rules == {"sm", "nn", "coh", "ratio", "fft", "asym"}
        np.testing.assert_allclose(sum(maps[rule] for rule in rules), maps["total"])
        strength = np.abs(maps["total"]).sum(axis=1)
    assert strength[1] > 10 * strength[0]


def test_the_result_is_for_notebooks_too(settings: list[str]) -> None:
    found = sm.open(*settings)("audit")
    assert isinstance(found, Auditing)
    rows = {row.entry: row for row in found.table}
    smooth = rows["smoothness"]
    assert sum(smooth.counts.values()) == 4
    assert sum(smooth.truth_counts.values()) == 3
    assert smooth.counts[Severity.FAIL] >= 1
    assert smooth.worst in IDS
    assert rows["quantile_monotonicity"].truth_counts == {}
    assert "ratios.ch4_h2o" in rows
    assert found.set_alarm == (len(found.strangers) > 0)
    assert set(found.influence["sm"].shape) == {4, 283}


def test_a_rule_that_fails_the_truth_is_said_to_be_at_fault(settings: list[str]) -> None:
    strict = [*settings, "audit.bands.sm.warn=0", "audit.bands.sm.fail=0"]
    found = sm.open(*strict)("audit")
    assert any("smoothness fails 3 true spectra too" in line for line in found.remarks())


def test_without_a_prediction_it_says_what_to_run(
    tmp_path: Path, spectramind: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert spectramind("audit", f"paths.work={tmp_path}") == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "spectramind" in line]
    assert "is missing: run `spectramind predict` first" in lines[-1]


@pytest.mark.parametrize(
    ("how", "said"),
    [("none", "train.csv"), ("few", "cannot tell a stranger")],
)
def test_too_few_labels_stop_only_the_alarm(
    folder: Path, settings: list[str], how: str, said: str
) -> None:
    labels = folder / "raw/train.csv"
    if how == "none":
        labels.unlink()
    else:
        write_labels(labels, IDS, atmosphere_spectra(120)[:4])
    found = sm.open(*settings)("audit")
    assert all(planet.out_of_distribution is None for planet in found.log.planets)
    assert not found.set_alarm
    (line,) = [line for line in found.remarks() if "strangers" in line]
    assert line.startswith("strangers were not looked for")
    assert said in line
    event = json.loads((folder / "work/events.jsonl").read_text().splitlines()[-1])
    assert event["status"] == "warn"


def test_the_truth_of_other_planets_is_none_of_theirs(folder: Path, settings: list[str]) -> None:
    write_labels(folder / "raw/truth/test.csv", ("7", "8"), atmosphere_spectra(120)[:2])
    found = sm.open(*settings)("audit")
    assert all(planet.truth is None for planet in found.log.planets)
    assert all(row.truth_counts == {} for row in found.table)


def test_the_truth_can_be_named(
    folder: Path, settings: list[str], spectramind: Callable[..., int]
) -> None:
    elsewhere = folder / "elsewhere.csv"
    (folder / "raw/truth/test.csv").rename(elsewhere)
    log = folder / "work/outputs/audit/constraint_violation_log.json"
    for arguments, known in (([], 0), (["--truth", str(elsewhere)], 3)):
        assert spectramind("audit", *settings, *arguments) == 0
        planets = json.loads(log.read_text())["planets"]
        assert sum(planet["truth"] is not None for planet in planets) == known


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("audit.bands.sm.warn=9", "must not be below warn"),
        ("audit.strangers.level=0", "audit.strangers.level"),
        ("audit.strangers.reference=stars", "audit.strangers.reference"),
        ("~audit.bands.sm", "rule or band without the other: sm"),
    ],
)
def test_impossible_settings_are_one_line(
    settings: list[str],
    spectramind: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    change: str,
    said: str,
) -> None:
    assert spectramind("audit", *settings, change) == 3
    assert said in capsys.readouterr().err
