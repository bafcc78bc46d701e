"""What each part of the physics estimate is worth: ``python benchmarks/ablation.py``.

Simulates and calibrates 200 training and 100 test planets at a tenth of the cadence (or takes
``--root``, a folder in which ``calibrate`` has run, and writes nothing there), then for every
variant fits, trains without network, calibrates sigma, predicts and scores in a folder of its own.
What is finished is not done again. Printed, and written to ``ablation.json``: the official score,
what is lost against the full estimate with the range of that difference over the same planets drawn
anew, median errors [ppm], and the share of truth within one sigma.

A variant is a list of overrides, or a change of the prior that the full estimate has learnt.
``--only`` takes parts of names. A few minutes a variant that fits anew, seconds for others.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from chain import ANSWERS, LABELS, Run, options, scores, tree
from numpy.typing import NDArray

from spectramind.config.overrides import quoted
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.estimators.artifact import Artifact
from spectramind.evaluation.official import (
    clipped_score,
    element_scores,
    naive_moments,
    paired_interval,
    planet_scores,
)
from spectramind.instrument.detectors import DETECTORS
from spectramind.prior.clusters import no_clusters
from spectramind.prior.error_model import STATED
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.atomic import write_json
from spectramind.run.progress import say, show

FULL = "full"
VARIANTS: Mapping[str, Sequence[str]] = {
    FULL: [],
    "drift: no common course": ["fit.drift_shares=[1.0]"],
    "drift: order 1 in time": ["fit.drift_order=1"],
    "drift: order 2 in time": ["fit.drift_order=2"],
    "drift: order 3 in time": ["fit.drift_order=3"],
    "drift: same in all of AIRS": ["fit.drift_wavelength_order=0"],
    "drift: order 1 in wavelength": ["fit.drift_wavelength_order=1"],
    "limb darkening: no prior": ["fit.limb_sigma=10", "fit.population_visits=0"],
    "geometry: priors not learnt": ["fit.population_visits=0"],
    "pointing: not in fit": ["fit.pointing=false"],
    "pointing: not in calibrate": ["calib.pointing.regress=false"],
    "pointing: nowhere": ["calib.pointing.regress=false", "fit.pointing=false"],
    "prior: labels alone": ["model.prior.source=labels"],
    "prior: atmospheres alone": ["model.prior.source=atmosphere"],
    "prior: 5 components": ["model.prior.components=5"],
    "sigma: not calibrated": ["calib.temp.enabled=false", "calib.corel.enabled=false"],
    "sigma: one factor": ["calib.corel.enabled=false"],
    "sigma: factors a bin": ["calib.temp.enabled=false"],
}
WIDE = 0.03  # standard deviation of a depth of which nothing is known
CURVES = ("fgs1_white", "airs_bins", "variance", "logs")
_SIGMA = ("calib.temp.", "calib.corel.")


def no_prior(prior: SpectralPrior) -> SpectralPrior:
    """Every depth may be anything: the posterior is the measurement, its errors as learnt."""
    bins = len(prior.shape)
    return replace(
        prior,
        size=np.ones(1),
        weight=np.ones(1),
        shape=np.zeros(bins),
        components=np.zeros((bins, 0)),
        remainder=np.full(bins, WIDE**2),
        clusters=no_clusters(bins, 0),
    )


def one_size(prior: SpectralPrior) -> SpectralPrior:
    """The single Gaussian with the mean and covariance of the mixture."""
    mean, square = prior.weight @ prior.size, prior.weight @ prior.size**2
    spread = np.sqrt(1 - mean**2 / square)
    return replace(
        prior,
        size=np.sqrt([square]),
        weight=np.ones(1),
        shape=prior.shape * mean / np.sqrt(square),
        components=np.column_stack([prior.components, spread * prior.shape]),
        clusters=no_clusters(len(prior.shape), 0),
    )


PRIORS: Mapping[str, Callable[[SpectralPrior], SpectralPrior]] = {
    "prior: off": no_prior,
    "prior: one size": one_size,
    "prior: no remainder": lambda prior: replace(prior, remainder=0 * prior.remainder),
    "errors: as the fit states them": lambda prior: replace(prior, errors=STATED),
}


@dataclass(frozen=True)
class Row:
    """One line of the table.

    ``difference`` is the score less that of the full estimate, errors are in ppm, and ``seconds``
    do not count what was finished before.
    """

    variant: str
    score: float
    score_range: tuple[float, float]
    difference: float
    difference_range: tuple[float, float]
    fgs1_median: float
    airs_mean_median: float
    airs_shape_median: float
    one_sigma_coverage: float
    seconds: float


@dataclass(frozen=True)
class Ablation:
    """The variants of one tree.

    Attributes:
        work: holds a folder a variant.
        read: overrides that say where telemetry and light curves lie.
        more: overrides of every variant.
    """

    work: Path
    read: tuple[str, ...]
    more: tuple[str, ...]

    def run(self, name: str) -> Run:
        """A variant's settings; the planets are split once, for all.

        Folds are held out: a prior that is changed by hand has no out-of-fold predictions.
        """
        always = ("train.epochs=0", "split.scheme=holdout", "score.against=[]", *self.more)
        splits = quoted("paths.splits", self.work.absolute() / "groupkfold.json")
        own = tuple(VARIANTS.get(name, ()))
        return Run(self.folder(name), (*self.read, *always, splits, *own, *self._where(own)))

    def folder(self, name: str) -> Path:
        """Where a variant's results go."""
        return self.work / "-".join(name.replace(":", "").split())

    def _where(self, own: Sequence[str]) -> tuple[str, ...]:
        """What a variant does not change it takes from another that has it."""
        chain = kill_chain(own)
        if chain:
            folder = self.work.absolute() / "calibrated" / "-".join(chain)
            return (quoted("paths.calibrated", folder),)
        if any(override.startswith("fit.") for override in own):
            return ()
        return (quoted("paths.features", self._full_features()),)

    def _full_features(self) -> Path:
        return self.folder(FULL).absolute() / "data" / "features"

    def do(self, name: str) -> float:
        """All stages of a variant; returns seconds.

        Raises:
            SpectraMindError: a stage failed.
        """
        run, chain = self.run(name), kill_chain(VARIANTS.get(name, ()))
        config = run.config
        seconds = run.stages("calibrate") if chain else 0.0
        if config.paths.features.is_relative_to(run.folder.absolute()):
            if name != FULL and not chain:
                self._link_curves(config.paths.features)
            seconds += run.stages("features")
        return seconds + self._answer(run, config, name)

    def _link_curves(self, features: Path) -> None:
        """Light curves are those of the full estimate: only the fit is done anew."""
        features.mkdir(parents=True, exist_ok=True)
        for kind in CURVES:
            if not (features / kind).is_symlink():
                (features / kind).symlink_to(self._full_features() / kind)

    def _answer(self, run: Run, config: Config, name: str) -> float:
        """From depths to the score."""
        stages = [*LABELS]
        if name in PRIORS:
            stages.remove("train")
            trained = Artifact.load(self.run(FULL).config.paths.checkpoint)
            replace(trained, prior=PRIORS[name](trained.prior)).save(config.paths.checkpoint)
        for step in ("temp", "corel"):
            if not getattr(config.calib, step).enabled:
                stages.remove(f"calibrate-{step}")
        return run.stages(*stages, *ANSWERS)

    def row(self, name: str, seconds: float) -> Row:
        """What ``score`` found, and the difference to the full estimate."""
        config = self.run(name).config
        ours, full = planets(config), planets(self.run(FULL).config)
        found = scores(config)[SUBMITTED]
        errors = found["residuals_ppm"]
        return Row(
            variant=name,
            score=found["score"],
            score_range=(found["score_low"], found["score_high"]),
            difference=clipped_score(ours) - clipped_score(full),
            difference_range=paired_interval(ours, full, np.random.default_rng(config.seed)),
            fgs1_median=errors["fgs1_median"],
            airs_mean_median=errors["airs_mean_median"],
            airs_shape_median=errors["airs_shape_median"],
            one_sigma_coverage=found["one_sigma_coverage"],
            seconds=seconds,
        )

    def without(self, name: str) -> str:
        """Why a variant cannot be run; empty: it can."""
        if not kill_chain(VARIANTS.get(name, ())):
            return ""
        raw = self.run(FULL).config.data.raw
        for split in ("train", "test"):
            for visit in KaggleTree(raw).visits(split):
                for detector in DETECTORS:
                    if not visit.signal_path(detector).is_file():
                        return (
                            f"{visit.signal_path(detector)} is missing: no raw reads to calibrate"
                        )
        return ""


def kill_chain(own: Sequence[str]) -> list[str]:
    """Overrides that change the light curves."""
    return [one for one in own if one.startswith("calib.") and not one.startswith(_SIGMA)]


def planets(config: Config) -> NDArray[np.float64]:
    """Official scores of the test planets by themselves, (n,)."""
    spectra = Predictive.load(WorkFolder(config.paths).prediction(SUBMITTED)).spectra
    truth = truth_for(read_truth(config.paths.truth), spectra.planet_ids)
    labels = read_truth(config.data.raw / "train.csv")[list(SPECTRUM_COLUMNS)].to_numpy()
    return planet_scores(element_scores(truth, spectra.mu, spectra.sigma, *naive_moments(labels)))


def chosen(parts: Sequence[str]) -> list[str]:
    """Names that hold any of the parts, the full estimate always and first."""
    names = [*VARIANTS, *PRIORS]
    return [n for n in names if n == FULL or not parts or any(part in n for part in parts)]


def ablate(ablation: Ablation, names: Sequence[str]) -> list[Row]:
    """All rows, one line said for each; ``ablation.json`` is written after each."""
    rows: list[Row] = []
    skipped: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        reason = ablation.without(name)
        if reason:
            skipped[name] = reason
            say(f"[{number}/{len(names)}] {name}: left out, {reason}")
            continue
        rows.append(ablation.row(name, ablation.do(name)))
        said = f"score {rows[-1].score:.4f} ({rows[-1].difference:+.4f})"
        say(f"[{number}/{len(names)}] {name}: {said} in {rows[-1].seconds:.0f} s")
        found = {"variants": [asdict(row) for row in rows], "left_out": skipped}
        write_json(ablation.work / "ablation.json", found)
    return rows


def table(rows: Sequence[Row]) -> list[str]:
    """For people, a line a variant; errors are medians [ppm] of FGS1, AIRS mean and AIRS shape."""
    wide = max(len(row.variant) for row in rows)
    head = f"{'':{wide}}{'score':>8}  {'95 % range':14}{'less full':>10}  {'95 % range':18}"
    lines = [f"{head}{'FGS1':>7}{'mean':>7}{'shape':>7}{'in 1σ':>8}"]
    for row in rows:
        lines.append(
            f"{row.variant:{wide}}{row.score:8.4f}  {_range(row.score_range, '.3f'):14}"
            f"{row.difference:+10.4f}  {_range(row.difference_range, '+.4f'):18}"
            f"{row.fgs1_median:7.1f}{row.airs_mean_median:7.1f}{row.airs_shape_median:7.1f}"
            f"{row.one_sigma_coverage:8.3f}"
        )
    return lines


def _range(bounds: tuple[float, float], form: str) -> str:
    return "..".join(f"{value:{form}}" for value in bounds)


def main() -> None:
    """Print a line a variant, then the table."""
    parser = options(__doc__)
    parser.add_argument("--root", type=Path, help="a folder in which calibrate has run")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="of variants' names")
    given = parser.parse_args()
    read = tree("nominal", given.root, given.work, given.overrides)
    ablation = Ablation(given.work / "ablation", read, tuple(given.overrides))
    show(
        *table(ablate(ablation, chosen(given.only))), f"details: {ablation.work / 'ablation.json'}"
    )


if __name__ == "__main__":
    main()
