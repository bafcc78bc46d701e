"""Light curves of one visit -> depths, covariance and the curves the figures show."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.config.base import digest
from spectramind.config.fit import FitConfig, SpottedStarConfig
from spectramind.features.bin_fit import fit_bins
from spectramind.features.white_fit import (
    BANDS,
    PARAMETERS,
    StarRow,
    WhiteFit,
    fit_white,
    white_limb,
)
from spectramind.instrument.grid import FGS1_BIN, N_BINS, bin_wavelengths
from spectramind.models.measurement import Measurement
from spectramind.physics.limb_darkening import quadratic_coefficients
from spectramind.physics.spots import contamination
from spectramind.run.atomic import write_npz
from spectramind.run.code import code_digest
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers, run_all

Array = NDArray[np.float64]
# What is known of a depth when nothing was measured: the range of transiting planets.
IGNORANCE = 0.03
MIN_SAMPLES = 20
MOST_DARK = 0.5  # share of bins without light beyond which a visit is not measured
KEYS = ("depth", "variance", "modes", "time", "white", "model", "info")


@dataclass(frozen=True)
class Depths:
    """Content of ``depths_{visit}.npz``.

    Attributes:
        fit: depths and covariance.
        time_h: (T,) sample times; white, model: (T, 2) light curves without star and drift, and
            transit models, FGS1 and AIRS.
        info: fitted parameters, noise, detection, settings digest and ``reason`` (empty: trusted).
        measured: whether a transit was fitted at all.
    """

    fit: Measurement
    time_h: Array
    white: Array
    model: Array
    info: dict[str, Any]

    @property
    def measured(self) -> bool:
        return len(self.time_h) > 0


def depths_path(features: Path, visit: str) -> Path:
    """Where the depths of a visit are kept."""
    return features / "depths" / f"depths_{visit}.npz"


def load_depths(features: Path, visit: str) -> Depths:
    """Read the depths of a visit.

    Raises:
        SchemaError: missing or broken.
    """
    raw = read_npz(depths_path(features, visit), *KEYS, made_by="features")
    values = {key: np.asarray(raw[key], dtype=np.float64) for key in KEYS[:-1]}
    return Depths(
        fit=Measurement(values["depth"], values["variance"], values["modes"]),
        time_h=values["time"],
        white=values["white"],
        model=values["model"],
        info=json.loads(str(raw["info"])),
    )


def bin_in_time(time_h: Array, flux: Array, samples: int) -> tuple[Array, Array]:
    """Average neighbours so that at most ``samples`` are left; a short tail is dropped."""
    group = -(-len(time_h) // samples)
    count = len(time_h) // group
    used = count * group
    return (
        time_h[:used].reshape(count, group).mean(axis=1),
        flux[:used].reshape(count, group, -1).mean(axis=1),
    )


def estimate(
    time_h: Array, flux: Array, star: StarRow, config: FitConfig, pointing: Array | None = None
) -> Depths:
    """Fit one visit's light curves.

    Args:
        time_h: (T,) [h]; flux: (T, 283), NaN where a sample is missing.
        pointing: (T, R) regressors: motion and width of the images [px]; None: not known.
        star: the planet's row of the star table.
        config: the fit's settings.

    Returns:
        Depths; where the fit cannot be trusted the variance holds what is not known, and
        ``info["reason"]`` says why.
    """
    beside = np.zeros((len(time_h), 0)) if pointing is None or not config.pointing else pointing
    whole = np.isfinite(flux).all(axis=1) & np.isfinite(beside).all(axis=1)
    # The last exposure is wrong in the competition's data when it lies in transit.
    used = np.flatnonzero(whole)[:-1]
    time_h, flux, beside = time_h[used], flux[used], beside[used]
    if len(time_h) < MIN_SAMPLES:
        return _unmeasured(f"{len(time_h)} usable exposures, {MIN_SAMPLES} needed")
    _, beside = bin_in_time(time_h, beside, config.samples)
    time_h, flux = bin_in_time(time_h, flux, config.samples)
    beside = (beside - beside.mean(axis=0)) / np.maximum(beside.std(axis=0), 1e-9)
    dark = np.median(flux, axis=0) <= 0
    if dark[FGS1_BIN] or dark.mean() > MOST_DARK:
        return _unmeasured(f"no light in bins {np.flatnonzero(dark)[:5].tolist()}")
    flux = flux[:, _nearest(~dark)]  # a bin without light counts as its neighbour, till the end
    level = np.median(flux, axis=0)
    bands = np.stack([flux[:, FGS1_BIN], flux[:, FGS1_BIN + 1 :].sum(axis=1)], axis=1)
    limb = quadratic_coefficients(star.teff_k, bin_wavelengths())
    white = fit_white(time_h, bands, beside, star, white_limb(limb, level), config)
    if white.detection < config.detection_sigma:
        return _unmeasured(white.reason)
    fit = fit_bins(time_h, flux, beside, star, limb, white, config)
    fit.variance[dark] = IGNORANCE**2
    modes = np.column_stack([fit.modes, _spot_mode(white, star, config.spots)])
    fit = Measurement(fit.depth, fit.variance, modes)
    return Depths(fit, time_h, white.white, white.model, _describe(white))


def _spot_mode(white: WhiteFit, star: StarRow, spots: SpottedStarConfig) -> Array:
    """(283,) what spots of the expected extent beside the chord would add to the depths."""
    cooler = max(star.teff_k - spots.contrast_k, 1.0)
    factor = contamination(spots.fraction, cooler, star.teff_k, bin_wavelengths())
    return (factor - 1) * white.bin_depth


def _nearest(lit: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Index of the AIRS bin with light that is nearest to each bin; FGS1 stays itself."""
    index = np.arange(N_BINS)
    airs = index[lit & (index != FGS1_BIN)]
    nearest = airs[np.abs(index[:, None] - airs).argmin(axis=1)]
    return np.where(index == FGS1_BIN, FGS1_BIN, nearest)


def _describe(white: WhiteFit) -> dict[str, Any]:
    return {
        "parameters": dict(zip(PARAMETERS, white.values.tolist(), strict=True)),
        "noise": dict(zip(BANDS, white.noise.tolist(), strict=True)),
        "detection": white.detection,
        "reason": white.reason,
    }


def _unmeasured(reason: str) -> Depths:
    common = np.full((N_BINS, 1), IGNORANCE)
    fit = Measurement(np.full(N_BINS, 0.0147), np.full(N_BINS, 1e-8), common)
    empty = np.zeros((0, 2))
    return Depths(fit, np.zeros(0), empty, empty, {"reason": reason})


def save_depths(path: Path, depths: Depths, settings: str) -> None:
    """Write the depths of a visit with the digest of the settings that made them."""
    write_npz(
        path,
        depth=depths.fit.depth,
        variance=depths.fit.variance,
        modes=depths.fit.modes,
        time=depths.time_h,
        white=depths.white.astype(np.float32),
        model=depths.model.astype(np.float32),
        info=np.array(json.dumps(depths.info | {"settings": settings})),
    )


def save_unmeasured(features: Path, failed: Mapping[str, str]) -> None:
    """Say of visits that gave no light curves that nothing is known of their depths, and why."""
    for visit, reason in failed.items():
        made_with = digest("unmeasured", reason, code_digest("features"))
        if not _finished(features, visit, made_with):
            save_depths(depths_path(features, visit), _unmeasured(reason), made_with)


def fit_visits(
    jobs: Sequence[tuple[str, StarRow]], features: Path, config: FitConfig, workers: Workers
) -> dict[str, str]:
    """Fit the visits whose depths are missing, older than their light curves or made with other
    settings or code.

    Args:
        jobs: visit names with the star row of their planet.
        features: the feature folder, holding the light curves.
        config: the fit's settings.
        workers: where the fits run.

    Returns:
        Reason by visit for every fit done now that cannot be trusted.
    """
    settings = digest(config, code_digest("features", "physics"))
    todo = [job for job in jobs if not _finished(features, job[0], settings)]
    work = partial(_fit_one, features=features, config=config, settings=settings)
    return {name: reason for name, reason in run_all(work, todo, workers, "depths") if reason}


def _finished(features: Path, visit: str, settings: str) -> bool:
    path = depths_path(features, visit)
    source = features / "airs_bins" / f"airs_bins_{visit}.npz"
    if not path.is_file() or (source.is_file() and source.stat().st_mtime > path.stat().st_mtime):
        return False
    return load_depths(features, visit).info.get("settings") == settings


def _fit_one(
    job: tuple[str, StarRow], features: Path, config: FitConfig, settings: str
) -> tuple[str, str]:
    visit, star = job
    path = features / "airs_bins" / f"airs_bins_{visit}.npz"
    bins = read_npz(path, "time", "flux", "pointing", made_by="features")
    time_h, flux, pointing = (
        np.asarray(bins[key], dtype=np.float64) for key in ("time", "flux", "pointing")
    )
    depths = estimate(time_h, flux, star, config, pointing)
    save_depths(depths_path(features, visit), depths, settings)
    return visit, depths.info["reason"]


def mean_around(centre_h: Array, time_h: Array, values: NDArray[np.floating]) -> Array:
    """Mean of (S, C) values at times ``time_h`` nearest to each of T centres, (T, C); NaN: none."""
    which = np.digitize(time_h, (centre_h[1:] + centre_h[:-1]) / 2)
    count = np.bincount(which, minlength=len(centre_h))
    sums = [np.bincount(which, column, minlength=len(centre_h)) for column in values.T]
    with np.errstate(invalid="ignore"):
        return np.stack(sums, axis=1) / np.where(count > 0, count, np.nan)[:, None]
