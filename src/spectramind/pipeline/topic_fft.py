"""Topic fft: what the transit fit leaves of light curves, and what is rough in spectra."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.config.root import Config
from spectramind.contracts.depths import Depths, load_depths
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.series import read_series
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.panel import Values
from spectramind.diagnostics.pointing_light import MOTIONS, jitter_of, pointing_of
from spectramind.diagnostics.residual_noise import on_grid
from spectramind.diagnostics.residual_summary import Watched, light_of, verdict_of
from spectramind.diagnostics.spectral_summary import spectra_of
from spectramind.errors import SchemaError, SpectraMindError
from spectramind.features.contacts import contacts
from spectramind.features.contract_curves import METHODS
from spectramind.features.native_residuals import NativeFit, native_fit
from spectramind.features.transit_model import PARAMETERS
from spectramind.instrument.detectors import DETECTORS, FGS1
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.pipeline.visits import star_rows, visits_by_planet
from spectramind.run.npz import read_npz
from spectramind.run.record import RunRecord

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Planet:
    """One planet's light curves: the visit, what is left of it by detector, its ingress [h]."""

    visit: str
    left: Mapping[str, NativeFit]
    ingress_h: float


def make(config: Config, record: RunRecord) -> Values:
    """Values of the topic.

    Raises:
        SchemaError: nothing is predicted, or no planet's fit is trusted.
    """
    path = WorkFolder(config.paths).prediction(SUBMITTED)
    predicted = Predictive.load(path)
    found, skipped = _planets(config, predicted.planet_ids)
    if not found:
        some = "; ".join(f"{name}: {why}" for name, why in list(skipped.items())[:3])
        raise SchemaError(f"no planet has a fit that is trusted ({some})")
    settings = config.diag.fft
    light, planets = {}, {name: {"visit": one.visit} for name, one in found.items()}
    told: dict[str, dict[str, Any]] = {name: {} for name in found}
    for detector in DETECTORS:
        curves = {name: _watched(one, detector.key) for name, one in found.items()}
        tests = len(DETECTORS) * len(curves)
        light[detector.key], each = light_of(
            curves, settings.neighbours, settings.false_alarm, tests
        )
        for name, one in each.items():
            told[name][detector.key] = one
    for name, detectors in told.items():
        planets[name] |= {"class": verdict_of(detectors, settings.false_alarm), **detectors}
    fits = {d.key: [one.left[d.key] for one in found.values()] for d in DETECTORS}
    truth = _truth(config, predicted.planet_ids)
    spectra = predicted.spectra
    return {
        "planets": planets,
        "skipped": skipped,
        "false_alarm": settings.false_alarm,
        "light": light,
        "jitter": jitter_of(fits[FGS1.key], settings.neighbours, settings.false_alarm),
        "pointing": {
            d.key: pointing_of(fits[d.key], list(found), MOTIONS[d.key]) for d in DETECTORS
        },
        "spectra": spectra_of(
            predicted.planet_ids, spectra.mu, spectra.sigma, truth, bin_wavelengths(), settings
        ),
    }


def _watched(planet: _Planet, key: str) -> Watched:
    left = planet.left[key]
    return Watched(on_grid(left.time_h, left.ppm, left.parameters, left.slow), planet.ingress_h)


def _planets(config: Config, ids: tuple[str, ...]) -> tuple[dict[str, _Planet], dict[str, str]]:
    """Planets with a visit whose fit is trusted, and why others are left out."""
    tree = KaggleTree(config.data.raw)
    visits, rows = visits_by_planet(tree, "test"), dict(star_rows(tree, "test"))
    features = WorkFolder(config.paths).features
    found, skipped = {}, {}
    for planet_id in ids:
        skipped[planet_id] = "not in data.raw"
        for visit in visits.get(planet_id, ()):
            try:
                depths = load_depths(features.depths(visit.name))
                reason = str(depths.info["reason"])
                if not depths.measured or reason:
                    skipped[planet_id] = reason or "no transit was fitted"
                    continue
                found[planet_id] = _planet(config, visit.name, depths, rows[visit.name])
            except SpectraMindError as error:
                skipped[planet_id] = str(error)
                continue
            del skipped[planet_id]
            break
    return found, skipped


def _planet(config: Config, visit: str, depths: Depths, star: StarRow) -> _Planet:
    """What the fit leaves of a visit.

    Raises:
        SchemaError: its light curves are missing or broken, or too short.
    """
    folder = WorkFolder(config.paths)
    parameters = depths.info.get("parameters", {})
    if lacking := [key for key in PARAMETERS if key not in parameters]:
        raise SchemaError(
            f"{folder.features.depths(visit)} tells no {', '.join(lacking)}: delete it and run "
            "`spectramind features` again"
        )
    values = np.array([float(parameters[key]) for key in PARAMETERS])
    fgs1 = read_series(folder.calibrated.series(FGS1, visit), len(METHODS))
    light = fgs1.flux[:, METHODS.index(config.features.photometry)]
    airs = read_npz(
        folder.features.airs_bins(visit), "time", "flux", "pointing", made_by="features"
    )
    bins, moved = (np.asarray(airs[key], dtype=np.float64) for key in ("flux", "pointing"))
    series = (
        (fgs1.time_h, light.astype(np.float64), fgs1.pointing.astype(np.float64)),
        (np.asarray(airs["time"], dtype=np.float64), bins[:, 1:].sum(axis=1), moved),
    )
    left = {}
    for band, (detector, (time_h, flux, motion)) in enumerate(zip(DETECTORS, series, strict=True)):
        good = np.isfinite(flux) & np.isfinite(motion).all(axis=1)
        used = np.flatnonzero(good)[:-1]  # the last exposure, as in the fit
        if len(used) < config.fit.samples // 4 or np.median(flux[used]) <= 0:
            raise SchemaError(f"visit {visit}: {len(used)} usable exposures of {detector.kaggle}")
        left[detector.key] = native_fit(
            time_h[used], flux[used], motion[used], star, values, band, config.fit
        )
    t0, log_a, impact = values[:3].tolist()
    first, second, *_ = contacts(t0, log_a, impact, float(values[4]), star).tolist()
    return _Planet(visit, left, second - first)


def _truth(config: Config, ids: tuple[str, ...]) -> Array | None:
    """True depths (n, 283), NaN where they are not known; None without any."""
    if not config.paths.truth.is_file():
        return None
    table = read_truth(config.paths.truth).reindex(list(ids))
    return table[list(SPECTRUM_COLUMNS)].to_numpy(dtype=np.float64).reshape(-1, N_BINS)
