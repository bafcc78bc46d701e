"""What the report shows of the kill chain: each visit's log and images."""

import json
from dataclasses import replace
from pathlib import Path

from spectramind.config.root import Config
from spectramind.contracts.visit_images import read_images
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import Visit
from spectramind.diagnostics.report_data import CalibrationLog
from spectramind.errors import SpectraMindError
from spectramind.run.failures import failure_of


def calibration_logs(config: Config, visits: dict[str, list[Visit]]) -> list[CalibrationLog]:
    """Logs and images of all these visits, planet by planet."""
    folder = WorkFolder(config.paths).calibrated
    return [
        _with_images(read_calibration_log(visit, folder.log(visit.name)), folder.images(visit.name))
        for planet in visits.values()
        for visit in planet
    ]


def _with_images(log: CalibrationLog, path: Path) -> CalibrationLog:
    """A visit's log with its images, or why there are none."""
    if not log.records:
        return replace(log, no_images=log.problem)
    if not path.is_file():
        return replace(log, no_images="it was calibrated by a version that kept no images")
    try:
        return replace(log, images=read_images(path))
    except SpectraMindError as error:
        return replace(log, no_images=str(error))


def read_calibration_log(visit: Visit, path: Path) -> CalibrationLog:
    """A visit's log, or why there is none."""

    def without(problem: str, *, failed: bool = False, simulated: bool = False) -> CalibrationLog:
        return CalibrationLog(visit.name, (), problem, failed, simulated, visit.planet_id)

    failure = failure_of(path)
    if failure is not None:
        return without(failure, failed=True)
    if not path.is_file():
        return without("not calibrated yet")
    try:
        records = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return without(f"{path} cannot be read: {error}")
    if not isinstance(records, list) or not all(isinstance(row, dict) for row in records):
        return without(f"{path} is not a kill chain's log")
    if visit.light_curves_path.is_file():
        drawn = "light curves simulated without frames (level=lightcurves), no kill chain ran"
        return without(drawn, simulated=True)
    return CalibrationLog(visit.name, records, planet_id=visit.planet_id)
