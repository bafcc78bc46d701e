"""The references score stands beside, predicted from what the chain left on disk."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from spectramind.config.against import Reference
from spectramind.config.root import Config
from spectramind.contracts.depths import load_depths
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.spectra import TRUTH_COLUMNS, Spectra, truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.splits import load_splits
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.errors import SchemaError
from spectramind.evaluation.coverage import z_scores
from spectramind.evaluation.references import constant_reference, with_factor
from spectramind.features.references import (
    TRUTH_KEYS,
    box_depths,
    least_squares_depths,
    oracle_depths,
    read_bin_curves,
)
from spectramind.instrument.grid import N_BINS
from spectramind.pipeline.planets import usable_visits
from spectramind.pipeline.visits import star_rows, visits_by_planet
from spectramind.prior.prior_fit import fit_prior
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.npz import read_npz
from spectramind.run.progress import track
from spectramind.uncertainty.corel import sigma_factors
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.temperature import Temperature

Estimate = Callable[[str], Measurement]


def predict_reference(name: Reference, config: Config, ids: Sequence[str]) -> Spectra:
    """Spectra of the test planets by one reference.

    Raises:
        SchemaError: what it needs is not there, among it the oracle's truth.
    """
    tree = KaggleTree(config.data.raw)
    if name == "physics":
        return Spectra.load(config.paths.predictions / "physics.npz").select(ids)
    if name == "constant":
        labels = read_truth(tree.root / "train.csv")
        return constant_reference(labels[list(TRUTH_COLUMNS)].to_numpy(), ids)
    if name == "oracle":
        return ask_oracle(learn_oracle(config), config, "test", ids)
    return _calibrated(config, tree, ids, box=name == "box")


def _calibrated(config: Config, tree: KaggleTree, ids: Sequence[str], *, box: bool) -> Spectra:
    """Depths bin by bin with the one sigma factor that fits the calibration fold."""

    def predict(split: str, planets: Sequence[str]) -> Spectra:
        return _bin_by_bin(_estimate(config, tree, split, box=box), config, tree, split, planets)

    fold = load_splits(config.paths.splits).calibration
    known = predict("train", fold)
    z = z_scores(_labels(tree, fold), known.mu, known.sigma)
    factor = Temperature.fit(z, prior_planets=0).tau  # their sigma is no one's claim
    return with_factor(predict("test", ids), factor)


def _estimate(config: Config, tree: KaggleTree, split: str, *, box: bool) -> Estimate:
    features, stars = WorkFolder(config.paths).features, dict(star_rows(tree, split))

    def estimate(visit: str) -> Measurement:
        white = load_depths(features.depths(visit))
        if not white.measured:
            return white.fit
        curves = read_bin_curves(features, visit)
        if box:
            return box_depths(curves, white, stars[visit])
        return least_squares_depths(curves, white, stars[visit], config.fit)

    return estimate


def _bin_by_bin(
    estimate: Estimate, config: Config, tree: KaggleTree, split: str, ids: Sequence[str]
) -> Spectra:
    """Visits of a planet combined by inverse variance, every bin alone."""
    mu, sigma = [], []
    grouped, features = visits_by_planet(tree, split), WorkFolder(config.paths).features
    for planet in track(ids, f"references {split}", len(ids)):
        usable = usable_visits(
            {v.name: load_depths(features.depths(v.name)) for v in grouped[planet]}
        )
        found = [estimate(visit) for visit in usable]
        weight = 1 / np.stack([m.variance + (m.modes**2).sum(axis=1) for m in found])
        mu.append(np.average([m.depth for m in found], axis=0, weights=weight))
        sigma.append(1 / np.sqrt(weight.sum(axis=0)))
    return Spectra(tuple(ids), np.stack(mu), np.stack(sigma))


@dataclass(frozen=True, eq=False)
class Oracle:
    """What the oracle learns from labels: the spectral prior, and factors (283,) on sigma."""

    prior: SpectralPrior
    factor: NDArray[np.float64]


def learn_oracle(config: Config) -> Oracle:
    """The spectral prior, learnt as ever on the training fold, but from the oracle's depths.

    Sigma goes through the same calibrators, fitted by the same rules on the same planets, as that
    of the other estimates: what is left between them is what the light curves were read for.

    Raises:
        SchemaError: no planets were split yet, or the truth of a visit is not there.
    """
    tree, splits = KaggleTree(config.data.raw), load_splits(config.paths.splits)
    calib = config.calib
    measured = _true_depths(config, tree, "train", splits.train)
    prior = fit_prior(_labels(tree, splits.train), measured, config.model.prior)
    oracle = Oracle(prior, np.ones(N_BINS))

    def z(planets: Sequence[str]) -> NDArray[np.float64]:
        raw = ask_oracle(oracle, config, "train", planets)
        return z_scores(_labels(tree, planets), raw.mu, raw.sigma)

    factor = np.ones(N_BINS)
    if calib.temp.enabled:
        factor = factor * Temperature.fit(z(splits.val), calib.temp.prior_planets).tau
    if calib.corel.enabled:
        smoother = bin_smoother(calib.corel.smoothing_um)
        factor = factor * sigma_factors(
            z(splits.calibration) / factor, smoother, calib.corel.prior_planets
        )
    return replace(oracle, factor=factor)


def ask_oracle(oracle: Oracle, config: Config, split: str, ids: Sequence[str]) -> Spectra:
    """The oracle's spectra of planets, of the tree it has learnt on or of another.

    Raises:
        SchemaError: the truth of a visit is not there.
    """
    measured = _true_depths(config, KaggleTree(config.data.raw), split, ids)
    found = oracle.prior.posteriors(measured)
    mu = np.maximum([p.mean for p in found], 0.0)
    return Spectra(tuple(ids), mu, oracle.factor * [p.sigma for p in found])


def _labels(tree: KaggleTree, ids: Sequence[str]) -> NDArray[np.float64]:
    return truth_for(read_truth(tree.root / "train.csv"), ids)


def _true_depths(
    config: Config, tree: KaggleTree, split: str, ids: Sequence[str]
) -> list[list[Measurement]]:
    """The oracle's depths, visit by visit, of each planet."""
    grouped = visits_by_planet(tree, split)
    return [
        [_true_depths_of(config, tree, visit) for visit in grouped[planet]]
        for planet in track(ids, f"oracle {split}", len(ids))
    ]


def _true_depths_of(config: Config, tree: KaggleTree, visit: Visit) -> Measurement:
    path, features = tree.root / "truth" / f"{visit.name}.npz", WorkFolder(config.paths).features
    if not path.is_file():
        raise SchemaError(
            f"{path} is missing: the oracle knows simulated visits only, leave it out of "
            "score.against"
        )
    if not features.airs_bins(visit.name).is_file():
        return load_depths(features.depths(visit.name)).fit  # files were broken: nothing is known
    truth = read_npz(path, *TRUTH_KEYS, made_by="simulate")
    return oracle_depths(read_bin_curves(features, visit.name), truth, config.fit)


def doubts(config: Config, ids: Sequence[str]) -> dict[str, str]:
    """Why the fit of a test planet is doubted, for those of which no visit is trusted."""
    features = WorkFolder(config.paths).features
    grouped = visits_by_planet(KaggleTree(config.data.raw), "test")
    reasons = {}
    for planet in ids:
        found = [load_depths(features.depths(v.name)).info for v in grouped[planet]]
        if all(info["reason"] for info in found):
            reasons[planet] = "; ".join(dict.fromkeys(str(info["reason"]) for info in found))
    return reasons
