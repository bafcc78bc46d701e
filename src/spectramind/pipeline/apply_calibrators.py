"""From raw predictions to the submission: in ``predict``, and again when a calibrator is fitted.

Raw predictions stay on disk, so calibrators may be fitted before or after them; the same raw
predictions and calibrators give the same bytes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.traits import Traits
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError, SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.pipeline.planet_circumstances import load_circumstances
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.watch_drift import (
    CALIBRATION,
    as_applied,
    look,
    remember,
    seen_by_calibration,
)
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.submission.applied import Applied, AppliedCorel
from spectramind.submission.dialects import Dialect
from spectramind.submission.table import write_submission
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.instance_scale import instance_factor, widened
from spectramind.uncertainty.seen_planets import load_traits, save_traits
from spectramind.uncertainty.two_samples import LEAST

# An estimator's calibrators as fitted for the checkpoint in use.
CalibratorsOf = Callable[[Config, str], Calibrators]
_PREDICT = "predict"


@dataclass(frozen=True, eq=False)
class Submitted:
    """What was written.

    Attributes:
        answers: by estimator, sigma calibrated.
        sigma: what was done to the submitted sigma, in words.
        drift: how the planets compare with those that calibration saw, in one line.
    """

    answers: dict[str, Predictive]
    sigma: str
    drift: str


def keep_raw(
    config: Config, record: RunRecord, raw: Mapping[str, Predictive], traits: Traits
) -> None:
    """Keep what the estimators said, sigma as they believe it; the traits come last, so that they
    say that all is there.
    """
    folder = WorkFolder(config.paths)
    folder.raw_traits.unlink(missing_ok=True)
    for name, answer in raw.items():
        answer.save(folder.raw_prediction(name))
        record.artifact(folder.raw_prediction(name))
    save_traits(folder.raw_traits, traits, file_digest(config.paths.checkpoint))
    record.artifact(folder.raw_traits)


def write_submitted(
    config: Config,
    record: RunRecord,
    raw: Mapping[str, Predictive],
    traits: Traits,
    calibrators: Mapping[str, Calibrators],
    dialect: Dialect,
) -> Submitted:
    """Calibrate every estimator's sigma, write spectra, the submission and what was applied to it.

    Args:
        config, record: of the command.
        raw: by estimator, as kept. traits: of the same planets.
        calibrators: by estimator. dialect: the table's columns.

    Raises:
        ConfigError: ``calib.instance`` is on and nothing says what calibration saw.
        SchemaError: the spectra make no valid submission.
    """
    folder, path = WorkFolder(config.paths), config.paths.submission
    seen = seen_by_calibration(config)
    factor = _own_factor(config, record, seen, traits)
    known = any(calibrators[name].needs_circumstances for name in raw)
    around = load_circumstances(config, "test", raw[SUBMITTED].planet_ids) if known else None
    answers = {}
    for name, answer in raw.items():
        answers[name] = calibrators[name].apply(answer, around)
        if factor is not None:
            answers[name] = widened(answers[name], factor)
        answers[name].save(folder.prediction(name))
        record.artifact(folder.prediction(name))
    submitted, sigma = answers[SUBMITTED], calibrators[SUBMITTED]
    write_submission(path, submitted.spectra, dialect, submitted.planet_ids)
    record.artifact(path)
    found, line = look(config, seen, traits)
    if found is not None and found.alarm:
        record.warn(line)
    corel = sigma.corel
    Applied(
        submission=file_digest(path),
        prediction=file_digest(folder.prediction(SUBMITTED)),
        checkpoint=file_digest(config.paths.checkpoint),
        temperature=None if sigma.temperature is None else sigma.tau,
        corel=None if corel is None else AppliedCorel(alpha=corel.alpha, n_planets=corel.n_planets),
        instance=factor,
        drift=as_applied(found),
        raw={name: file_digest(folder.raw_prediction(name)) for name in raw},
        dialect=dialect,
    ).save(folder.applied)
    own = "" if factor is None else f", the set's own factor {factor:.3f}"
    return Submitted(answers, sigma.describe() + own, line)


def after_fit(
    config: Config,
    record: RunRecord,
    artifact: Artifact,
    ids: Sequence[str],
    raw: Mapping[str, Predictive],
    calibrators_of: CalibratorsOf,
) -> tuple[str, ...]:
    """What a calibrator's command does once it is fitted: remember what it saw, and calibrate anew
    what was predicted before.

    Args:
        config, record: of the command. artifact: the checkpoint.
        ids: labelled planets that it was fitted on. raw: what the estimators said of them.
        calibrators_of: reads what is fitted.

    Returns:
        For people, what became of the submission; nothing where there is none.

    Raises:
        SchemaError: features, kept traits or raw predictions are broken.
    """
    planets = load_planets(config, KaggleTree(config.data.raw), "train", ids)
    remember(config, record, artifact, planets, raw)
    folder, path = WorkFolder(config.paths), config.paths.submission
    if not folder.applied.is_file():
        return ()
    traits = load_traits(folder.raw_traits, file_digest(config.paths.checkpoint), _PREDICT)
    if traits is None:
        return (f"{path} is left as it is, of other raw predictions: run `spectramind predict`",)
    try:
        applied, predicted = _kept(config)
    except SchemaError as error:
        record.warn(f"not calibrated anew: {error}")
        return (f"{path} is left as it is: {error}",)
    fitted = {name: _present(config, record, name, calibrators_of) for name in predicted}
    dialect = applied.dialect or Dialect(config.submission.dialect)  # as predict was asked for
    done = write_submitted(config, record, predicted, traits, fitted, dialect)
    return (f"calibrated anew: {path}; sigma: {done.sigma}", done.drift)


def _kept(config: Config) -> tuple[Applied, dict[str, Predictive]]:
    """How the present submission was made, and the raw predictions that it was made from.

    Raises:
        SchemaError: they or the submission are not what predict left.
    """
    folder = WorkFolder(config.paths)
    applied = Applied.of(config.paths.submission, folder.applied)
    changed = [
        str(folder.raw_prediction(name))
        for name, digest in applied.raw.items()
        if not folder.raw_prediction(name).is_file()
        or file_digest(folder.raw_prediction(name)) != digest
    ]
    if changed or SUBMITTED not in applied.raw:
        raise SchemaError(
            f"{', '.join(changed) or 'no raw prediction'} is what {config.paths.submission} was "
            "made from: run `spectramind predict` again"
        )
    return applied, {name: Predictive.load(folder.raw_prediction(name)) for name in applied.raw}


def _present(
    config: Config, record: RunRecord, name: str, calibrators_of: CalibratorsOf
) -> Calibrators:
    """An estimator's calibrators; without COREL's where they wait for their own command, which
    comes next.
    """
    try:
        return calibrators_of(config, name)
    except ConfigError as error:
        if name == SUBMITTED:
            record.warn(f"COREL is not applied: {error}")
        without = config.calib.corel.model_copy(update={"enabled": False})
        calib = config.calib.model_copy(update={"corel": without})
        return calibrators_of(config.model_copy(update={"calib": calib}), name)


def _own_factor(
    config: Config, record: RunRecord, seen: Traits | None, new: Traits
) -> float | None:
    """The set's own factor on sigma, None where it is switched off or cannot be told."""
    if not config.calib.instance.enabled:
        return None
    if seen is None:
        raise ConfigError(
            "calib.instance.enabled=true needs to know what calibration saw: run `spectramind "
            f"{CALIBRATION}` for this checkpoint first, or leave it out"
        )
    factor = instance_factor(seen, new)
    if factor is None:
        record.warn(
            f"calib.instance: {len(new)} planets against {len(seen)} that calibration saw are too "
            f"few for a factor of their own (at least {LEAST} measured ones each): none is applied"
        )
    return factor
