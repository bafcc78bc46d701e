"""Visits whose light curves the simulator drew: there are no frames, so nothing to calibrate."""

import json

from spectramind.calibration.step_records import step_record
from spectramind.config.base import digest
from spectramind.config.calib import KillChainConfig
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.tree import Visit
from spectramind.errors import ConfigError, SchemaError
from spectramind.instrument.detectors import DETECTORS
from spectramind.run.atomic import write_json
from spectramind.run.environment import file_digest


def note_simulated(visit: Visit, config: KillChainConfig, out: CalibratedFolder) -> None:
    """Leave word, in the tree and as the visit's log, how its light curves were simulated."""
    settings = config.kill_chain().model_dump(mode="json")
    stamps = [file_digest(out.series(d, visit.name)) for d in DETECTORS]
    params = {"digest": digest(config.kill_chain(), "simulated", *stamps), **settings}
    record = {"detector": "both", **step_record("simulated", 0.0, params, {})}
    write_json(out.log(visit.name), [record])
    write_json(visit.light_curves_path, {"calib": settings})


def check_simulated(visit: Visit, config: KillChainConfig, out: CalibratedFolder) -> None:
    """See that simulated light curves are there and were made with these settings.

    Raises:
        SchemaError: they are not there.
        ConfigError: they were made with others.
    """
    anew = "simulate again with level=lightcurves into an empty data.raw"
    for path in [out.series(d, visit.name) for d in DETECTORS] + [out.log(visit.name)]:
        if not path.is_file():
            raise SchemaError(f"{path} is missing and has no frames to make it from: {anew}")
    path = visit.light_curves_path
    try:
        made_with = json.loads(path.read_text(encoding="utf-8"))["calib"]
    except (ValueError, LookupError, TypeError) as error:
        raise SchemaError(f"{path} is not a note of the simulator: {anew}") from error
    if made_with != config.kill_chain().model_dump(mode="json"):
        raise ConfigError(
            f"{path}: the light curves were simulated with other calib settings: "
            f"set them back, or {anew}"
        )
