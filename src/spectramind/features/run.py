"""The first half of the ``features`` step: calibrated cubes to light curves, resumable."""

import json
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.config.base import digest
from spectramind.config.features import FeaturesConfig, PhotometryConfig
from spectramind.dataset.tables import read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import ConfigError, SchemaError
from spectramind.features.light_curves import Curves, build_curves
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.code import code_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import run_all

FloatCube = NDArray[np.float32]


def curve_paths(features_dir: Path, visit: Visit) -> dict[str, Path]:
    """Where a visit's light curves lie: fgs1_white, airs_bins, variance."""
    kinds = ("fgs1_white", "airs_bins", "variance")
    return {kind: features_dir / kind / f"{kind}_{visit.name}.npz" for kind in kinds}


def _log_path(features_dir: Path, visit: Visit) -> Path:
    return features_dir / "logs" / f"{visit.name}.json"


def _calibration_digest(calibrated_dir: Path, visit: Visit) -> str:
    path = calibrated_dir / "logs" / f"{visit.name}.json"
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind calibrate` first")
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[0]["params"]["digest"])
    except (ValueError, LookupError, TypeError) as error:
        raise SchemaError(
            f"{path} is not a calibration log: delete it and run `spectramind calibrate` again"
        ) from error


def curves_digest(visit: Visit, config: FeaturesConfig, calibrated_dir: Path) -> str:
    """What a visit's light curves depend on: settings, code and the calibrated cubes.

    Raises:
        SchemaError: the visit is not calibrated.
    """
    code = code_digest("features")
    return digest(config.photometry, code, _calibration_digest(calibrated_dir, visit))


def note_simulated(visit: Visit, config: PhotometryConfig) -> None:
    """Leave word in the tree that the visit's light curves came from the simulator, and how."""
    write_json(visit.light_curves_path, {"photometry": config.model_dump(mode="json")})


def _check_simulated(visit: Visit, config: PhotometryConfig, features_dir: Path) -> None:
    """See that simulated light curves are there and were made with these settings."""
    anew = "simulate again with level=lightcurves into an empty data.raw"
    for path in curve_paths(features_dir, visit).values():
        if not path.is_file():
            raise SchemaError(f"{path} is missing and has no frames to make it from: {anew}")
    path = visit.light_curves_path
    try:
        made_with = json.loads(path.read_text(encoding="utf-8"))["photometry"]
    except (ValueError, LookupError, TypeError) as error:
        raise SchemaError(f"{path} is not a note of the simulator: {anew}") from error
    if made_with != config.model_dump(mode="json"):
        raise ConfigError(
            f"{path}: the light curves were simulated with other features.photometry: "
            f"set it back, or {anew}"
        )


def _is_finished(
    visit: Visit, config: FeaturesConfig, calibrated_dir: Path, features_dir: Path
) -> bool:
    if visit.light_curves_path.is_file():
        _check_simulated(visit, config.photometry, features_dir)
        return True
    if not all(path.is_file() for path in curve_paths(features_dir, visit).values()):
        return False
    try:
        log = json.loads(_log_path(features_dir, visit).read_text(encoding="utf-8"))
        made_with = log["digest"]
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no log, or not one of ours: the visit is done again
    return bool(made_with == curves_digest(visit, config, calibrated_dir))


def _read_cube(
    calibrated_dir: Path, detector: Detector, visit: Visit
) -> tuple[FloatCube, FloatCube]:
    path = calibrated_dir / detector.key / f"{detector.key}_{visit.name}.npz"
    cube = read_npz(path, "frames", "variance", made_by="calibrate")
    shape = (detector.height, detector.width)
    for key, values in cube.items():
        if values.dtype != np.float32 or values.shape[1:] != shape or not np.isfinite(values).all():
            raise SchemaError(
                f"{path} {key} is {values.dtype} {values.shape}, expected finite float32 "
                f"(T, {shape[0]}, {shape[1]}): delete it and run `spectramind calibrate` again"
            )
    return cube["frames"].astype(np.float32), cube["variance"].astype(np.float32)


def write_curves(curves: Curves, features_dir: Path, visit: Visit) -> None:
    """Write a visit's light curves in the contract's files."""
    paths = curve_paths(features_dir, visit)
    write_npz(
        paths["fgs1_white"],
        flux=curves.fgs1.flux,
        time=curves.fgs1_time_h,
        centroid=curves.fgs1.centroid,
        jitter=curves.fgs1_jitter,
    )
    write_npz(paths["airs_bins"], flux=curves.bins, time=curves.airs_time_h)
    write_npz(paths["variance"], fgs1=curves.fgs1.variance, airs=curves.bins_variance)


def light_curves_visit(
    visit: Visit, tree_root: Path, config: FeaturesConfig, calibrated_dir: Path, features_dir: Path
) -> Visit:
    """Write one visit's light curves and, last, its log.

    Raises:
        SchemaError: the visit is not calibrated, or a cube or the time axis breaks its contract.
    """
    tree = KaggleTree(tree_root)
    made_with = curves_digest(visit, config, calibrated_dir)
    fgs1 = _read_cube(calibrated_dir, FGS1, visit)
    airs = _read_cube(calibrated_dir, AIRS, visit)
    fgs1_time_h = read_timing(tree, FGS1, 2 * len(fgs1[0])).mid_time_h
    airs_time_h = read_timing(tree, AIRS, 2 * len(airs[0])).mid_time_h
    _log_path(features_dir, visit).unlink(missing_ok=True)
    curves = build_curves(fgs1, airs, fgs1_time_h, airs_time_h, config.photometry)
    write_curves(curves, features_dir, visit)
    summary = {
        "fgs1_median_flux_e": float(np.median(curves.fgs1.flux)),
        "airs_median_flux_e": float(np.median(curves.bins[:, 1:].sum(axis=1))),
        "jitter_rms_px": np.std(curves.fgs1_jitter, axis=0).tolist(),
    }
    write_json(_log_path(features_dir, visit), {"digest": made_with, "summary": summary})
    return visit


def extract(
    config: FeaturesConfig,
    tree: KaggleTree,
    split: str,
    calibrated_dir: Path,
    features_dir: Path,
    workers: int,
) -> list[Visit]:
    """Light curves of every visit of a split that has none from these settings yet.

    Args:
        calibrated_dir: what ``calibrate`` wrote.
        features_dir: holds ``fgs1_white/``, ``airs_bins/``, ``variance/`` and ``logs/``.
        workers: processes, 0 for one a core.

    Returns:
        The visits that were done now.

    Raises:
        SchemaError: a visit is not calibrated or breaks a contract; visits done stay done.
        ConfigError: light curves that were simulated, with other settings.
    """
    to_do = [
        visit
        for visit in tree.visits(split)
        if not _is_finished(visit, config, calibrated_dir, features_dir)
    ]
    work = partial(
        light_curves_visit,
        tree_root=tree.root,
        config=config,
        calibrated_dir=calibrated_dir,
        features_dir=features_dir,
    )
    return list(run_all(work, to_do, workers, f"light curves {split}"))
