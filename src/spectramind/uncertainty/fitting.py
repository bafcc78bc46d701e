"""Calibrators from what an estimator said of planets it had not seen, and from their spectra."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spectramind.config.uq import CorelConfig, TempConfig
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.contracts.predictive import Predictive
from spectramind.evaluation.coverage import ConformalKind, z_scores
from spectramind.uncertainty.calibration_set import CalibrationSet
from spectramind.uncertainty.calibrators import Calibrators
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.corel_trial import choose
from spectramind.uncertainty.scaling import JudgedSigmas, fit_scaling
from spectramind.uncertainty.scaling_choice import Choice, choose_scaling
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.temperature import Temperature

Array = NDArray[np.float64]


def choose_temperature(
    answer: Predictive,
    truth: Array,
    settings: TempConfig,
    groups: Sequence[Sequence[str]] = (),
) -> tuple[Temperature, Choice | None]:
    """The temperature of an estimator from what it said of planets it had not seen.

    Args:
        answer: of n planets, sigma as the estimator believes it. truth: theirs, (n, 283).
        settings: kind and objective of its factors, and what holds them back.
        groups: planets that were predicted together, in the answer's order, for ``kind=auto``;
            empty: all of them.

    Returns:
        The temperature, and why its kind was chosen; None where the settings name it.

    Raises:
        SchemaError: nothing can be fitted to these planets.
    """
    data = JudgedSigmas.of(answer, truth, settings.objective)
    if settings.kind != "auto":
        return fit_scaling(settings.kind, data, settings.prior_planets), None
    which = np.repeat(np.arange(len(groups)), [len(group) for group in groups]) if groups else None
    return choose_scaling(data, which, settings.prior_planets, settings.objective)


def fit_temperature(
    answer: Predictive,
    truth: Array,
    settings: TempConfig,
    groups: Sequence[Sequence[str]] = (),
) -> Temperature:
    """``choose_temperature`` without the reason."""
    return choose_temperature(answer, truth, settings, groups)[0]


def fit_corel(
    answer: Predictive,
    truth: Array,
    before: Calibrators,
    settings: CorelConfig,
    kind: ConformalKind,
    circumstances: PlanetCircumstances | None = None,
    groups: Sequence[Sequence[str]] = (),
) -> Corel:
    """Factors and intervals of an estimator after its temperature, ``before``; else as above.

    Args:
        circumstances: of these planets, where ``settings.needs_circumstances``.
        groups: planets held out together where forms are compared.

    Raises:
        ConfigError: circumstances are needed and not there, or the form does not go with ``kind``.
    """
    known = calibration_set(answer, truth, before, circumstances, groups)
    smoother, form = bin_smoother(settings.smoothing_um), settings.kind
    chosen = choose(known, settings, smoother, kind).form if form == "auto" else form
    return Corel.learn(known, settings, chosen, smoother, kind)


def calibration_set(
    answer: Predictive,
    truth: Array,
    before: Calibrators,
    circumstances: PlanetCircumstances | None,
    groups: Sequence[Sequence[str]],
) -> CalibrationSet:
    """What COREL learns from: z-scores after the temperature, and what goes with them."""
    spectra = before.apply(answer).spectra
    z = z_scores(truth, spectra.mu, spectra.sigma)
    return CalibrationSet.of(
        spectra.planet_ids, z, spectra.mu, spectra.sigma, groups, circumstances
    )
