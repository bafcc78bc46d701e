"""The ``calibrate`` step: every visit of a split through the kill chain, resumable."""

import json
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from time import perf_counter
from traceback import format_exc

import numpy as np

from spectramind.calibration.chain import extract_visit
from spectramind.calibration.cubes import calibrated_cube, cube_bytes
from spectramind.calibration.kernel.stream import Stream
from spectramind.calibration.pixel_images import pixel_images
from spectramind.calibration.simulated import check_simulated
from spectramind.calibration.step_records import step_record
from spectramind.calibration.visit_log import describe_visit, trace_of, visit_records
from spectramind.config.base import digest
from spectramind.config.calib import KillChainConfig
from spectramind.contracts.series import write_series
from spectramind.contracts.visit_images import write_images
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.frames import REFERENCES, SignalFile, read_references
from spectramind.dataset.tables import read_adc_info, read_column_wavelengths, read_timing
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import RuntimeRiskError, SchemaError, refused_as_command
from spectramind.instrument.detectors import AIRS, DETECTORS, FGS1, Detector
from spectramind.run.atomic import write_json, write_text
from spectramind.run.code import code_digest
from spectramind.run.failures import note_failure
from spectramind.run.pool import Workers, run_all

log = logging.getLogger("spectramind")
_FEW = 0.01  # share of a detector's exposures whose loss is only recorded


@dataclass(frozen=True)
class CalibrationPlan:
    """Which visits are to be calibrated, which are finished, and which failed, by name.

    ``lost`` says of visits calibrated now which exposures were left out, where these are more than
    a few.
    """

    to_do: tuple[Visit, ...]
    finished: tuple[Visit, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    lost: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class VisitOutcome:
    """How it went with a visit.

    Attributes:
        visit: its name.
        failure: why it could not be calibrated, in one line; None: it is done.
        trace: where that arose, if no step foresaw it.
        lost: which exposures were lost, in words; empty when few or none.
    """

    visit: str
    failure: str | None = None
    trace: str = ""
    lost: str = ""


def visit_digest(visit: Visit, tree_root: Path, config: KillChainConfig) -> str:
    """What a visit's light curves depend on: settings, code, and all files that are read.

    Raw reads count by size and time, for there are gigabytes of them; the ten reference frames and
    the tree's tables by their content.

    Raises:
        SchemaError: a file is missing.
    """
    stamps = [stamp for d in DETECTORS for stamp in _size_and_time(visit.signal_path(d))]
    references = [visit.reference_path(d, frame) for d in DETECTORS for frame in REFERENCES]
    tables = [tree_root / "adc_info.csv", tree_root / "axis_info.parquet"]
    contents = [_content(path, *_size_and_time(path)) for path in references + tables]
    return digest(config.kill_chain(), code_digest(__name__), *stamps, *contents)


def _size_and_time(path: Path) -> tuple[int, int]:
    if not path.is_file():
        raise SchemaError(f"{path} is missing: check data.raw and fetch the file")
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=64)
def _content(path: Path, size: int, mtime_ns: int) -> str:
    """SHA-256 of a file; size and time only say whether it must be read again."""
    return sha256(path.read_bytes()).hexdigest()


def is_finished(
    visit: Visit, tree_root: Path, config: KillChainConfig, out: CalibratedFolder
) -> bool:
    """Whether light curves, images and log of these settings, raw files and code are there."""
    files = [out.images(visit.name), *(out.series(detector, visit.name) for detector in DETECTORS)]
    if not all(path.is_file() for path in files):
        return False
    try:
        records = json.loads(out.log(visit.name).read_text(encoding="utf-8"))
        made_with = records[0]["params"]["digest"]
        return bool(made_with == visit_digest(visit, tree_root, config))
    except (OSError, ValueError, LookupError, TypeError):
        return False  # no log, or not one of ours: the visit is done again
    except SchemaError:
        return False  # a raw file is gone: calibrating the visit says which


def plan_calibration(
    config: KillChainConfig, tree: KaggleTree, visits: Sequence[Visit], out: CalibratedFolder
) -> CalibrationPlan:
    """Sort visits into finished (light curves of both and a log with the same digest) and to do."""
    state = [(visit, is_finished(visit, tree.root, config, out)) for visit in visits]
    return CalibrationPlan(
        to_do=tuple(visit for visit, finished in state if not finished),
        finished=tuple(visit for visit, finished in state if finished),
    )


def open_stream(
    detector: Detector, visit: Visit, tree: KaggleTree, config: KillChainConfig
) -> Stream:
    """A detector's stream in a visit, holding what the settings ask for.

    Raises:
        SchemaError: a file of the visit or a table of the tree breaks its contract.
    """
    signal = SignalFile(visit, detector)
    stream = Stream(
        detector,
        signal,
        read_references(visit, detector),
        read_adc_info(tree, detector, visit.planet_id),
        read_timing(tree, detector, signal.n_reads),
        config,
    )
    keep = config.keep_cubes != "none"
    if keep or detector == FGS1:
        stream.hold(samples=keep)
    return stream


def calibrate_visit(
    visit: Visit, tree_root: Path, config: KillChainConfig, out: CalibratedFolder, threads: int
) -> str:
    """Calibrate both detectors of one visit and write light curves, images and, last, the log.

    Args:
        threads: blocks of pixels at work at once.

    Returns:
        Which exposures were lost, in words, of detectors that lost more than a few.

    Raises:
        SchemaError: a file of the visit or a table of the tree breaks its contract.
    """
    start = perf_counter()
    tree = KaggleTree(tree_root)
    settings = {
        "digest": visit_digest(visit, tree_root, config),
        **config.kill_chain().model_dump(),
    }
    out.log(visit.name).unlink(missing_ok=True)
    opened = partial(open_stream, visit=visit, tree=tree, config=config)
    found = extract_visit(opened, config, threads)
    records = visit_records(found, read_column_wavelengths(tree), config)
    for detector, curves in found.curves.items():
        stream = found.streams[detector]
        beside = calibrated_cube(stream, stream.samples, config) if stream.samples else {}
        if detector == AIRS:
            beside["trace_meta"] = np.array(json.dumps(trace_of(records)))
        path = out.series(detector, visit.name)
        write_series(path, curves.native.binned(config.cadence_min), **beside)
    images = {detector: pixel_images(stream) for detector, stream in found.streams.items()}
    write_images(out.images(visit.name), images)
    total = step_record("visit", 1e3 * (perf_counter() - start), settings, {})
    records = [{"detector": "both", **total}, *records]
    write_text(out.log_page(visit.name), describe_visit(visit.name, records))
    write_json(out.log(visit.name), records)
    return "; ".join(
        f"{detector.kaggle} lost {stream.lost.told()}"
        for detector, stream in found.streams.items()
        if stream.lost.lost.sum() > _FEW * len(stream.lost.lost)
    )


def _attempt(
    visit: Visit, tree_root: Path, config: KillChainConfig, out: CalibratedFolder, threads: int
) -> VisitOutcome:
    """Calibrate a visit, or say why its data do not permit it.

    What another worker finished meanwhile (one of a cluster, that died before it could say so) is
    not done again. Numbers that no step expects are this visit's failure and stop no other.
    """
    if is_finished(visit, tree_root, config, out):
        return VisitOutcome(visit.name)
    trace = ""
    try:
        lost = calibrate_visit(visit, tree_root, config, out, threads)
        return VisitOutcome(visit.name, lost=lost)
    except SchemaError as error:
        reason = str(error)
    except (ArithmeticError, LookupError, ValueError) as error:
        said = str(error).splitlines()[0] if str(error) else "no message"
        reason = (
            f"{visit.directory}: calibrating visit {visit.number} ended in {type(error).__name__} "
            f"({said}): look at its frames, and report it with the traceback in the log"
        )
        trace = format_exc()
    note_failure(out.log(visit.name), reason)
    for detector in DETECTORS:
        out.series(detector, visit.name).unlink(missing_ok=True)
    out.images(visit.name).unlink(missing_ok=True)
    out.log_page(visit.name).unlink(missing_ok=True)
    return VisitOutcome(visit.name, reason, trace)


def _first_size(config: KillChainConfig, visits: Sequence[Visit]) -> int:
    """Size of the cubes of the first visit that can be opened; 0: there is none."""
    for visit in visits:
        with suppress(SchemaError):  # said when the visit's turn comes
            return sum(cube_bytes(d, SignalFile(visit, d).n_reads // 2, config) for d in DETECTORS)
    return 0


def _require_disk(config: KillChainConfig, visits: Sequence[Visit], out: CalibratedFolder) -> None:
    if config.keep_cubes == "none":
        return
    needed = _first_size(config, visits) * len(visits)
    out.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(out.root).free
    if needed > free:
        raise RuntimeRiskError(
            f"cubes of {len(visits)} visits need about {needed / 1e9:.0f} GB in {out.root}, "
            f"{free / 1e9:.0f} GB are free: set calib.keep_cubes=none or cropped, or name a larger "
            "disk with paths.calibrated=PATH"
        )


def calibrate(
    config: KillChainConfig,
    tree: KaggleTree,
    split: str,
    out: CalibratedFolder,
    workers: Workers,
    dry_run: bool = False,
    strict: bool = False,
    reuse: bool = True,
) -> CalibrationPlan:
    """Calibrate every visit of a split that has frames and is not finished yet.

    A visit whose files break their contract, or whose numbers no step can take, leaves a note with
    the reason in place of its log, and the rest go on.

    Args:
        out: where it goes.
        workers: where the work runs.
        dry_run: only say what would be done; nothing is written.
        strict: stop at the first visit that fails; visits done until then stay done.
        reuse: leave finished visits as they are; else they are done anew.

    Returns:
        What was found finished, what was done (with ``dry_run``: would be done), what failed.

    Raises:
        SchemaError: the tree breaks its contract; with ``strict``, a visit does.
        RuntimeRiskError: the disk is full, or would be.
    """
    with_frames = []
    for visit in tree.visits(split):
        if visit.light_curves_path.is_file():
            check_simulated(visit, config, out)
        else:
            with_frames.append(visit)
    plan = (
        plan_calibration(config, tree, with_frames, out)
        if reuse
        else CalibrationPlan(to_do=tuple(with_frames), finished=())
    )
    if dry_run or not plan.to_do:
        return plan
    if not reuse:
        for visit in plan.to_do:  # a visit without its log is not finished
            out.log(visit.name).unlink(missing_ok=True)
    _require_disk(config, plan.to_do, out)
    work = partial(
        _attempt,
        tree_root=tree.root,
        config=config,
        out=out,
        threads=workers.threads(len(plan.to_do)),
    )
    outcomes = run_all(work, plan.to_do, workers, f"calibrate {split}")
    failed, lost = _failed_and_lost(outcomes, strict)
    return replace(plan, failed=failed, lost=lost)


def _failed_and_lost(
    outcomes: Iterable[VisitOutcome], strict: bool
) -> tuple[dict[str, str], dict[str, str]]:
    """Why visits failed, and which exposures others lost, by visit.

    Raises:
        SchemaError: with ``strict``, the first visit that failed.
    """
    failed, lost = {}, {}
    for outcome in outcomes:
        if outcome.trace:  # said here: worker processes have no log
            log.error("visit %s: %s\n%s", outcome.visit, outcome.failure, outcome.trace)
        if outcome.lost:
            lost[outcome.visit] = outcome.lost
        if outcome.failure is not None and strict:
            raise SchemaError(outcome.failure)
        if outcome.failure is not None:
            failed[outcome.visit] = outcome.failure
    return dict(sorted(failed.items())), dict(sorted(lost.items()))


if __name__ == "__main__":
    raise SystemExit(refused_as_command("calibrate"))
