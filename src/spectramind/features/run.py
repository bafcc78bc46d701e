"""The first half of the ``features`` step: calibrated to the contract's light curves, resumable."""

import json
from collections.abc import Collection
from functools import partial
from pathlib import Path

import numpy as np

from spectramind.config.base import digest
from spectramind.config.features import FeaturesConfig
from spectramind.dataset.series import log_path, read_series, series_path
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.features.light_curves import METHODS, Curves, build_curves
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.code import code_digest
from spectramind.run.pool import Workers, run_all


def curve_paths(features_dir: Path, visit: Visit) -> dict[str, Path]:
    """Where a visit's light curves lie: fgs1_white, airs_bins, variance."""
    kinds = ("fgs1_white", "airs_bins", "variance")
    return {kind: features_dir / kind / f"{kind}_{visit.name}.npz" for kind in kinds}


def _log_path(features_dir: Path, visit: Visit) -> Path:
    return features_dir / "logs" / f"{visit.name}.json"


def _calibration_digest(calibrated_dir: Path, visit: Visit) -> str:
    path = log_path(calibrated_dir, visit)
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind calibrate` first")
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[0]["params"]["digest"])
    except (ValueError, LookupError, TypeError) as error:
        raise SchemaError(
            f"{path} is not a calibration log: delete it and run `spectramind calibrate` again"
        ) from error


def curves_digest(visit: Visit, config: FeaturesConfig, calibrated_dir: Path) -> str:
    """What a visit's light curves depend on: settings, code and what calibrate left.

    Raises:
        SchemaError: the visit is not calibrated.
    """
    code = code_digest("features")
    return digest(config, code, _calibration_digest(calibrated_dir, visit))


def _is_finished(
    visit: Visit, config: FeaturesConfig, calibrated_dir: Path, features_dir: Path
) -> bool:
    if not all(path.is_file() for path in curve_paths(features_dir, visit).values()):
        return False
    try:
        log = json.loads(_log_path(features_dir, visit).read_text(encoding="utf-8"))
        made_with = log["digest"]
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no log, or not one of ours: the visit is done again
    return bool(made_with == curves_digest(visit, config, calibrated_dir))


def write_curves(curves: Curves, features_dir: Path, visit: Visit) -> None:
    """Write a visit's light curves in the contract's files."""
    paths = curve_paths(features_dir, visit)
    write_npz(
        paths["fgs1_white"],
        flux=curves.fgs1,
        time=curves.fgs1_time_h,
        centroid=curves.centroid,
        jitter=curves.fgs1_jitter,
    )
    write_npz(
        paths["airs_bins"], flux=curves.bins, time=curves.airs_time_h, pointing=curves.pointing
    )
    write_npz(paths["variance"], fgs1=curves.fgs1_variance, airs=curves.bins_variance)


def light_curves_visit(
    visit: Visit, config: FeaturesConfig, calibrated_dir: Path, features_dir: Path
) -> Visit:
    """Write one visit's light curves and, last, its log.

    Raises:
        SchemaError: the visit is not calibrated, or what calibrate left breaks its contract.
    """
    made_with = curves_digest(visit, config, calibrated_dir)
    fgs1 = read_series(series_path(calibrated_dir, FGS1, visit), len(METHODS))
    airs = read_series(series_path(calibrated_dir, AIRS, visit), N_BINS - 1)
    _log_path(features_dir, visit).unlink(missing_ok=True)
    curves = build_curves(fgs1, airs, config)
    write_curves(curves, features_dir, visit)
    summary = {
        "fgs1_median_flux_e": float(np.median(curves.fgs1)),
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
    workers: Workers,
    failed: Collection[str] = (),
) -> list[Visit]:
    """Light curves of every visit of a split that has none from these settings yet.

    Args:
        calibrated_dir: what ``calibrate`` wrote.
        features_dir: holds ``fgs1_white/``, ``airs_bins/``, ``variance/`` and ``logs/``.
        workers: where the work runs.
        failed: names of visits that could not be calibrated, to be left out.

    Returns:
        The visits that were done now.

    Raises:
        SchemaError: a visit is not calibrated or breaks a contract; visits done stay done.
    """
    to_do = [
        visit
        for visit in tree.visits(split)
        if visit.name not in failed
        and not _is_finished(visit, config, calibrated_dir, features_dir)
    ]
    work = partial(
        light_curves_visit,
        config=config,
        calibrated_dir=calibrated_dir,
        features_dir=features_dir,
    )
    return list(run_all(work, to_do, workers, f"light curves {split}"))
