"""COREL on trial: fitted without a group of calibration planets, asked about that group, in turn.

This tells how intervals do on planets that did not shape them, and which form does best. Forms are
compared by the interval score of the first alpha in units of sigma*, half-width + max(0, \\|z\\| -
half-width) / alpha: its expectation is least for the true quantile (Gneiting & Raftery 2007,
Journal of the American Statistical Association 102, 359, section 6.2, halved), so it weighs width
against what is missed. A form replaces a simpler one only when it wins by more than one standard
error of the planets' mean difference and covers no less than one standard error below 1 - alpha.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.config.uq import CorelConfig, QuantileForm
from spectramind.errors import ConfigError
from spectramind.evaluation.coverage import ConformalKind
from spectramind.instrument.grid import FGS1_BIN, N_BINS
from spectramind.instrument.molecules import MOLECULES, window_matrix
from spectramind.uncertainty.calibration_set import CalibrationSet
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.mondrian import Mondrian

Array = NDArray[np.float64]
TRIED: tuple[QuantileForm, ...] = ("split", "lift", "gnn")  # the simplest first


@dataclass(frozen=True, eq=False)
class Trial:
    """What one form did on held-out planets.

    Attributes:
        half_width: (alphas, n, 283) in units of sigma*. inside: the same shape, whether truth was.
        score: (n,) mean interval score over bins at the first alpha.
    """

    half_width: Array
    inside: NDArray[np.bool_]
    score: Array

    @property
    def finite(self) -> bool:
        """Whether there were planets enough for the first alpha."""
        return bool(np.isfinite(self.half_width[0]).all())

    @property
    def coverage(self) -> float:
        """Of the first alpha, over planets and bins."""
        return float(self.inside[0].mean())

    @property
    def width(self) -> float:
        """Mean half-width of the first alpha in units of sigma*."""
        return float(self.half_width[0].mean())


@dataclass(frozen=True, eq=False)
class FormChoice:
    """Which form was taken, its trial, and why."""

    form: QuantileForm
    trial: Trial
    reason: str


def run_trial(
    told: CalibrationSet,
    settings: CorelConfig,
    form: QuantileForm,
    smoother: Array,
    kind: ConformalKind = "split",
) -> Trial:
    """Hold out every fold in turn.

    Raises:
        ConfigError: the network has too few planets to learn from.
    """
    widths = np.full((len(settings.alphas), *told.z.shape), np.inf)
    for fold in np.unique(told.folds):
        held = told.folds == fold
        if held.all():
            continue
        fitted = Corel.learn(told.where(~held), settings, form, smoother, kind)
        asked = told.where(held)
        answer = fitted.intervals(asked.mu, asked.sigma, asked.circumstances)
        for row, level in enumerate(answer.every_level):
            widths[row, held] = level.half_width / asked.sigma
    size = np.abs(told.z)
    beyond = np.maximum(size - widths[0], 0.0) / settings.alphas[0]
    return Trial(widths, size <= widths, (widths[0] + beyond).mean(axis=1))


def choose(
    told: CalibrationSet, settings: CorelConfig, smoother: Array, kind: ConformalKind = "split"
) -> FormChoice:
    """The form asked for, or for ``auto`` the one that does best.

    Raises:
        ConfigError: the form asked for has too few planets, or does not go with ``kind``.
    """
    if settings.kind != "auto":
        trial = run_trial(told, settings, settings.kind, smoother, kind)
        return FormChoice(settings.kind, trial, f"asked for by calib.corel.kind={settings.kind}")
    best: QuantileForm = TRIED[0]
    trials, notes = {best: run_trial(told, settings, best, smoother, kind)}, []
    notes = [_told(best, trials[best])]
    for form in TRIED[1:]:
        try:
            trials[form] = run_trial(told, settings, form, smoother, kind)
        except ConfigError as error:
            notes.append(f"{form} not tried: {error}")
            continue
        won, why = _beats(trials[form], trials[best], settings.alphas[0])
        notes.append(f"{_told(form, trials[form])}, {why} {best}")
        best = form if won else best
    return FormChoice(best, trials[best], f"{best} on held-out planets: {'; '.join(notes)}")


def _beats(new: Trial, old: Trial, alpha: float) -> tuple[bool, str]:
    if not (new.finite and old.finite):
        return False, "too few planets to set it beside"
    gain = old.score - new.score
    mean, error = gain.mean(), gain.std(ddof=1) / np.sqrt(len(gain))
    by_planet = new.inside[0].mean(axis=1)
    least = 1 - alpha - by_planet.std(ddof=1) / np.sqrt(len(by_planet))
    if new.coverage < least:
        return False, f"covers less than {least:.3f}, stays behind"
    if mean <= error:
        return False, f"gains {mean:.4f} +- {error:.4f} in score, not enough over"
    return True, f"gains {mean:.4f} +- {error:.4f} in score over"


def _told(form: str, trial: Trial) -> str:
    if not trial.finite:
        return f"{form} has too few planets"
    return f"{form} covers {trial.coverage:.3f} with {trial.width:.3f} sigma*"


def summary(told: CalibrationSet, trial: Trial, settings: CorelConfig) -> dict[str, Any]:
    """How intervals did on held-out planets, as plain values: by molecule region, by signal to
    noise (thirds of all planets and bins, by mu / sigma*) and by group; null where infinite.
    """
    regions = dict(zip(MOLECULES, window_matrix(), strict=True))
    regions["fgs1"] = np.arange(N_BINS) == FGS1_BIN
    regions["elsewhere"] = ~np.any(list(regions.values()), axis=0)
    ratio = told.mu / told.sigma
    third = np.digitize(ratio, np.quantile(ratio, (1 / 3, 2 / 3)))
    mondrian = Mondrian.of(settings)
    labels = mondrian.labels(told.circumstances, len(told.ids))
    found: dict[str, Any] = {}
    for row, alpha in enumerate(settings.alphas):
        inside, width = trial.inside[row], trial.half_width[row]
        if not np.isfinite(width).all():
            found[f"{alpha:g}"] = None
            continue
        found[f"{alpha:g}"] = {
            "coverage": float(inside.mean()),
            "half_width_sigma": float(width.mean()),
            "regions": {name: float(inside[:, bins].mean()) for name, bins in regions.items()},
            "signal_to_noise": [
                {
                    "from": float(ratio[third == i].min()),
                    "to": float(ratio[third == i].max()),
                    "coverage": float(inside[third == i].mean()),
                }
                for i in np.unique(third)
            ],
            "groups": {
                name: {
                    "planets": int((labels == i).sum()),
                    "coverage": float(inside[labels == i].mean()),
                }
                for i, name in enumerate(mondrian.rows)
                if (labels == i).any()
            },
        }
    return found
