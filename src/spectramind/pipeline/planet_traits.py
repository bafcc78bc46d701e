"""What can be told of planets without their labels: light curves' noise, fits, spectra."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import load_info
from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import Planet
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.traits import TRAITS, Traits
from spectramind.contracts.work_folder import FeaturesFolder, WorkFolder
from spectramind.estimators.artifact import Artifact
from spectramind.features.population import OFFSETS
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.prior.conditioning import condensed, condition
from spectramind.prior.error_model import ErrorModel
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.run.npz import read_npz

Array = NDArray[np.float64]
_OFFSETS = ("log_a", "b", "u1_fgs1", "u1_airs")
_PHYSICS = "physics"
_LEAST_DISTANCE = 1e-3  # sigmas below which two answers are one: single precision


def traits_of(
    config: Config,
    artifact: Artifact,
    planets: Sequence[Planet],
    raw: Mapping[str, Predictive],
) -> Traits:
    """Traits of planets.

    Args:
        config: says where their features lie.
        artifact: what predicted them; the prior's evidence is told only of planets that its
            checkpoint was not fitted on.
        planets: as they were predicted.
        raw: what the estimators say of them, sigma as these believe it; it may hold more planets.

    Raises:
        SchemaError: features are missing or broken, or a planet was not predicted.
    """
    features, fitted = WorkFolder(config.paths).features, set(artifact.train_ids)
    ids = [planet.planet_id for planet in planets]
    ours, physics = (raw[name].select(ids).spectra for name in (SUBMITTED, _PHYSICS))
    rows = {}
    for row, planet in enumerate(planets):
        found = of_light_curves(features, planet)
        if len(planet.white):
            found |= of_depths(planet.measurements, artifact.prior.errors)
            found |= _of_spectrum(planet.measurements, artifact.prior.errors, ours, row)
            if not artifact.physics_alone:
                found["network"] = _network(ours, physics, row)
            if planet.planet_id not in fitted:
                found["evidence"] = _evidence(planet.measurements, artifact.prior)
        rows[planet.planet_id] = np.array([found.get(name, np.nan) for name in TRAITS])
    return Traits.of(rows)


def of_light_curves(features: FeaturesFolder, planet: Planet) -> dict[str, float]:
    """Of the white light curves of the first visit that counts, and of its fit."""
    visit = planet.usable[0]
    if not len(planet.white):
        return {"doubted": 1.0}
    info, left = load_info(features.depths(visit)), planet.white - planet.model
    left = left - left.mean(axis=0)
    power = (left**2).mean(axis=0)
    stated = _stated_variance(features, visit, len(planet.white))
    memory = (left[1:] * left[:-1]).mean(axis=0) / power
    found = {"doubted": float(bool(info["reason"]))}
    for i, band in enumerate(("fgs1", "airs")):
        found[f"noise_{band}"] = _log(np.sqrt(power[i]))
        found[f"chi2_{band}"] = _log(power[i] / stated[i])
        found[f"memory_{band}"] = float(memory[i])
    mean, covariance = (np.asarray(info["seen"][key]) for key in ("mean", "covariance"))
    offsets = dict(zip(OFFSETS, mean / np.sqrt(np.diag(covariance)), strict=True))
    return found | {f"offset_{name}": float(offsets[name]) for name in _OFFSETS}


def _stated_variance(features: FeaturesFolder, visit: str, samples: int) -> Array:
    """Relative variance of a sample of the white light curves, stated by calibration, (2,)."""
    flux = read_npz(features.airs_bins(visit), "flux", made_by="features")["flux"]
    variance = read_npz(features.variance(visit), "airs", made_by="features")["airs"]
    one, two = flux.astype(np.float64), variance.astype(np.float64)
    averaged = len(one) / samples
    bands: list[float] = []
    for light, noise in (
        (one[:, FGS1_BIN], two[:, FGS1_BIN]),
        (one[:, AIRS_BINS].sum(axis=1), two[:, AIRS_BINS].sum(axis=1)),
    ):
        known = np.isfinite(light) & np.isfinite(noise)
        bands.append(noise[known].mean() / np.median(light[known]) ** 2 / averaged)
    return np.array(bands)


def of_depths(visits: Sequence[Measurement], errors: ErrorModel) -> dict[str, float]:
    """The level of the depths, and how far two visits differ by what they state."""
    depth = np.median(errors.combined(visits).depth[AIRS_BINS])
    found = {"depth": _log(float(depth))}
    if len(visits) > 1:
        one, two = (errors.of_visit(visit) for visit in visits[:2])
        off = one.depth - two.depth
        stated = one.covariance + two.covariance
        mean = np.zeros((2, N_BINS))  # FGS1, and the mean of AIRS
        mean[0, FGS1_BIN], mean[1, AIRS_BINS] = 1.0, 1 / (N_BINS - 1)
        z2 = (mean @ off) @ np.linalg.solve(mean @ stated @ mean.T, mean @ off)
        found["visits"] = _log(float(np.sqrt(z2 / 2)))
    return found


def _of_spectrum(
    visits: Sequence[Measurement], errors: ErrorModel, ours: Spectra, row: int
) -> dict[str, float]:
    """How a predicted spectrum stands to the depths, and its sigma to it."""
    measured = errors.combined(visits)
    pull = (measured.depth - ours.mu[row]) ** 2 / measured.total_variance
    return {
        "pull": _log(np.sqrt(pull.mean())),
        "sigma": _log(np.median(ours.sigma[row]) / max(np.median(ours.mu[row]), 1e-6)),
    }


def _network(ours: Spectra, physics: Spectra, row: int) -> float:
    """How far a network that was kept goes from physics."""
    apart = (ours.mu[row] - physics.mu[row]) / physics.sigma[row]
    return _log(max(float(np.sqrt((apart**2).mean())), _LEAST_DISTANCE))


def _evidence(visits: Sequence[Measurement], prior: SpectralPrior) -> float:
    """Log evidence a bin of the depths in units of their independent noise, for quiet stars."""
    measured = prior.errors.combined(visits)
    found = condition(condensed(measured), prior.gaussians).evidence
    return float((found + 0.5 * np.log(measured.variance).sum()) / N_BINS)


def _log(value: float) -> float:
    return float(np.log(value)) if value > 0 else float("nan")
