"""The first half of the ``features`` step: calibrated to the contract's light curves, resumable."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from spectramind.config.base import digest
from spectramind.config.curves import FeaturesConfig
from spectramind.contracts.series import read_series
from spectramind.contracts.work_folder import CalibratedFolder, FeaturesFolder
from spectramind.dataset.tree import Visit
from spectramind.errors import SchemaError
from spectramind.features.contract_curves import METHODS, Curves, build_curves
from spectramind.instrument.detectors import AIRS, FGS1
from spectramind.instrument.grid import N_BINS
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.code import code_digest
from spectramind.run.pool import Workers, run_all


def _calibration_digest(calibrated: CalibratedFolder, visit: Visit) -> str:
    path = calibrated.log(visit.name)
    if not path.is_file():
        raise SchemaError(f"{path} is missing: run `spectramind calibrate` first")
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))[0]["params"]["digest"])
    except (ValueError, LookupError, TypeError) as error:
        raise SchemaError(
            f"{path} is not a calibration log: delete it and run `spectramind calibrate` again"
        ) from error


def curves_digest(visit: Visit, config: FeaturesConfig, calibrated: CalibratedFolder) -> str:
    """What a visit's light curves depend on: settings, code and what calibrate left.

    Raises:
        SchemaError: the visit is not calibrated.
    """
    code = code_digest(__name__)
    return digest(config, code, _calibration_digest(calibrated, visit))


def _curve_files(features: FeaturesFolder, visit: str) -> list[Path]:
    return [features.fgs1_white(visit), features.airs_bins(visit), features.variance(visit)]


def _is_finished(
    visit: Visit, config: FeaturesConfig, calibrated: CalibratedFolder, features: FeaturesFolder
) -> bool:
    if not all(path.is_file() for path in _curve_files(features, visit.name)):
        return False
    try:
        log = json.loads(features.log(visit.name).read_text(encoding="utf-8"))
        made_with = log["digest"]
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no log, or not one of ours: the visit is done again
    return bool(made_with == curves_digest(visit, config, calibrated))


def write_curves(curves: Curves, features: FeaturesFolder, visit: Visit) -> None:
    """Write a visit's light curves in the contract's files."""
    write_npz(
        features.fgs1_white(visit.name),
        flux=curves.fgs1,
        time=curves.fgs1_time_h,
        centroid=curves.centroid,
        jitter=curves.fgs1_jitter,
    )
    write_npz(
        features.airs_bins(visit.name),
        flux=curves.bins,
        time=curves.airs_time_h,
        pointing=curves.pointing,
    )
    write_npz(features.variance(visit.name), fgs1=curves.fgs1_variance, airs=curves.bins_variance)


def light_curves_visit(
    visit: Visit, config: FeaturesConfig, calibrated: CalibratedFolder, features: FeaturesFolder
) -> Visit:
    """Write one visit's light curves and, last, its log.

    Raises:
        SchemaError: the visit is not calibrated, or what calibrate left breaks its contract.
    """
    made_with = curves_digest(visit, config, calibrated)
    fgs1 = read_series(calibrated.series(FGS1, visit.name), len(METHODS))
    airs = read_series(calibrated.series(AIRS, visit.name), N_BINS - 1)
    features.log(visit.name).unlink(missing_ok=True)
    curves = build_curves(fgs1, airs, config)
    write_curves(curves, features, visit)
    summary = {
        "fgs1_median_flux_e": float(np.median(curves.fgs1)),
        "airs_median_flux_e": float(np.median(curves.bins[:, 1:].sum(axis=1))),
        "jitter_rms_px": np.std(curves.fgs1_jitter, axis=0).tolist(),
    }
    write_json(features.log(visit.name), {"digest": made_with, "summary": summary})
    return visit


@dataclass(frozen=True)
class Extraction:
    """Visits whose light curves were written now, and why others have none, by name."""

    done: list[Visit]
    failed: dict[str, str]


def extract(
    config: FeaturesConfig,
    visits: Sequence[Visit],
    calibrated: CalibratedFolder,
    features: FeaturesFolder,
    workers: Workers,
    label: str = "light curves",
) -> Extraction:
    """Light curves of every visit that has none from these settings yet.

    A visit that is not calibrated, or of which ``calibrate`` left something broken, is named and
    stops no other.

    Args:
        visits: whose.
        calibrated: what ``calibrate`` wrote.
        features: where the light curves go.
        workers: where the work runs.
        label: what the progress bar calls it.
    """
    work = partial(_attempt, config=config, calibrated=calibrated, features=features)
    to_do, done, failed = [], [], {}
    for visit in visits:
        try:
            if not _is_finished(visit, config, calibrated, features):
                to_do.append(visit)
        except SchemaError as error:
            failed[visit.name] = str(error)
    for visit, reason in run_all(work, to_do, workers, label):
        if reason is None:
            done.append(visit)
        else:
            failed[visit.name] = reason
    return Extraction(done, dict(sorted(failed.items())))


def _attempt(
    visit: Visit, config: FeaturesConfig, calibrated: CalibratedFolder, features: FeaturesFolder
) -> tuple[Visit, str | None]:
    """A visit, and why it has no light curves; None when it has."""
    try:
        return light_curves_visit(visit, config, calibrated, features), None
    except SchemaError as error:
        return visit, str(error)
