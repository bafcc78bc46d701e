"""predict: the checkpoint and its calibrators on every planet of the test folder."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.estimators.artifact import Artifact
from spectramind.pipeline.fit_calibrators import load_calibrators, members
from spectramind.pipeline.planet_traits import load_traits
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.result import Result
from spectramind.run.devices import pick_device
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.submission.applied import Applied, AppliedCorel
from spectramind.submission.dialects import Dialect
from spectramind.submission.table import write_submission
from spectramind.uncertainty.calibrators import Calibrators


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
    """

    answers: dict[str, Predictive]
    sigma: str
    submission: Path
    dialect: str
    device: str
    epistemic: str = "none"

    @property
    def submitted(self) -> Predictive:
        """What stands in the submission."""
        return self.answers[SUBMITTED]

    def report(self) -> list[str]:
        told = f"{self.epistemic}: {told_parts(self.submitted)}"
        return [
            f"{len(self.submitted.planet_ids)} planets on {self.device}; sigma: {self.sigma}",
            *([told] if self.epistemic != "none" else []),
            f"submission: {self.submission} ({self.dialect} columns, valid)",
        ]


def predict(config: Config, record: RunRecord) -> Prediction:
    """Predict, calibrate sigma, write spectra and the submission, validate it."""
    tree = KaggleTree(config.data.raw)
    ids = tree.planets("test")
    artifact, folder = Artifact.load(config.paths.checkpoint), WorkFolder(config.paths)
    planets = load_planets(config, tree, "test", ids)
    answers, applied = {}, {}
    for name, estimator in members(config, artifact).items():
        applied[name] = load_calibrators(config, name)
        traits = load_traits(config, "test", ids) if applied[name].needs_traits else None
        answers[name] = applied[name].apply(estimator.predict(planets), traits)
        answers[name].save(folder.prediction(name))
        record.artifact(folder.prediction(name))
    path = config.paths.submission
    submitted = answers[SUBMITTED].spectra
    write_submission(path, submitted, Dialect(config.submission.dialect), ids)
    record.artifact(path)
    sigma = applied[SUBMITTED]
    _note_applied(config, folder, sigma)
    device = str(pick_device(config.env.device))
    kind, dialect = artifact.epistemic.kind, config.submission.dialect
    return Prediction(answers, sigma.describe(), path, dialect, device, kind)


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


def _note_applied(config: Config, folder: WorkFolder, sigma: Calibrators) -> None:
    """Leave word of what made the submission."""
    corel = sigma.corel
    Applied(
        submission=file_digest(config.paths.submission),
        prediction=file_digest(folder.prediction(SUBMITTED)),
        checkpoint=file_digest(config.paths.checkpoint),
        temperature=None if sigma.temperature is None else sigma.tau,
        corel=None if corel is None else AppliedCorel(alpha=corel.alpha, n_planets=corel.n_planets),
    ).save(folder.applied)
