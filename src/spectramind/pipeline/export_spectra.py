"""export spectra: what predict found, as astronomers exchange it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import spectramind
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import SchemaError
from spectramind.estimators.artifact import Artifact
from spectramind.pipeline.planets import load_planets
from spectramind.pipeline.result import Result
from spectramind.prior.spectrum_covariance import spectrum_covariances
from spectramind.run.environment import file_digest
from spectramind.run.events import ManifestEntry
from spectramind.run.record import RunRecord, read_manifest
from spectramind.submission.applied import Applied
from spectramind.submission.standard.published import PublishedSpectra
from spectramind.submission.standard.spectra_writer import ending, write_spectra

Array = NDArray[np.float64]
_PHYSICS = "physics"
_ALIKE = 1e-5
_BINARY = ("fits", "hdf5")
_CITATION = (
    "SpectraMind V50 {version}: transmission spectra with calibrated uncertainties from Ariel "
    "telemetry (software, MIT licence); these spectra: run {run}"
)
_COLUMNS = {
    "depth": "transit depth (Rp/Rs)^2, dimensionless",
    "sigma": "standard deviation of depth as submitted, calibrated on held-out planets",
    "wavelength": "um; bin 0 is FGS1 (its band), bins 1 to 282 are AIRS-CH0",
    "interval": "symmetric and conformal; the number is the nominal coverage of a bin in percent",
}


@dataclass(frozen=True, eq=False)
class ExportedSpectra(Result):
    """What was written.

    Attributes:
        files: every file. planets: how many. kind: the format.
        covariance: which covariance goes along or why none does, in words.
    """

    files: tuple[Path, ...]
    planets: int
    kind: str
    covariance: str

    def report(self) -> list[str]:
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return [
            f"{self.planets} planets as {self.kind}: {self.files[0]}{more}",
            f"covariance: {self.covariance}",
        ]


@dataclass(frozen=True, eq=False)
class _Hang:
    """How errors of bins hang together: (n, 283, 283) and factors (n, 283), or why not."""

    told: str
    covariance: Array | None = None
    factor: Array | None = None


def export_spectra(config: Config, record: RunRecord) -> ExportedSpectra:
    """Write the submitted spectra of the test planets.

    Raises:
        SchemaError: predict has not run, or what made the spectra is not known.
        ConfigError: the format's package is not installed.
    """
    folder, wanted = WorkFolder(config.paths), config.export
    path = folder.prediction(SUBMITTED)
    found = Predictive.load(path)
    applied = Applied.of(config.paths.submission, folder.applied)
    if applied.prediction != file_digest(path):
        raise SchemaError(
            f"{folder.applied} does not tell of {path}: run `spectramind predict` again"
        )
    along = _errors_between_bins(config, applied, found)
    about = _about(config, applied, found) | {"covariance": along.told}
    whole = PublishedSpectra(found, along.covariance, along.factor, about)
    if (
        along.covariance is not None
        and wanted.covariance == "auto"
        and wanted.format not in _BINARY
    ):
        told = f"left out of {wanted.format} (export.covariance=always writes it): {along.told}"
        whole = replace(whole, covariance=None, about=about | {"covariance": told})
    files: list[Path] = []
    end = ending(wanted.format)
    if wanted.per_planet:
        for planet in found.planet_ids:
            to = folder.exported_spectra(end, planet)
            files += write_spectra(wanted.format, to, whole.select(planet))
    else:
        files += write_spectra(wanted.format, folder.exported_spectra(end), whole)
    for file in files:
        record.artifact(file)
    return ExportedSpectra(
        tuple(files), len(found.planet_ids), wanted.format, whole.about["covariance"]
    )


def _errors_between_bins(config: Config, applied: Applied, found: Predictive) -> _Hang:
    """The posterior's covariance, scaled to the sigma that is submitted.

    Raises:
        SchemaError: it must go along and is not known.
    """
    if config.export.covariance == "never":
        return _Hang("left out (export.covariance=never)")
    try:
        return _known(config, applied, found)
    except SchemaError as error:
        if config.export.covariance == "always":
            raise
        return _Hang(f"not known: {error}")


def _known(config: Config, applied: Applied, found: Predictive) -> _Hang:
    checkpoint = config.paths.checkpoint
    artifact = Artifact.load(checkpoint)
    if file_digest(checkpoint) != applied.checkpoint:
        raise SchemaError(
            f"{checkpoint} is not the one that predicted: run `spectramind predict` again"
        )
    planets = load_planets(config, KaggleTree(config.data.raw), "test", found.planet_ids)
    # All at once and in the order of predict: stars of a set tell each other's spots.
    each = spectrum_covariances(artifact.prior, [planet.measurements for planet in planets])
    covariance, sigma = np.stack(each), found.spectra.sigma
    _refuse_others(config, found, np.diagonal(covariance, axis1=1, axis2=2))
    factor = sigma / np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    covariance *= factor[:, :, None] * factor[:, None, :]
    bins = np.arange(sigma.shape[1])
    covariance[:, bins, bins] = sigma**2
    by = "calibrators'" if artifact.physics_alone else "network's and calibrators'"
    return _Hang(
        "that of the physics posterior, times calibration_factor of both bins so that its "
        f"diagonal is sigma^2; calibration_factor holds the {by} factors on sigma, of which "
        "nothing is known between bins",
        covariance,
        factor,
    )


def _refuse_others(config: Config, found: Predictive, variance: Array) -> None:
    """Refuse a posterior of other features than those that were predicted from."""
    path = WorkFolder(config.paths).raw_prediction(_PHYSICS)
    sigma = Predictive.load(path).select(found.planet_ids).spectra.sigma
    if not np.allclose(np.sqrt(variance), sigma, rtol=_ALIKE, atol=0):
        raise SchemaError(
            f"{config.paths.features} gives another posterior than {path}: features have changed, "
            "run `spectramind predict` again"
        )


def _about(config: Config, applied: Applied, found: Predictive) -> dict[str, str]:
    """Where the spectra come from; equal as long as they are."""
    run = _run_of(config, applied)
    told = {
        "title": "Ariel transmission spectra",
        "creator": f"spectramind {spectramind.__version__}",
        "citation": _CITATION.format(
            version=spectramind.__version__, run="not recorded" if run is None else run.run_id
        ),
        **_COLUMNS,
        "planets": str(len(found.planet_ids)),
        **_run_words(run),
        "digest_prediction": applied.prediction,
        "digest_submission": applied.submission,
        "digest_checkpoint": applied.checkpoint,
        "temperature": _or_none(applied.temperature),
        "corel": "none"
        if applied.corel is None
        else f"fitted on {applied.corel.n_planets} planets",
        "instance_factor": _or_none(applied.instance),
        "drift": "not compared" if applied.drift is None else applied.drift.told,
    }
    intervals = found.intervals
    levels = [] if intervals is None else [f"{one.level:.10g}" for one in intervals.every_level]
    return told | {"interval_levels": ", ".join(levels) or "none: no COREL was applied"}


def _run_of(config: Config, applied: Applied) -> ManifestEntry | None:
    """The last run that wrote these spectra, as the work folder's manifest knows it."""
    runs = read_manifest(config.paths.work).commands.values()
    wrote = [run for run in runs if applied.prediction in run.artifacts.values()]
    return max(wrote, key=lambda run: run.ts, default=None)


def _run_words(run: ManifestEntry | None) -> Mapping[str, str]:
    if run is None:
        return {"run_id": "not recorded in this work folder"}
    return {
        "run_id": run.run_id,
        "run_time": run.ts,
        "git_sha": run.git_sha or "no checkout",
        "config_hash": run.cfg_hash,
        "science_hash": run.science_hash or "not recorded",
        "data_hash": run.data_hash or "not recorded",
        "seed": str(run.seed),
    }


def _or_none(value: float | None) -> str:
    return "none" if value is None else f"{value:.10g}"
