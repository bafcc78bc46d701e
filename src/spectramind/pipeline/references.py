"""The references that score stands beside, from what the chain left on disk.

Those that the checkpoint holds were predicted by ``predict``; the others learn here, on the same
folds, and their sigma goes through calibrators as well. A new one is a line of ``REFERENCES``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import LabelledPlanets, Planet
from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import Splits, load_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.estimators.bin_by_bin import BinByBin
from spectramind.estimators.constant import Constant
from spectramind.estimators.linear_corrector import LinearCorrector
from spectramind.estimators.physics_estimate import PhysicsEstimate
from spectramind.estimators.protocol import DepthsOf, Estimator
from spectramind.evaluation.coverage import ConformalKind, z_scores
from spectramind.evaluation.official import naive_moments
from spectramind.features.reference_depths import (
    CIRCLE,
    RESPONSE_KEYS,
    TRUTH_KEYS,
    BinCurves,
    box_depths,
    least_squares_depths,
    oracle_depths,
    read_bin_curves,
)
from spectramind.pipeline.cross_fitting import joined, measured_groups, out_of_fold
from spectramind.pipeline.planet_circumstances import load_circumstances
from spectramind.pipeline.planets import load_labelled, load_planets
from spectramind.pipeline.visits import star_rows
from spectramind.run.npz import read_npz
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.fitting import fit_corel, fit_temperature
from spectramind.uncertainty.temperature import Temperature

# A visit's light curves, its white-light fit and its star -> depths.
FromCurves = Callable[[BinCurves, Depths, StarRow], Measurement]


class Folds:
    """Labelled planets by fold, read when they are asked for."""

    def __init__(self, config: Config) -> None:
        self.config = config

    @cached_property
    def _splits(self) -> Splits:
        return load_splits(self.config.paths.splits)

    def _of(self, ids: Sequence[str]) -> LabelledPlanets:
        return load_labelled(self.config, KaggleTree(self.config.data.raw), ids)

    @property
    def crossing(self) -> bool:
        """Every group is predicted by what was learnt from the others; else two are held out."""
        return self.config.split.scheme == "cross"

    @cached_property
    def groups(self) -> list[LabelledPlanets]:
        """All labelled planets that were measured, in the groups that are held out in turn."""
        return measured_groups(self._of(sorted(self._splits.planets)), self._splits)

    @cached_property
    def train(self) -> LabelledPlanets:
        """To learn from."""
        return joined(self.groups) if self.crossing else self._of(self._splits.train)

    @cached_property
    def val(self) -> LabelledPlanets:
        """To fit the temperature on."""
        return self._of(self._splits.val)

    @cached_property
    def calibration(self) -> LabelledPlanets:
        """To fit COREL on."""
        return self._of(self._splits.calibration)


@dataclass(frozen=True, eq=False)
class Reference:
    """A reference that has learnt, with its calibrators."""

    estimator: Estimator
    calibrators: Calibrators

    def predict(
        self, planets: Sequence[Planet], circumstances: PlanetCircumstances | None = None
    ) -> Predictive:
        """Spectra with calibrated sigma; intervals may need these planets' circumstances."""
        return self.calibrators.apply(self.estimator.predict(planets), circumstances)


def answer(name: str, config: Config, ids: Sequence[str]) -> Predictive:
    """Spectra of test planets by any estimator's name.

    Raises:
        SchemaError: what it needs is not there, among it the oracle's truth.
    """
    if name not in REFERENCES:
        return Predictive.load(WorkFolder(config.paths).prediction(name)).select(ids)
    planets = load_planets(config, KaggleTree(config.data.raw), "test", ids)
    taught = REFERENCES[name](config, Folds(config))
    circumstances = (
        load_circumstances(config, "test", ids) if taught.calibrators.needs_circumstances else None
    )
    return taught.predict(planets, circumstances)


def _constant(config: Config, folds: Folds) -> Reference:
    labels = read_truth(KaggleTree(config.data.raw).root / "train.csv")
    moments = naive_moments(labels[list(SPECTRUM_COLUMNS)].to_numpy())
    return Reference(Constant(*moments), Calibrators())


def _box(config: Config, folds: Folds) -> Reference:
    return _one_factor(BinByBin("box", _from_curves(config, box_depths)), folds)


def _lsq(config: Config, folds: Folds) -> Reference:
    def depths(curves: BinCurves, white: Depths, star: StarRow) -> Measurement:
        return least_squares_depths(curves, white, star, config.fit)

    return _one_factor(BinByBin("lsq", _from_curves(config, depths)), folds)


def learn_oracle(config: Config, folds: Folds) -> Reference:
    """The physics estimate from depths that one would have who knows all but level and depth.

    Its sigma goes through the same calibrators, fitted by the same rules on the same planets, as
    that of the other estimates: what is left between them is what the light curves were read for.

    Raises:
        SchemaError: no planets were split yet, or the truth of a visit is not there.
    """
    settings = config.model.prior
    oracle = PhysicsEstimate(None, settings, "oracle", true_depths(config))
    return _calibrated(oracle, config, folds)


def _linear(config: Config, folds: Folds) -> Reference:
    physics = PhysicsEstimate(None, config.model.prior)
    return _calibrated(LinearCorrector(physics), config, folds)


def _calibrated(untaught: Estimator, config: Config, folds: Folds) -> Reference:
    """Taught on the training planets; its sigma goes through the calibrators that ours has."""
    if not folds.crossing:
        taught = untaught.fit(folds.train, folds.val)
        return Reference(taught, held_out_calibrators(taught, config, folds))
    taught = untaught.fit(folds.train, folds.train)  # no reference has anything to stop
    said = out_of_fold(untaught, folds.groups)
    groups = [group.ids for group in folds.groups]
    return Reference(taught, _calibrators(config, said, folds.train.truth, "cross", groups))


def held_out_calibrators(
    taught: Estimator, config: Config, folds: Folds, corel: bool = True
) -> Calibrators:
    """Of an estimator that has seen neither fold: the temperature from one, COREL from the other.

    Args:
        taught: the estimator. config: how to calibrate. folds: with two held out.
        corel: whether it is wanted, where it is switched on.
    """
    val = taught.predict(folds.val.planets)
    calib = config.calib
    found = Calibrators()
    if calib.temp.enabled:
        found = Calibrators(fit_temperature(val, folds.val.truth, calib.temp))
    if not (corel and calib.corel.enabled):
        return found
    fold = folds.calibration
    return _with_corel(config, found, taught.predict(fold.planets), fold.truth, "split")


def _calibrators(
    config: Config,
    said: Predictive,
    truth: NDArray[np.float64],
    kind: ConformalKind,
    groups: Sequence[Sequence[str]],
) -> Calibrators:
    """Both from the same out-of-fold predictions."""
    calib, found = config.calib, Calibrators()
    if calib.temp.enabled:
        found = Calibrators(fit_temperature(said, truth, calib.temp, groups))
    return _with_corel(config, found, said, truth, kind, groups) if calib.corel.enabled else found


def _with_corel(
    config: Config,
    before: Calibrators,
    said: Predictive,
    truth: NDArray[np.float64],
    kind: ConformalKind,
    groups: Sequence[Sequence[str]] = (),
) -> Calibrators:
    settings = config.calib.corel
    known = settings.needs_circumstances
    circumstances = load_circumstances(config, "train", said.planet_ids) if known else None
    corel = fit_corel(said, truth, before, settings, kind, circumstances, groups)
    return Calibrators(before.temperature, corel)


REFERENCES: dict[str, Callable[[Config, Folds], Reference]] = {
    "constant": _constant,
    "box": _box,
    "lsq": _lsq,
    "linear": _linear,
    "oracle": learn_oracle,
}


def _one_factor(estimator: Estimator, folds: Folds) -> Reference:
    """The one sigma factor that fits the calibration fold: their sigma is no one's claim.

    They learn nothing from labels, so where folds cross any labelled planet is new to them.
    """
    fold = folds.train if folds.crossing else folds.calibration
    spectra = estimator.predict(fold.planets).spectra
    z = z_scores(fold.truth, spectra.mu, spectra.sigma)
    return Reference(estimator, Calibrators(Temperature.fit(z, prior_planets=0)))


def _from_curves(config: Config, depths: FromCurves) -> DepthsOf:
    """Depths of a planet's usable visits from their light curves on disk."""
    features, tree = WorkFolder(config.paths).features, KaggleTree(config.data.raw)
    stars = dict(row for split in tree.splits() for row in star_rows(tree, split))

    def of(planet: Planet) -> list[Measurement]:
        found = []
        for visit in planet.usable:
            white = load_depths(features.depths(visit))
            if white.measured:
                found.append(depths(read_bin_curves(features, visit), white, stars[visit]))
            else:
                found.append(white.fit)
        return found

    return of


def true_depths(config: Config) -> DepthsOf:
    """What the oracle measures of a simulated planet of this tree."""
    features, truths = WorkFolder(config.paths).features, config.data.raw / "truth"

    def of_visit(visit: str) -> Measurement:
        path = truths / f"{visit}.npz"
        if not path.is_file():
            raise SchemaError(
                f"{path} is missing: the oracle knows simulated visits only, leave it out of "
                "score.against"
            )
        if not features.airs_bins(visit).is_file():
            return load_depths(features.depths(visit)).fit  # files were broken: nothing is known
        more = (*RESPONSE_KEYS, *CIRCLE)
        truth = read_npz(path, *TRUTH_KEYS, made_by="simulate", optional=more)
        return oracle_depths(read_bin_curves(features, visit), truth, config.fit)

    def of(planet: Planet) -> list[Measurement]:
        return [of_visit(visit) for visit in planet.visits]

    return of
