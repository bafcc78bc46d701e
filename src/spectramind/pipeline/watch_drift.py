"""The drift alarm from calibration over prediction to score: remember, look, say what happened."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spectramind.config.root import Config
from spectramind.contracts.planet import Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import truth_for
from spectramind.contracts.traits import Traits
from spectramind.contracts.work_folder import WorkFolder
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.pipeline.planet_traits import traits_of
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.submission.applied import Applied, AppliedDrift, AppliedDriftQuantity
from spectramind.uncertainty.drift_alarm import DriftFound, look_for_drift
from spectramind.uncertainty.seen_planets import load_traits, save_traits
from spectramind.uncertainty.two_samples import LEAST

CALIBRATION = "calibrate-temp` and `spectramind calibrate-corel"
_WITHIN_SIGMA = 0.6827
_ERRORS = 2.0  # standard errors by which a coverage must fall short before it counts as broken


def remember(
    config: Config,
    record: RunRecord,
    artifact: Artifact,
    planets: Sequence[Planet],
    raw: Mapping[str, Predictive],
) -> None:
    """Keep the traits of planets that a calibrator was fitted on, beside those of the other one's.

    Args:
        config, record: of the command. artifact: the checkpoint.
        planets: that it was fitted on.
        raw: what the estimators said of them, sigma as these believe it.

    Raises:
        SchemaError: features, or the traits kept so far, are broken.
    """
    path = WorkFolder(config.paths).calibrators(SUBMITTED).seen
    checkpoint = file_digest(config.paths.checkpoint)
    found = traits_of(config, artifact, planets, raw)
    before = load_traits(path, checkpoint, CALIBRATION)
    save_traits(path, found if before is None else before.with_others(found), checkpoint)
    record.artifact(path)


def seen_by_calibration(config: Config) -> Traits | None:
    """Traits of what calibration saw with the checkpoint in use; None where nothing was kept.

    Raises:
        SchemaError: their file is broken.
    """
    path = WorkFolder(config.paths).calibrators(SUBMITTED).seen
    return load_traits(path, file_digest(config.paths.checkpoint), CALIBRATION)


def look(config: Config, seen: Traits | None, new: Traits) -> tuple[DriftFound | None, str]:
    """Compare the planets predicted with what calibration saw.

    Returns:
        What was found, None where nothing was compared; and one line for people.
    """
    if not config.drift.enabled:
        return None, "drift: not looked for (drift.enabled=false)"
    if seen is None:
        path = WorkFolder(config.paths).calibrators(SUBMITTED).seen
        return None, (
            f"drift: not looked for, no {path} of this checkpoint says what calibration saw "
            f"(`spectramind {CALIBRATION}` write it)"
        )
    found = look_for_drift(seen, new, config.drift, np.random.default_rng(config.seed))
    if found is None:
        return None, (
            f"drift: {len(new)} planets cannot be compared with the {len(seen)} that calibration "
            f"saw, either must be at least {LEAST}"
        )
    return found, found.told()


def as_applied(found: DriftFound | None) -> AppliedDrift | None:
    """The same for the file beside the submission."""
    if found is None:
        return None
    return AppliedDrift(
        alarm=found.alarm,
        p=found.p,
        level=found.level,
        together=found.together,
        n_seen=found.n_seen,
        n_new=found.n_new,
        quantities=tuple(
            AppliedDriftQuantity(name=one.name, p=one.p, how=one.how) for one in found.differing
        ),
        told=found.told(),
    )


def what_happened(
    config: Config, scored: Predictive, truth: pd.DataFrame
) -> tuple[dict[str, Any] | None, str]:
    """What predict said of drift, and what the truth says of it afterwards.

    Args:
        config: of the command.
        scored: the submitted prediction. truth: the planets' spectra, as in ``summarise``.

    Returns:
        For ``score.json``: ``alarm``, ``p``, ``level`` of the promise, ``coverage``,
        ``standard_error`` over planets and whether it was ``kept`` as far as these planets tell
        (not short by more than two standard errors); and one line. None and an empty
        line where predict did not compare.
    """
    folder = WorkFolder(config.paths)
    if not folder.applied.is_file():
        return None, ""
    try:
        applied = Applied.of(config.paths.submission, folder.applied)
    except SchemaError as error:
        return None, f"drift: what predict said of it is not known: {error}"
    said = applied.drift
    if said is None or applied.prediction != file_digest(folder.prediction(SUBMITTED)):
        return None, ""
    spectra, intervals = scored.spectra, scored.intervals
    y = truth_for(truth, spectra.planet_ids)
    level, half, name = _WITHIN_SIGMA, spectra.sigma, "1 sigma"
    if intervals is not None:
        level, half = intervals.level, intervals.half_width
        name = f"the {level:.0%} intervals"
    planets = (np.abs(y - spectra.mu) <= half).mean(axis=1)
    coverage = float(planets.mean())
    spread = float(planets.std(ddof=1) / np.sqrt(len(planets))) if len(planets) > 1 else 0.0
    kept = coverage >= level - _ERRORS * spread
    promise = "no sign that the promise was broken" if kept else "the promise was broken"
    line = (
        f"{said.told}. Afterwards: {coverage:.3f} +- {spread:.3f} of the truth within {name}, "
        f"{promise}"
    )
    numbers = {
        "alarm": said.alarm,
        "p": said.p,
        "level": level,
        "coverage": coverage,
        "standard_error": spread,
        "kept": kept,
    }
    return numbers, line
