"""Light curves over a tree: files, resuming, errors; and the real excerpt."""

import json
from pathlib import Path

import numpy as np
import pytest

from spectramind.calibration.calibrate_split import calibrate
from spectramind.config.compose import compose
from spectramind.config.curves import FeaturesConfig
from spectramind.contracts.series import Series, write_series
from spectramind.contracts.work_folder import CalibratedFolder, FeaturesFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.features.extract import extract
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.run.atomic import write_json
from spectramind.run.pool import Workers

CURVES = {FGS1: 2, AIRS: 282}


def write_light_curves(calibrated: Path, detector: Detector, visit: Visit, n: int) -> None:
    series = Series(
        time_h=np.arange(n, dtype=np.float64),
        flux=np.full((n, CURVES[detector]), 3e4, np.float32),
        variance=np.full((n, CURVES[detector]), 300.0, np.float32),
        pointing=np.zeros((n, 3), np.float32),
    )
    write_series(CalibratedFolder(calibrated).series(detector, visit.name), series)


def write_log(calibrated: Path, visit: Visit, digest: str) -> None:
    write_json(calibrated / "logs" / f"{visit.name}.json", [{"params": {"digest": digest}}])


@pytest.fixture
def calibrated(tmp_path: Path, visit: Visit) -> Path:
    """What ``calibrate`` leaves of the synthetic tree's visit."""
    for detector in DETECTORS:
        write_light_curves(tmp_path / "calibrated", detector, visit, 6)
    write_log(tmp_path / "calibrated", visit, "a")
    return tmp_path / "calibrated"


def test_files_follow_the_contract(
    tree: KaggleTree, visit: Visit, config: FeaturesConfig, calibrated: Path, tmp_path: Path
) -> None:
    out = tmp_path / "features"
    assert extract(
        config,
        tree.visits("train"),
        CalibratedFolder(calibrated),
        FeaturesFolder(out),
        workers=Workers(1),
    ).done == [visit]
    held = {}
    for kind in ("fgs1_white", "airs_bins", "variance"):
        with np.load(out / kind / f"{kind}_101.npz") as archive:
            held[kind] = {key: (archive[key].shape, archive[key].dtype) for key in archive.files}
            if "time" in archive:
                np.testing.assert_array_equal(archive["time"], np.arange(6))
    assert held == {
        "fgs1_white": {
            "flux": ((6,), np.float32),
            "time": ((6,), np.float64),
            "centroid": ((6, 2), np.float32),
            "jitter": ((6, 2), np.float32),
        },
        "airs_bins": {
            "flux": ((6, 283), np.float32),
            "time": ((6,), np.float64),
            "pointing": ((6, 5), np.float32),
        },
        "variance": {"fgs1": ((6,), np.float32), "airs": ((6, 283), np.float32)},
    }


def test_only_what_changed_is_done_again(
    tree: KaggleTree, visit: Visit, config: FeaturesConfig, calibrated: Path, tmp_path: Path
) -> None:
    out = tmp_path / "features"

    def run(settings: FeaturesConfig = config) -> list[Visit]:
        return extract(
            settings,
            tree.visits("train"),
            CalibratedFolder(calibrated),
            FeaturesFolder(out),
            workers=Workers(1),
        ).done

    assert run() == [visit]
    assert run() == []
    FeaturesFolder(out).variance(visit.name).unlink()
    assert run() == [visit]
    write_log(calibrated, visit, "b")  # calibrated anew
    assert run() == [visit]
    assert run(config.model_copy(update={"photometry": "psf"})) == [visit]
    (out / "logs" / "101.json").write_text("{")
    assert run() == [visit]


def failures(tree: KaggleTree, config: FeaturesConfig, calibrated: Path) -> dict[str, str]:
    features = FeaturesFolder(calibrated.parent / "features")
    visits = tree.visits("train")
    return extract(
        config, visits, CalibratedFolder(calibrated), features, workers=Workers(1)
    ).failed


def test_uncalibrated_visit(tree: KaggleTree, config: FeaturesConfig, tmp_path: Path) -> None:
    found = failures(tree, config, tmp_path / "nothing")
    assert "run `spectramind calibrate` first" in found["101"]


def test_broken_log(tree: KaggleTree, config: FeaturesConfig, calibrated: Path) -> None:
    (calibrated / "logs" / "101.json").write_text("[]")
    assert "not a calibration log" in failures(tree, config, calibrated)["101"]


def test_broken_light_curves(tree: KaggleTree, config: FeaturesConfig, calibrated: Path) -> None:
    path = calibrated / "airs" / "airs_101.npz"
    path.write_bytes(path.read_bytes()[:5000])
    assert "airs_101.npz" in failures(tree, config, calibrated)["101"]
    assert not (calibrated.parent / "features").exists()


def test_a_broken_visit_stops_no_other(
    tree: KaggleTree, visit: Visit, config: FeaturesConfig, calibrated: Path, tmp_path: Path
) -> None:
    lost = Visit("100", 0, "train", tree.root / "train" / "100")
    found = extract(
        config,
        [lost, visit],
        CalibratedFolder(calibrated),
        FeaturesFolder(tmp_path / "features"),
        workers=Workers(1),
    )
    assert found.done == [visit]
    assert list(found.failed) == ["100"]


def test_summary_is_left_in_the_log(
    tree: KaggleTree, config: FeaturesConfig, calibrated: Path, tmp_path: Path
) -> None:
    extract(
        config,
        tree.visits("train"),
        CalibratedFolder(calibrated),
        FeaturesFolder(tmp_path / "features"),
        workers=Workers(1),
    )
    log = json.loads((tmp_path / "features" / "logs" / "101.json").read_text())
    assert log["summary"]["fgs1_median_flux_e"] == pytest.approx(3e4)


def test_real_excerpt_reaches_light_curves(
    real_tree: KaggleTree, config: FeaturesConfig, tmp_path: Path
) -> None:
    """25 real exposures: ascending bins, propagated noise, FGS1 only where it was exposed."""
    settings = compose(["calib.cadence_min=0", "calib.keep_cubes=all"]).calib
    calibrated, features = tmp_path / "calibrated", tmp_path / "features"
    calibrate(settings, real_tree, "train", CalibratedFolder(calibrated), workers=Workers(1))
    (visit,) = extract(
        config,
        real_tree.visits("train"),
        CalibratedFolder(calibrated),
        FeaturesFolder(features),
        workers=Workers(1),
    ).done
    of = FeaturesFolder(features)
    with np.load(of.airs_bins(visit.name)) as bins, np.load(of.variance(visit.name)) as variance:
        flux, noise = bins["flux"], variance["airs"]
    with np.load(calibrated / "airs" / f"airs_{visit.name}.npz") as cube:
        frames, mask = cube["frames"].astype(np.float64), cube["mask"].all(axis=0)
    columns = np.where(mask, 0.0, frames.mean(axis=0)).sum(axis=0)
    np.testing.assert_allclose(flux[:, 1:].mean(axis=0), columns[39:321][::-1], rtol=1e-3)
    assert flux[:, 1:40].mean() > 5 * flux[:, -40:].mean()  # bright at 2 um, faint at 3.9 um
    scatter = np.diff(flux[:, 1:], axis=0).var(axis=0) / 2
    assert np.median(scatter / noise[:, 1:].mean(axis=0)) == pytest.approx(1.0, abs=0.1)
    np.testing.assert_allclose(flux[:2, 0], 2.143e5, rtol=0.01)
    assert np.isnan(flux[3:, 0]).all()
    assert np.isinf(noise[3:, 0]).all()
