"""predict: the checkpoint and its calibrators on every planet of the test folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.dataset.tree import KaggleTree
from spectramind.estimators.artifact import Artifact
from spectramind.pipeline.apply_calibrators import keep_raw, write_submitted
from spectramind.pipeline.fit_calibrators import load_calibrators, members
from spectramind.pipeline.planet_traits import traits_of
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.result import Result
from spectramind.run.devices import pick_device
from spectramind.run.record import RunRecord
from spectramind.submission.dialects import Dialect


@dataclass(frozen=True, eq=False)
class Prediction(Result):
    """What predict found.

    Attributes:
        answers: by estimator, sigma calibrated, as saved.
        sigma: what was done to the submitted sigma, in words.
        submission: the table, valid.
        dialect: its columns.
        device: where the network computed.
        epistemic: how the network's own ignorance was told; "none" where it was not.
        drift: how the planets compare with those that calibration saw, in one line.
    """

    answers: dict[str, Predictive]
    sigma: str
    submission: Path
    dialect: str
    device: str
    epistemic: str = "none"
    drift: str = ""

    @property
    def submitted(self) -> Predictive:
        """What stands in the submission."""
        return self.answers[SUBMITTED]

    def report(self) -> list[str]:
        told = f"{self.epistemic}: {told_parts(self.submitted)}"
        return [
            f"{len(self.submitted.planet_ids)} planets on {self.device}; sigma: {self.sigma}",
            *([told] if self.epistemic != "none" else []),
            *([self.drift] if self.drift else []),
            f"submission: {self.submission} ({self.dialect} columns, valid)",
        ]


def predict(config: Config, record: RunRecord) -> Prediction:
    """Predict, calibrate sigma, write spectra and the submission, validate it.

    Raises:
        SchemaError: a planet's features are missing, or a calibrator's file is broken.
        ConfigError: a calibrator was fitted for another checkpoint or temperature.
    """
    tree = KaggleTree(config.data.raw)
    artifact = Artifact.load(config.paths.checkpoint)
    estimators = members(config, artifact)
    calibrators = {name: load_calibrators(config, name) for name in estimators}
    planets = load_planets(config, tree, "test", tree.planets("test"))
    raw = {name: estimator.predict(planets) for name, estimator in estimators.items()}
    traits = traits_of(config, artifact, planets, raw)
    keep_raw(config, record, raw, traits)
    dialect = Dialect(config.submission.dialect)
    done = write_submitted(config, record, raw, traits, calibrators, dialect)
    return Prediction(
        answers=done.answers,
        sigma=done.sigma,
        submission=config.paths.submission,
        dialect=dialect.value,
        device=str(pick_device(config.env.device)),
        epistemic=artifact.epistemic.kind,
        drift=done.drift,
    )


def told_parts(answer: Predictive) -> str:
    """What sigma is made of, in the median planet and bin."""
    if answer.parts is None:
        return "the checkpoint is the physics estimate, which has no members to differ"
    aleatoric, epistemic = answer.parts.aleatoric, answer.parts.epistemic
    share = float(np.median(epistemic**2 / (aleatoric**2 + epistemic**2)))
    return (
        f"sigma {1e6 * np.median(aleatoric):.1f} ppm aleatoric, {1e6 * np.median(epistemic):.1f} "
        f"ppm epistemic, {share:.1%} of the variance"
    )
