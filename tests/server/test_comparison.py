"""Commands side by side: settings, scores, calibration, spectra; and what is not compared."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.work_folder import WorkFolder
from spectramind.evaluation.official import element_scores, planet_scores
from spectramind.evaluation.paired import paired_difference
from spectramind.pipeline.planets import naive_of


@pytest.fixture(scope="module")
def two(predicted: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The predicted folder, and one in which another seed predicted worse."""
    home = tmp_path_factory.mktemp("compared")
    first, second = (shutil.copytree(predicted, home / name) for name in ("first", "second"))
    for folder, seed in ((first, 1), (second, 2)):
        overrides = [f"paths.work={folder}", f"seed={seed}"]
        config = compose(overrides)
        path = folder / "events.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        told = [
            line | {"cfg_hash": config.hash, "args": {"overrides": overrides}} for line in lines
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in told))
    path = WorkFolder(compose([f"paths.work={second}"]).paths).prediction("spectramind")
    held = Predictive.load(path)
    spectra = held.spectra
    worse = Spectra(spectra.planet_ids, spectra.mu + 1e-4, spectra.sigma)
    Predictive(worse, held.intervals).save(path)
    return [first, second]


@pytest.fixture(scope="module")
def compared(serving: Callable[..., Any], two: list[Path]) -> Any:
    return serving(two)


def runs_of(client: Any, command: str) -> str:
    rows = client.get(f"/api/runs?command={command.replace(' ', '%20')}&sort=folder")["rows"]
    return "&".join(f"run={row['folder']}:{row['run_id']}" for row in rows)


def test_settings_scores_and_calibration(compared: Any, two: list[Path]) -> None:
    found = compared.get(f"/api/compare?{runs_of(compared, 'score')}")
    assert found["names"] == ["first", "second"]
    assert found["problems"] == []
    differ = {one["key"]: one["values"] for one in found["settings"]}
    assert differ["seed"] == [1, 2]
    assert differ["paths.work"] == [str(folder) for folder in two]
    assert "level" not in differ
    assert len(found["planet_ids"]) == 12
    scores = np.array(found["scores"])
    config = compose([f"paths.work={two[0]}"])
    held = Predictive.load(WorkFolder(config.paths).prediction("spectramind")).spectra
    import pandas as pd

    truth = pd.read_csv(config.paths.truth).iloc[:, 1:].to_numpy()
    own = planet_scores(element_scores(truth, held.mu, held.sigma, *naive_of(config)))
    np.testing.assert_allclose(scores[0], own)
    (pair,) = found["paired"]
    assert (pair["first"], pair["second"], pair["planets"]) == ("first", "second", 12)
    assert pair["difference"] < 0
    assert pair["low"] <= pair["difference"] <= pair["high"] < 0
    direct = paired_difference(scores[1:], scores[:1], np.random.default_rng(1337))
    assert pair["difference"] == pytest.approx(direct.value)
    good, bad = found["reliability"]
    assert good["z_rms"] == pytest.approx(1, abs=0.05)
    assert bad["z_rms"] > 2
    assert good["found"][9] == pytest.approx(good["stated"][9], abs=0.05)
    assert bad["found"][9] < 0.3


def test_spectra_lie_together(compared: Any) -> None:
    runs = runs_of(compared, "predict")
    found = compared.get(f"/api/compare/spectra?{runs}&planet=1000037")
    first, second = found["spectra"]
    assert [first["name"], second["name"]] == ["first", "second"]
    assert len(found["wavelength_um"]) == len(found["truth_ppm"]) == 283
    difference = np.array(second["mu_ppm"]) - np.array(first["mu_ppm"])
    np.testing.assert_allclose(difference, 100, atol=0.02)
    alone = [trace["name"] for trace in found["strip"] if trace["name"].endswith("alone")]
    assert alone == ["H₂O alone", "CO₂ alone", "CO alone", "CH₄ alone", "NH₃ alone"]
    assert {(trace["xaxis"], trace["yaxis"]) for trace in found["strip"]} == {("x", "y2")}
    missing = compared.ask(f"/api/compare/spectra?{runs}&planet=5")
    assert missing.status == 404
    assert "planet '5'" in missing.detail


def test_what_was_written_over_is_not_compared(
    serving: Callable[..., Any], benchmark: ModuleType, two: list[Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(two[0], tmp_path / "again")
    client = serving([folder])
    before = client.get("/api/runs?size=20")["rows"]
    benchmark.write_events(folder, 11)
    ids = {row["command"]: row["run_id"] for row in before}
    text = (folder / "events.jsonl").read_text().splitlines()
    later = [json.loads(line) for line in text[11:]]
    for number, event in enumerate(later):
        event["run_id"] = f"later_{number}"
    (folder / "events.jsonl").write_text(
        "".join(line + "\n" for line in [*text[:11], *map(json.dumps, later)])
    )
    old = client.get(f"/api/compare?run=again:{ids['score']}&run=again:later_7")
    assert old["scores"][0] == [None] * 12
    assert None not in old["scores"][1]
    assert "written over by later_6" in old["problems"][0]
    assert old["paired"] == []
    trained = client.get(f"/api/compare?run=again:{ids['train']}&run=again:later_3")
    assert "written over" in trained["problems"][0]
    assert None not in trained["scores"][1]
    assert len(set(trained["names"])) == 2


def test_without_truth_spectra_alone_are_compared(
    serving: Callable[..., Any], two: list[Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(two[0], tmp_path / "blind")
    (folder / "data" / "raw" / "truth" / "test.csv").unlink()
    client = serving([folder])
    runs = runs_of(client, "predict")
    found = client.get(f"/api/compare?{runs}")
    assert "no truth" in found["problems"][0]
    assert found["reliability"] == []
    spectra = client.get(f"/api/compare/spectra?{runs}&planet=1000037")
    assert spectra["truth_ppm"] is None
    assert len(spectra["spectra"]) == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("run=first", 422),
        ("run=odd:v50", 404),
        ("run=first:v50", 404),
        ("&".join(f"run=first:{n}" for n in range(9)), 422),
        ("run=..%2F..:x", 404),
    ],
)
def test_what_names_no_command(compared: Any, query: str, status: int) -> None:
    answer = compared.ask(f"/api/compare?{query}")
    assert answer.status == status
    assert answer.detail
