"""The ``calibrate`` step: every visit of a split through the kill chain, resumable."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from spectramind.calibration.audit import Record, step_record
from spectramind.calibration.chain import Calibrated, calibrate_detector
from spectramind.calibration.trace import describe_trace
from spectramind.config.base import digest
from spectramind.config.calibration import KillChainConfig
from spectramind.dataset.frames import SignalFile, read_references
from spectramind.dataset.tables import read_adc_info, read_column_wavelengths, read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import RuntimeRiskError, SchemaError
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.run.atomic import write_json, write_npz
from spectramind.run.code import code_digest
from spectramind.run.pool import run_all


@dataclass(frozen=True)
class CalibrationPlan:
    """Which visits are to be calibrated and which are finished."""

    to_do: tuple[Visit, ...]
    finished: tuple[Visit, ...]


def cube_path(out_dir: Path, detector: Detector, visit: Visit) -> Path:
    """Where a calibrated cube lies."""
    return out_dir / detector.key / f"{detector.key}_{visit.name}.npz"


def log_path(out_dir: Path, visit: Visit) -> Path:
    """Where a visit's log lies."""
    return out_dir / "logs" / f"{visit.name}.json"


def visit_digest(visit: Visit, tree_root: Path, config: KillChainConfig) -> str:
    """What a visit's cubes depend on: settings, code, and its raw files by size and time.

    Raises:
        SchemaError: a signal file is missing.
    """
    paths = [visit.signal_path(detector) for detector in DETECTORS]
    stamps: list[int] = []
    for path in [*paths, tree_root / "adc_info.csv", tree_root / "axis_info.parquet"]:
        if not path.is_file():
            raise SchemaError(f"{path} is missing: check data.raw and fetch the file")
        status = path.stat()
        stamps += [status.st_size, status.st_mtime_ns]
    return digest(config.kill_chain(), code_digest("calibration", "dataset"), *stamps)


def _is_finished(visit: Visit, tree_root: Path, config: KillChainConfig, out_dir: Path) -> bool:
    if not all(cube_path(out_dir, detector, visit).is_file() for detector in DETECTORS):
        return False
    try:
        log = json.loads(log_path(out_dir, visit).read_text(encoding="utf-8"))
        made_with = log[0]["params"]["digest"]
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no log, or not one of ours: the visit is done again
    return bool(made_with == visit_digest(visit, tree_root, config))


def plan_calibration(
    config: KillChainConfig, tree: KaggleTree, visits: Sequence[Visit], out_dir: Path
) -> CalibrationPlan:
    """Sort visits into finished (both cubes and a log with the same digest) and to do."""
    state = [(visit, _is_finished(visit, tree.root, config, out_dir)) for visit in visits]
    return CalibrationPlan(
        to_do=tuple(visit for visit, finished in state if not finished),
        finished=tuple(visit for visit, finished in state if finished),
    )


def _calibrate_detector_of(
    visit: Visit, tree: KaggleTree, detector: Detector, config: KillChainConfig
) -> Calibrated:
    signal = SignalFile(visit, detector)
    return calibrate_detector(
        signal.pixels,
        signal.n_reads,
        detector,
        read_references(visit, detector),
        read_adc_info(tree, detector, visit.planet_id),
        read_timing(tree, detector, signal.n_reads),
        config,
    )


def _trace(cube: Calibrated, tree: KaggleTree, config: KillChainConfig) -> Record:
    start = perf_counter()
    image = cube.frames.mean(axis=0)
    trace = describe_trace(image, read_column_wavelengths(tree), config.seams)
    return step_record("trace", 1e3 * (perf_counter() - start), {"seam": config.seams}, trace)


def calibrate_visit(visit: Visit, tree_root: Path, config: KillChainConfig, out_dir: Path) -> Visit:
    """Calibrate both detectors of one visit and write two cubes and, last, the log.

    Raises:
        SchemaError: a file of the visit or a table of the tree breaks its contract.
    """
    start = perf_counter()
    tree = KaggleTree(tree_root)
    settings = {
        "digest": visit_digest(visit, tree_root, config),
        **config.kill_chain().model_dump(),
    }
    log: list[Record] = []
    log_path(out_dir, visit).unlink(missing_ok=True)
    for detector in (FGS1, AIRS):
        cube = _calibrate_detector_of(visit, tree, detector, config)
        arrays = {"frames": cube.frames, "variance": cube.variance, "mask": cube.mask}
        if detector == AIRS:
            trace = _trace(cube, tree, config)
            arrays["trace_meta"] = np.array(json.dumps(trace["delta_stats"]))
            cube.log.append(trace)
        write_npz(cube_path(out_dir, detector, visit), **arrays)
        log += [{"detector": detector.kaggle, **record} for record in cube.log]
    total = step_record("visit", 1e3 * (perf_counter() - start), settings, {})
    write_json(log_path(out_dir, visit), [{"detector": "both", **total}, *log])
    return visit


def cubes_bytes(visit: Visit) -> int:
    """Size of a visit's calibrated cubes: two float32 and a bool a sample, both detectors."""
    exposures = [(SignalFile(visit, detector).n_reads // 2, detector) for detector in DETECTORS]
    return sum(count * detector.pixels * (4 + 4 + 1) for count, detector in exposures)


def _require_disk(visits: Sequence[Visit], out_dir: Path) -> None:
    if not visits:
        return
    needed = cubes_bytes(visits[0]) * len(visits)
    out_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out_dir).free
    if needed > free:
        raise RuntimeRiskError(
            f"{len(visits)} visits need about {needed / 1e9:.0f} GB in {out_dir}, {free / 1e9:.0f} "
            "GB are free: name a larger disk with paths.calibrated=PATH, or narrow data.split"
        )


def calibrate(
    config: KillChainConfig,
    tree: KaggleTree,
    split: str,
    out_dir: Path,
    workers: int,
    dry_run: bool = False,
) -> CalibrationPlan:
    """Calibrate every visit of a split that has frames and is not finished yet.

    Args:
        out_dir: holds ``fgs1/``, ``airs/`` and ``logs/``.
        workers: processes, 0 for one a core.
        dry_run: only say what would be done; nothing is written.

    Returns:
        What was found finished and what was done (with ``dry_run``: would be done).

    Raises:
        SchemaError: the tree or a visit breaks its contract; visits done until then stay done.
    """
    with_frames = [v for v in tree.visits(split) if not v.light_curves_path.is_file()]
    plan = plan_calibration(config, tree, with_frames, out_dir)
    if not dry_run:
        _require_disk(plan.to_do, out_dir)
        work = partial(calibrate_visit, tree_root=tree.root, config=config, out_dir=out_dir)
        for _ in run_all(work, plan.to_do, workers, f"calibrate {split}"):
            pass
    return plan
