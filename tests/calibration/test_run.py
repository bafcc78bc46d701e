"""The step over a tree: files, logs, resuming, errors; and the real excerpt."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spectramind.calibration import calibrate_split
from spectramind.calibration.calibrate_split import calibrate, visit_digest
from spectramind.config.calib import KillChainConfig
from spectramind.contracts.series import read_series
from spectramind.contracts.visit_images import CAUSES, MASKED, read_images
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.frames import read_signal
from spectramind.dataset.tables import read_adc_info
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import RuntimeRiskError, SchemaError
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, DETECTORS, FGS1, Detector
from spectramind.run.failures import failure_of
from spectramind.run.pool import Workers


def names(visits: tuple[Visit, ...]) -> list[str]:
    return [visit.name for visit in visits]


CURVES = {FGS1: 2, AIRS: 282}


@pytest.mark.parametrize("keep", ["none", "cropped", "all"])
def test_files_follow_the_contract(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path, keep: str
) -> None:
    config = config.model_copy(update={"keep_cubes": keep})
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    for detector in DETECTORS:
        path = CalibratedFolder(tmp_path).series(detector, visit.name)
        assert len(read_series(path, CURVES[detector]).time_h) == 6
        with np.load(path) as held:
            kinds = {key: (held[key].shape, held[key].dtype) for key in held.files}
            trace = str(held["trace_meta"]) if detector == AIRS else None
        cube = {"frames": np.float32, "variance": np.float32, "mask": np.bool_}
        if keep == "none":
            assert not set(cube) & set(kinds)
        else:
            shape = kinds["frames"][0]
            assert {key: kinds[key] for key in cube} == {k: (shape, t) for k, t in cube.items()}
            whole = (6, detector.height, detector.width)
            assert (shape == whole) == (keep == "all")
        if trace:
            assert set(json.loads(trace)) == {"slit", "dispersion", "seam"}
    log = json.loads((tmp_path / "logs" / "101.json").read_text())
    assert {record["detector"] for record in log} == {"both", "FGS1", "AIRS-CH0"}
    assert all({"step", "t_ms", "params", "delta_stats"} <= set(record) for record in log)
    assert log[0]["params"]["digest"] == visit_digest(visit, tree.root, config)


def test_light_curves_do_not_depend_on_kept_cubes(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    for keep in ("none", "all"):
        settings = config.model_copy(update={"keep_cubes": keep})
        calibrate(settings, tree, "train", CalibratedFolder(tmp_path / keep), workers=Workers(1))
    for detector in DETECTORS:
        none, kept = (
            read_series(
                CalibratedFolder(tmp_path / keep).series(detector, visit.name), CURVES[detector]
            )
            for keep in ("none", "all")
        )
        np.testing.assert_array_equal(kept.flux, none.flux)
        np.testing.assert_array_equal(kept.variance, none.variance)
        np.testing.assert_array_equal(kept.pointing, none.pointing)


def test_mean_images_and_masks_are_those_of_the_log(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    """One dead pixel in FGS1 and one in AIRS's columns; the same bytes beside kept cubes."""
    for detector, row, column in ((FGS1, 3, 5), (AIRS, 4, 50)):
        path = visit.reference_path(detector, "dead")
        frame = np.stack([c.to_numpy() for c in pq.read_table(path).columns], axis=1).copy()
        frame[row, column] = True
        names = pq.read_table(path).schema.names
        pq.write_table(pa.table(dict(zip(names, frame.T, strict=True))), path)
    held = []
    for keep in ("none", "all"):
        settings = config.model_copy(update={"keep_cubes": keep})
        out = CalibratedFolder(tmp_path / keep)
        calibrate(settings, tree, "train", out, workers=Workers(1))
        held.append(out.images(visit.name).read_bytes())
    assert held[0] == held[1]
    found = read_images(out.images(visit.name))
    assert CAUSES[found[FGS1].mask[3, 5]] == CAUSES[found[AIRS].mask[4, 50 - 39]] == "dead"
    shares = {
        record["detector"]: record["delta_stats"]["mask_frac"]
        for record in json.loads(out.log(visit.name).read_text())
        if record["step"] == "bad_pixels"
    }
    for detector in DETECTORS:
        with np.load(out.series(detector, visit.name)) as archive:
            cube = archive["frames"].astype(np.float64)
        columns = AIRS_SCIENCE if detector == AIRS else slice(None)
        good = found[detector].mask < MASKED
        expected = cube.mean(axis=0)[:, columns]
        np.testing.assert_allclose(found[detector].mean[good], expected[good], rtol=1e-5, atol=1e-2)
        if detector == FGS1:
            assert shares["FGS1"] == (~good).mean()


def test_a_page_for_people(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    page = (tmp_path / "logs" / "101.txt").read_text()
    for word in (
        "FGS1",
        "AIRS-CH0",
        "flagged samples",
        "ppm",
        "cross-hatch",
        "trace",
        "dispersion",
    ):
        assert word in page
    assert max(len(line) for line in page.splitlines()) <= 100


def test_lost_exposures_are_left_out_recorded_and_told(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    """The third exposure of AIRS reads zero; the other five and all of FGS1's stay."""
    path = visit.signal_path(AIRS)
    frames = read_signal(visit, AIRS).copy()
    frames[4:6] = 0
    pq.write_table(pa.table({f"column_{i}": row for i, row in enumerate(frames.T)}), path)
    out = CalibratedFolder(tmp_path)
    plan = calibrate(config, tree, "train", out, workers=Workers(1))
    told = "AIRS-CH0 lost 1 of 6 exposures blank (all pixels clipped) between number 3 and 3"
    assert plan.lost == {visit.name: told}
    airs, fgs1 = (read_series(out.series(d, visit.name), CURVES[d]).time_h for d in (AIRS, FGS1))
    assert len(fgs1) == 6
    steps = np.diff(airs)
    np.testing.assert_allclose(steps / steps[0], [1, 2, 1, 1])
    lost = {
        record["detector"]: record["delta_stats"]["lost"]
        for record in json.loads(out.log(visit.name).read_text())
        if record["step"] == "lost_exposures"
    }
    assert lost == {"FGS1": {}, "AIRS-CH0": {"blank": {"count": 1, "first": 2, "last": 2}}}
    page = out.log_page(visit.name).read_text()
    assert "6, none lost" in page
    assert "1 blank LOST (index 2 to 2)" in page


def test_dry_run_writes_nothing(tree: KaggleTree, config: KillChainConfig, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = calibrate(config, tree, "train", CalibratedFolder(out), workers=Workers(1), dry_run=True)
    assert names(plan.to_do) == ["101"]
    assert plan.finished == ()
    assert not out.exists()


def test_cubes_that_would_not_fit_the_disk_are_not_begun(
    tree: KaggleTree, config: KillChainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 6 exposures of 1,024 + 11,392 pixels, 9 bytes a sample.
    usage = shutil.disk_usage(tmp_path)._replace(free=6 * 12_416 * 9 - 1)
    monkeypatch.setattr(
        "spectramind.calibration.calibrate_split.shutil.disk_usage", lambda _: usage
    )
    keeping = config.model_copy(update={"keep_cubes": "all"})
    with pytest.raises(RuntimeRiskError, match="cubes of 1 visits need"):
        calibrate(keeping, tree, "train", CalibratedFolder(tmp_path / "out"), workers=Workers(1))
    assert not list((tmp_path / "out").iterdir())
    calibrate(
        config, tree, "train", CalibratedFolder(tmp_path / "out"), workers=Workers(1)
    )  # none are kept


def test_finished_visits_are_not_done_again(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    before = CalibratedFolder(tmp_path).series(AIRS, visit.name).stat().st_mtime_ns
    plan = calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert (names(plan.to_do), names(plan.finished)) == ([], ["101"])
    assert CalibratedFolder(tmp_path).series(AIRS, visit.name).stat().st_mtime_ns == before


def test_what_makes_a_visit_be_done_again(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    def open_visits(settings: KillChainConfig) -> list[str]:
        return names(
            calibrate(
                settings, tree, "train", CalibratedFolder(tmp_path), Workers(1), dry_run=True
            ).to_do
        )

    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert open_visits(config) == []
    assert open_visits(config.model_copy(update={"cosmic_sigma": 9.0})) == ["101"]
    CalibratedFolder(tmp_path).log(visit.name).write_text("[]")
    assert open_visits(config) == ["101"]
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    CalibratedFolder(tmp_path).series(FGS1, visit.name).unlink()
    assert open_visits(config) == ["101"]
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    CalibratedFolder(tmp_path).images(visit.name).unlink()
    assert open_visits(config) == ["101"]
    calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    signal = visit.signal_path(FGS1)
    pq.write_table(pq.read_table(signal).slice(0, 10), signal)
    assert open_visits(config) == ["101"]


def spoil(path: Path, value: float) -> None:
    """A whole reference frame of one value."""
    table = pq.read_table(path)
    columns = {name: pa.array([value] * table.num_rows) for name in table.schema.names}
    pq.write_table(pa.table(columns), path)


REFERENCE_FILES = [
    f"{detector.kaggle}_calibration_0/{frame}.parquet"
    for detector in DETECTORS
    for frame in ("dark", "dead", "flat", "linear_corr", "read")
]


@pytest.mark.parametrize("file", REFERENCE_FILES)
def test_another_reference_frame_makes_another_digest(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, file: str
) -> None:
    path = visit.directory / file
    before, held = visit_digest(visit, tree.root, config), path.read_bytes()
    table = pq.read_table(path)
    values = [column.to_numpy().copy() for column in table.columns]
    values[3][5] = not values[3][5] if values[3].dtype == bool else values[3][5] * 1.5 + 1.0
    pq.write_table(pa.table(dict(zip(table.schema.names, values, strict=True))), path)
    assert visit_digest(visit, tree.root, config) != before
    path.write_bytes(held)  # fetched again: another time, the same frame
    assert visit_digest(visit, tree.root, config) == before


@pytest.mark.parametrize("table", ["adc_info.csv", "axis_info.parquet"])
def test_another_table_makes_another_digest(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, table: str
) -> None:
    before = visit_digest(visit, tree.root, config)
    path = tree.root / table
    path.write_bytes(path.read_bytes() + b"\n")
    assert visit_digest(visit, tree.root, config) != before


def test_an_exchanged_flat_is_seen_when_the_command_is_repeated(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path
) -> None:
    out = CalibratedFolder(tmp_path)
    calibrate(config, tree, "train", out, workers=Workers(1))
    before = read_series(out.series(FGS1, visit.name), CURVES[FGS1]).flux
    path = visit.reference_path(FGS1, "flat")
    table = pq.read_table(path)
    brighter = [column.to_numpy() * 1.5 for column in table.columns]
    pq.write_table(pa.table(dict(zip(table.schema.names, brighter, strict=True))), path)
    plan = calibrate(config, tree, "train", out, workers=Workers(1))
    assert names(plan.to_do) == ["101"]
    after = read_series(out.series(FGS1, visit.name), CURVES[FGS1]).flux
    np.testing.assert_allclose(after, before / 1.5, rtol=0.01)


HOPELESS_FRAMES = [
    ("dark", np.nan, "nan 100%"),
    ("dead", True, "dead 100%"),
    ("flat", 0.0, "flat 100%"),
    ("flat", np.nan, "nan 100%"),
    ("read", np.nan, "nan 100%"),
    ("linear_corr", np.nan, "nan 100%"),
    ("linear_corr", 0.0, "linearity 100%"),
]


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize(("frame", "value", "cause"), HOPELESS_FRAMES)
def test_hopeless_frames_are_their_visits_failure(
    tree: KaggleTree,
    config: KillChainConfig,
    tmp_path: Path,
    detector: Detector,
    frame: str,
    value: Any,
    cause: str,
) -> None:
    good, broken = tree.root / "train" / "102", tree.root / "train" / "101"
    shutil.copytree(broken, good)
    spoil(broken / f"{detector.kaggle}_calibration_0" / f"{frame}.parquet", value)
    plan = calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert list(plan.failed) == ["101"]
    reason = plan.failed["101"]
    assert f"no pixel of {detector.kaggle} can be used" in reason
    assert cause in reason
    assert str(broken) in reason
    assert failure_of(tmp_path / "logs" / "102.json") is None
    assert CalibratedFolder(tmp_path).series(AIRS, "102").is_file()


@pytest.mark.parametrize(
    "error",
    [
        np.linalg.LinAlgError("SVD did not converge"),
        KeyError("std"),
        IndexError("index 3 is out of bounds"),
        ValueError("two\nlines"),
        FloatingPointError("overflow"),
        ZeroDivisionError(),
    ],
)
def test_numbers_that_no_step_expects_stop_no_other_visit(
    tree: KaggleTree,
    config: KillChainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    shutil.copytree(tree.root / "train" / "101", tree.root / "train" / "102")
    whole = calibrate_split.extract_visit

    def fails_once(opened: Any, *rest: Any) -> Any:
        if opened.keywords["visit"].name == "101":
            raise error
        return whole(opened, *rest)

    monkeypatch.setattr(calibrate_split, "extract_visit", fails_once)
    monkeypatch.setattr(calibrate_split.log, "propagate", True)
    plan = calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert list(plan.failed) == ["101"]
    assert type(error).__name__ in plan.failed["101"]
    assert "\n" not in plan.failed["101"]
    assert "Traceback" in caplog.text
    assert "fails_once" in caplog.text
    assert CalibratedFolder(tmp_path).series(AIRS, "102").is_file()


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left"), AttributeError()])
def test_a_full_disk_or_a_bug_stops_the_command(
    tree: KaggleTree,
    config: KillChainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(calibrate_split, "extract_visit", fails)
    with pytest.raises(type(error)):
        calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))


def test_settings_of_a_subclass_do_not_count(
    tree: KaggleTree, visit: Visit, config: KillChainConfig
) -> None:
    class Wider(KillChainConfig):
        temperature: float

    wider = Wider(**config.model_dump(), temperature=2.0)
    assert visit_digest(visit, tree.root, wider) == visit_digest(visit, tree.root, config)


def drop_column(path: Path) -> None:
    pq.write_table(pq.read_table(path).drop_columns(["column_5"]), path)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def spoil_adc(path: Path) -> None:
    path.write_text(path.read_text().replace("-1000.0", ""))


def spoil_wavelength(path: Path) -> None:
    table = pq.read_table(path)
    axes = {name: table.column(name).to_numpy().copy() for name in table.schema.names}
    axes["AIRS-CH0-axis2-um"][17] = np.nan
    pq.write_table(pa.table(axes), path)


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("train/101/AIRS-CH0_signal_0.parquet", Path.unlink),
        ("train/101/FGS1_signal_0.parquet", truncate),
        ("train/101/FGS1_signal_0.parquet", drop_column),
        ("train/101/AIRS-CH0_calibration_0/flat.parquet", Path.unlink),
        ("train/101/AIRS-CH0_calibration_0/dark.parquet", truncate),
        ("adc_info.csv", spoil_adc),
        ("axis_info.parquet", spoil_wavelength),
        ("axis_info.parquet", Path.unlink),
    ],
)
def test_broken_input_names_its_file_in_one_line(
    tree: KaggleTree, config: KillChainConfig, tmp_path: Path, file: str, damage: Any
) -> None:
    damage(tree.root / file)
    with pytest.raises(SchemaError) as caught:
        calibrate(
            config,
            tree,
            "train",
            CalibratedFolder(tmp_path / "out"),
            workers=Workers(1),
            strict=True,
        )
    assert Path(file).name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert failure_of(tmp_path / "out" / "logs" / "101.json") == str(caught.value)


@pytest.mark.parametrize("damage", [truncate, Path.unlink])
def test_a_broken_visit_is_noted_and_the_rest_go_on(
    tree: KaggleTree, config: KillChainConfig, tmp_path: Path, damage: Any
) -> None:
    good, broken = tree.root / "train" / "102", tree.root / "train" / "101"
    shutil.copytree(broken, good)
    damage(broken / "FGS1_signal_0.parquet")
    plan = calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert list(plan.failed) == ["101"]
    assert failure_of(tmp_path / "logs" / "101.json") == plan.failed["101"]
    assert failure_of(tmp_path / "logs" / "102.json") is None

    shutil.copy(good / "FGS1_signal_0.parquet", broken)
    plan = calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    assert (names(plan.to_do), names(plan.finished), plan.failed) == (["101"], ["102"], {})
    damage(broken / "FGS1_signal_0.parquet")  # its cubes and log are there
    assert (
        "101"
        in calibrate(config, tree, "train", CalibratedFolder(tmp_path), workers=Workers(1)).failed
    )


def test_a_pool_gives_the_same_cubes(
    tree: KaggleTree, visit: Visit, config: KillChainConfig, tmp_path: Path, pristine_tree: Path
) -> None:
    source = pristine_tree / "train" / "101"
    (tree.root / "train" / "102").symlink_to(source, target_is_directory=True)
    calibrate(config, tree, "train", CalibratedFolder(tmp_path / "one"), workers=Workers(1))
    calibrate(config, tree, "train", CalibratedFolder(tmp_path / "two"), workers=Workers(2))
    for detector in DETECTORS:
        one = CalibratedFolder(tmp_path / "one").series(detector, visit.name).read_bytes()
        assert CalibratedFolder(tmp_path / "two").series(detector, visit.name).read_bytes() == one


def test_real_excerpt(real_tree: KaggleTree, config: KillChainConfig, tmp_path: Path) -> None:
    """Magnitudes read off the real files; start reads of faint pixels decode to about 0 e."""
    visit = real_tree.visits("train")[0]
    config = config.model_copy(update={"keep_cubes": "all"})
    calibrate(config, real_tree, "train", CalibratedFolder(tmp_path), workers=Workers(1))
    with np.load(CalibratedFolder(tmp_path).series(AIRS, visit.name)) as cube:
        frames, variance, mask = cube["frames"], cube["variance"], cube["mask"]
    assert frames.shape == (25, 32, 356)
    per_frame = frames.sum(axis=(1, 2))
    assert per_frame.mean() == pytest.approx(1.75e7, rel=0.01)
    science = frames[:, :, AIRS_SCIENCE].sum(axis=(1, 2))
    assert science.mean() == pytest.approx(1.63e7, rel=0.01)
    assert mask.mean() < 0.02

    adc = read_adc_info(real_tree, AIRS, visit.planet_id)
    start = read_signal(visit, AIRS)[0::2] / adc.gain + adc.offset
    image = frames.mean(axis=0).ravel()
    faint = (image < np.quantile(image, 0.3)) & ~mask.any(axis=0).ravel()
    assert abs(start[:, faint].mean()) < 2.0

    good = ~mask.any(axis=0)
    scatter = np.diff(frames, axis=0).var(axis=0) / 2
    assert np.median(scatter[good] / variance.mean(axis=0)[good]) == pytest.approx(1.0, abs=0.05)
