"""Folders, topics, planets and light curves of a predicted work folder, and what can be wrong."""

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.contracts.depths import load_depths
from spectramind.contracts.work_folder import WorkFolder
from spectramind.diagnostics.page import build_page
from spectramind.pipeline.dashboard import gather
from spectramind.run.record import RunRecord

FOLDER = "/api/folders/predicted"


def paths_of(folder: Path) -> WorkFolder:
    return WorkFolder(compose([f"paths.work={folder}"]).paths)


@pytest.fixture
def copy(predicted: Path, tmp_path: Path) -> Path:
    """The predicted folder, to be spoiled."""
    return shutil.copytree(predicted, tmp_path / "predicted")


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    found = list(folder.rglob("*"))
    return {str(p): (p.stat().st_mtime_ns, p.stat().st_size) for p in found}


def test_a_folders_first_screen(client: Any, predicted: Path) -> None:
    view = client.get(FOLDER)
    assert view["folder"]["planets"] == 12
    assert view["folder"]["commands"] == 11
    assert view["headline"].startswith(("Nothing is wrong", "This run is good", "One thing", "2"))
    assert {"level", "text", "topic", "anchor", "title"} == set(view["words"][0])
    order = ["bad", "look", "good"]
    levels = [order.index(words["level"]) for words in view["words"]]
    assert levels == sorted(levels)
    topics = {topic["name"]: topic for topic in view["topics"]}
    assert topics["coverage"]["shown"] > 3
    assert topics["umap"]["shown"] == 0
    assert view["provenance"]["folder"] == str(predicted)


def test_panels_are_those_of_the_report_page(client: Any, predicted: Path) -> None:
    """No figure is made a second way: the page built from the same folder holds the same."""
    config = compose([f"paths.work={predicted}", "diag.html.open=false"])
    data = gather(config, RunRecord("x", {}, predicted), ("coverage",))
    page = build_page(data, max_planets=2000, worst_planets=10, topic="coverage")
    panels = {panel["anchor"]: panel for panel in client.get(f"{FOLDER}/topics/coverage")["panels"]}
    for one in page.panels:
        shown = panels[one.panel.anchor]
        if one.body is None:
            assert shown["absent"]["command"].startswith("spectramind ")
            assert not shown["figures"]
            continue
        assert shown["absent"] is None
        assert shown["html"] == one.body.html
        assert shown["look_for"] == one.sentence
        assert set(shown["figures"]) == set(one.body.figures)
        assert shown["tables"] == list(one.body.tables)
        for name, figure in shown["figures"].items():
            assert f'id="{name}"' in shown["html"]
            assert len(figure["data"]) == len(one.body.figures[name]["data"])


def test_tables_download(client: Any) -> None:
    answer = client.ask(f"{FOLDER}/tables/reliability.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [row["level"] for row in rows][:2] == ["0.05", "0.1"]
    missing = client.ask(f"{FOLDER}/tables/score.csv")
    assert missing.status == 404
    assert "no panel" in missing.detail


def test_a_topic_that_is_none_names_those_there_are(client: Any) -> None:
    answer = client.ask(f"{FOLDER}/topics/odd")
    assert answer.status == 404
    assert "coverage" in answer.detail


def test_planets_are_sorted_searched_and_paged(client: Any) -> None:
    rows = client.get(f"{FOLDER}/planets?sort=score")["rows"]
    scores = [row["score"] for row in rows]
    assert len(rows) == 12
    assert scores == sorted(scores)
    assert 0 < scores[0] < 1
    assert client.get(f"{FOLDER}/planets?sort=-sigma_ppm&size=5&page=4")["rows"] == []
    found = client.get(f"{FOLDER}/planets?search=000037")
    assert [row["planet_id"] for row in found["rows"]] == ["1000037"]
    assert {row["doubt"] for row in rows} == {""}
    assert {row["violation"] for row in rows} == {None}
    assert {row["visits"] for row in rows} == {1}
    assert rows[0]["sigma_ppm"] == pytest.approx(50)
    assert client.ask(f"{FOLDER}/planets?sort=odd").status == 422
    table = client.ask(f"{FOLDER}/planets.csv?sort=planet_id").body.decode().splitlines()
    assert table[0].startswith("planet_id,score,doubt")
    assert len(table) == 13


def test_a_planets_page_holds_its_numbers(client: Any, predicted: Path) -> None:
    view = client.get(f"{FOLDER}/planets/1000037?sort=planet_id")
    assert (view["previous"], view["next"]) == ("1000000", "1000074")
    assert view["visits"] == ["1000037"]
    assert "mean depth" in view["note"]
    panels = {panel["anchor"]: panel for panel in view["panels"]}
    traces = {
        trace.get("meta"): trace for trace in panels["spectra"]["figures"]["spectrum"]["data"]
    }
    assert len(traces["mu"]["x"]) == len(traces["mu"]["y"]) == 282
    assert traces["sigma"]["x"][:282] == traces["mu"]["x"]  # a ring around the line
    assert traces["sigma"]["y"][0] == pytest.approx(traces["mu"]["y"][0] + 50, abs=0.2)
    light = panels["light-curves-section"]["figures"]["light-curves-fgs1"]["data"]
    assert {trace["meta"]: len(trace["y"]) for trace in light}["light"] > 100
    ends = client.get(f"{FOLDER}/planets/1000000?sort=planet_id")
    assert ends["previous"] is None
    assert client.ask(f"{FOLDER}/planets/999").status == 404


def test_absent_parts_of_a_planet_name_the_command(client: Any) -> None:
    view = client.get(f"{FOLDER}/planets/1000037")
    absent = {panel["anchor"]: panel["absent"] for panel in view["panels"] if panel["absent"]}
    assert absent["planet-rules-section"]["command"] == "spectramind audit"
    assert absent["neighbours"]["command"] == "spectramind diagnose pca"


def test_a_light_curve_is_decimated_by_means_and_extremes(client: Any, predicted: Path) -> None:
    base = f"{FOLDER}/planets/1000000/light-curve"
    whole = client.get(f"{base}?points=500")
    assert (whole["samples"], whole["each"]) == (67_500, 135)
    assert len(whole["flux"]) == 500
    assert all(
        low <= mean <= high
        for low, mean, high in zip(whole["low"], whole["flux"], whole["high"], strict=True)
    )
    assert min(whole["model"]) == pytest.approx(0.99)
    assert np.median(whole["flux"][:100]) == pytest.approx(1, abs=1e-4)
    assert abs(np.mean(whole["residual_ppm"])) < 10
    depths = load_depths(paths_of(predicted).features.depths("1000000"))
    at = np.interp(whole["time_h"], depths.time_h, depths.white[:, 0])
    assert np.median(np.abs(at - whole["flux"])) < 3e-5  # what the fit saw
    window = client.get(f"{base}?points=2000&start_h=3&end_h=3.1")
    assert (window["each"], window["samples"]) == (1, 900)
    assert window["low"] == window["high"] == window["flux"]
    assert 3 <= window["time_h"][0] < window["time_h"][-1] <= 3.1
    assert "0.4 s" in window["finest"]
    airs = client.get(f"{base}?detector=airs&points=2")
    assert (airs["samples"], len(airs["flux"])) == (11_250, 2)
    empty = client.get(f"{base}?start_h=100&end_h=200")
    assert (empty["samples"], empty["flux"]) == (0, [])


def test_without_a_calibrated_light_curve_the_fits_own_samples_are_shown(client: Any) -> None:
    found = client.get(f"{FOLDER}/planets/1000074/light-curve?detector=airs")
    assert found["samples"] == 140
    assert "samples of the fit" in found["finest"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("visit=odd", 404),
        ("visit=..%2Fx", 404),
        ("detector=odd", 422),
        ("points=1", 422),
        ("points=2001", 422),
        ("start_h=nan", 422),
        ("end_h=inf", 422),
        ("start_h=3&end_h=2", 422),
    ],
)
def test_a_window_that_means_nothing(client: Any, query: str, status: int) -> None:
    assert client.ask(f"{FOLDER}/planets/1000000/light-curve?{query}").status == status


def test_nothing_is_written_below_a_work_folder(serving: Callable[..., Any], copy: Path) -> None:
    before = snapshot(copy)
    client = serving([copy])
    run_id = client.get("/api/runs")["rows"][0]["run_id"]
    for address in (
        FOLDER,
        f"{FOLDER}/topics/fft",
        f"{FOLDER}/topics/pca",
        f"{FOLDER}/planets/1000000",
        f"{FOLDER}/runs/{run_id}",
        f"{FOLDER}/runs/{run_id}/log",
        f"/api/compare?run=predicted:{run_id}",
    ):
        client.get(address)
    assert snapshot(copy) == before


def test_a_prediction_that_is_replaced_is_shown_as_it_is(
    serving: Callable[..., Any], benchmark: ModuleType, copy: Path
) -> None:
    client = serving([copy])
    assert client.get(f"{FOLDER}/planets")["total"] == 12
    benchmark.write_folder(copy, 5)
    assert client.get(f"{FOLDER}/planets")["total"] == 5
    assert client.get(FOLDER)["folder"]["planets"] == 5
    assert client.ask(f"{FOLDER}/planets/{1_000_000 + 37 * 9}").status == 404


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nonsense", b"\x80\x04N."])
def test_a_broken_prediction_is_a_sentence(
    serving: Callable[..., Any], copy: Path, content: bytes
) -> None:
    client = serving([copy])
    client.get(f"{FOLDER}/planets")
    paths_of(copy).prediction("spectramind").write_bytes(content)
    found = client.get(f"{FOLDER}/planets")
    assert found["rows"] == []
    assert any("spectramind.npz" in problem for problem in found["problems"])
    assert any("spectramind.npz" in problem for problem in client.get(FOLDER)["problems"])
    assert client.ask(f"{FOLDER}/planets/1000000").status == 404
    assert client.get("/api/runs")["total"] == 11


def test_a_planets_broken_files_cost_its_own_parts(serving: Callable[..., Any], copy: Path) -> None:
    client, work = serving([copy]), paths_of(copy)
    work.features.depths("1000000").write_bytes(b"PK broken")
    from spectramind.instrument.detectors import FGS1

    work.calibrated.series(FGS1, "1000037").write_bytes(b"PK broken")
    view = client.get(f"{FOLDER}/planets/1000000")
    absent = {panel["anchor"]: panel["absent"] for panel in view["panels"]}
    assert "depths_1000000.npz" in absent["light-curves-section"]["reason"]
    assert absent["spectra"] is None
    for planet in ("1000000", "1000037"):
        answer = client.ask(f"{FOLDER}/planets/{planet}/light-curve")
        assert answer.status == 503
        assert ".npz" in answer.detail
    rows = client.get(f"{FOLDER}/planets?sort=doubt")["rows"]
    assert "depths_1000000.npz" in rows[0]["doubt"]


def test_an_object_array_is_never_unpickled(serving: Callable[..., Any], copy: Path) -> None:
    path = paths_of(copy).features.depths("1000000")
    with np.load(path) as held:
        arrays = dict(held)
    arrays["white"] = np.array([{"a": 1}], dtype=object)
    with path.open("wb") as stream:
        np.savez(stream, **arrays)
    answer = serving([copy]).ask(f"{FOLDER}/planets/1000000/light-curve")
    assert answer.status == 503
    assert "cannot be read" in answer.detail


def test_a_folder_that_vanishes_is_said_and_comes_back(
    serving: Callable[..., Any], copy: Path
) -> None:
    client = serving([copy])
    client.get(f"{FOLDER}/planets")
    copy.rename(copy.with_name("elsewhere"))
    assert "is not there" in client.get("/api/folders")[0]["problem"]
    view = client.get(FOLDER)
    assert "is not there" in view["problems"][0]
    assert view["words"] == []
    for address in ("/planets", "/planets/1000000", "/topics/coverage", "/tables/reliability.csv"):
        answer = client.ask(f"{FOLDER}{address}")
        assert answer.status == 404
        assert "is not there" in answer.detail
    assert client.get("/api/runs")["total"] == 0
    copy.with_name("elsewhere").rename(copy)
    assert client.get(f"{FOLDER}/planets")["total"] == 12


def test_an_empty_folder_says_what_to_run(serving: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    client = serving([tmp_path / "new"])
    assert client.get("/api/folders")[0]["problem"] is None
    assert "spectramind simulate" in client.get("/api/folders/new")["problems"][0]
    assert client.ask("/api/folders/new/planets").status == 404


def test_overrides_that_no_version_knows_are_said(
    serving: Callable[..., Any], benchmark: ModuleType, tmp_path: Path
) -> None:
    benchmark.write_events(tmp_path / "old", 8)
    path = tmp_path / "old" / "events.jsonl"
    path.write_text(path.read_text().replace("paths.work=", "odd.key="))
    client = serving([tmp_path / "old"])
    assert "odd.key" in client.get("/api/folders/old")["problems"][0]
    answer = client.ask("/api/folders/old/planets")
    assert answer.status == 503
    assert "odd.key" in answer.detail
