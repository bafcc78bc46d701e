"""calibrate-temp, calibrate-corel, and applying both.

The network and the physics estimate get calibrators of their own, by the same rules on the same
planets: otherwise comparing their scores would compare calibrations.
"""

from pathlib import Path

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.spectra import Spectra
from spectramind.dataset.splits import load_splits
from spectramind.dataset.tree import KaggleTree
from spectramind.errors import ConfigError
from spectramind.evaluation.coverage import z_scores
from spectramind.evaluation.summary import Intervals
from spectramind.inference.predict import predict
from spectramind.models.checkpoint import load_trained
from spectramind.pipeline.planets import load_labelled
from spectramind.run.devices import pick_device, prepare_cpu
from spectramind.run.environment import file_digest
from spectramind.run.progress import show
from spectramind.run.record import RunRecord
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.store import (
    load_corel,
    load_temperature,
    save_corel,
    save_temperature,
    table_path,
)
from spectramind.uncertainty.temperature import Temperature

SOURCES = ("spectramind", "physics")


def for_source(path: Path, source: str) -> Path:
    """The calibrator's file; that of physics stands in a folder of its own beside it."""
    return path if source == SOURCES[0] else path.parent / source / path.name


def calibrate_temp(config: Config, record: RunRecord) -> None:
    """Fit the temperature on the early-stop fold."""
    if not config.calib.temp.enabled:
        raise ConfigError("calib.temp.enabled is false: there is no temperature to fit")
    fold = _fold(config, "val")
    checkpoint = file_digest(config.paths.checkpoint)
    for source, (spectra, truth) in fold.items():
        z = z_scores(truth, spectra.mu, spectra.sigma)
        temperature = Temperature.fit(z, config.calib.temp.prior_planets)
        path = for_source(config.paths.temperature, source)
        save_temperature(path, temperature, fold="val", checkpoint=checkpoint)
        record.artifact(path)
        record.metrics[f"tau_{source}"] = temperature.tau
        show(f"{source}: tau {temperature.tau:.3f} on {temperature.n_planets} planets ({path})")


def calibrate_corel(config: Config, record: RunRecord) -> None:
    """Fit sigma factors and intervals on the calibration fold, after the temperature."""
    if not config.calib.corel.enabled:
        raise ConfigError("calib.corel.enabled is false: there is nothing to fit")
    settings = config.calib.corel
    fold = _fold(config, "calibration")
    checkpoint = file_digest(config.paths.checkpoint)
    smoother = bin_smoother(settings.smoothing_um)
    for source, (spectra, truth) in fold.items():
        temperature = _temperature(config, source, checkpoint)
        sigma = spectra.sigma if temperature is None else temperature.apply(spectra.sigma)
        corel = Corel.fit(
            z_scores(truth, spectra.mu, sigma), settings.alpha, smoother, settings.prior_planets
        )
        path = for_source(config.paths.corel, source)
        tau = 1.0 if temperature is None else temperature.tau
        save_corel(path, corel, tau=tau, fold="calibration", checkpoint=checkpoint)
        record.artifact(path)
        record.artifact(table_path(path))
        if np.isinf(corel.quantiles).any():
            record.warn(
                f"{source}: {corel.n_planets} calibration planets are too few for intervals at "
                f"{1 - settings.alpha:.0%}; they are infinite"
            )
        show(
            f"{source}: sigma factors {corel.factors.min():.2f}..{corel.factors.max():.2f}, "
            f"{1 - settings.alpha:.0%} intervals {np.median(corel.quantiles):.2f} sigma in the "
            f"median bin, on {corel.n_planets} planets ({path})"
        )


def apply(config: Config, source: str, spectra: Spectra) -> tuple[Spectra, Intervals | None, str]:
    """Put the fitted calibrators on raw spectra.

    Returns:
        spectra with the sigma to submit, conformal intervals if there are any, and what was done.
    """
    checkpoint = file_digest(config.paths.checkpoint)
    temperature = _temperature(config, source, checkpoint)
    sigma = spectra.sigma if temperature is None else temperature.apply(spectra.sigma)
    done = ["no temperature" if temperature is None else f"tau {temperature.tau:.3f}"]
    corel = load_fitted_corel(config, source)
    intervals = None
    if corel is not None:
        intervals = Intervals(1 - corel.alpha, corel.half_width(sigma))
        sigma = corel.sigma(sigma)
    done.append("no COREL" if corel is None else "COREL factors")
    return Spectra(spectra.planet_ids, spectra.mu, sigma), intervals, ", ".join(done)


def load_fitted_corel(config: Config, source: str) -> Corel | None:
    """COREL as fitted for the checkpoint and temperature in use; None when it was not."""
    path = for_source(config.paths.corel, source)
    if not config.calib.corel.enabled or not path.is_file():
        return None
    checkpoint = file_digest(config.paths.checkpoint)
    temperature = _temperature(config, source, checkpoint)
    return load_corel(
        path, tau=1.0 if temperature is None else temperature.tau, checkpoint=checkpoint
    )


def _temperature(config: Config, source: str, checkpoint: str) -> Temperature | None:
    """The fitted temperature; None when switched off or not fitted yet (the caller says which)."""
    path = for_source(config.paths.temperature, source)
    if not config.calib.temp.enabled or not path.is_file():
        return None
    return load_temperature(path, checkpoint=checkpoint)


def _fold(config: Config, fold: str) -> dict[str, tuple[Spectra, np.ndarray]]:
    """Raw predictions of a fold by source, with its truth.

    Raises:
        ConfigError: the checkpoint was made without labels, so planets were never split.
    """
    prepare_cpu(config.env.threads)
    trained = load_trained(config.paths.checkpoint)
    if not trained.fold and not config.paths.splits.is_file():
        raise ConfigError(
            f"{config.paths.checkpoint} was made without labels (model.prior.source=atmosphere): "
            "there is nothing to calibrate on, `spectramind predict` works without"
        )
    ids = getattr(load_splits(config.paths.splits), fold)
    labelled = load_labelled(config, KaggleTree(config.data.raw), ids)
    device = pick_device(config.env.device)
    both = predict(trained, labelled.planets, device, config.train.batch_size)
    return {
        source: (spectra, labelled.truth) for source, spectra in zip(SOURCES, both, strict=True)
    }
