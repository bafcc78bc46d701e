"""COREL: per-bin sigma factors and conformal intervals that lean on the bin graph.

Two jobs, two answers, both from z = (y - mu) / sigma* on calibration planets that touched neither
training nor early stopping nor the temperature:

- sigma to submit, judged by likelihood: sigma' = sigma* sqrt((n A m + n0) / (n + n0)), m the mean
  of z^2 in each bin, A the smoother. n0 prior planets at 1 hold back what few planets can teach;
  n0 = 10 against 0, in the simulation of ``smoothing`` (1e-3 nats; n = 20 / 40 / 110):

      mild    25.2 13.7 5.8 -> 13.9 10.0 5.2
      strong  27.4 15.9 8.0 -> 21.8 14.5 7.8
      flat    24.2 12.8 4.9 -> 11.4  8.4 4.2

  Errors of real fits have heavier tails: there n0 = 30 is better (ADR 0017).

- intervals, judged by coverage: mu +- q' sigma*. q_i is the k-th smallest |z_i|,
  k = ceil((n + 1)(1 - alpha)) (split conformal, bin by bin). Form ``split`` is that alone. Form
  ``lift`` lifts it where neighbours need more, never lowers: q' = max(q, A q). At n = 20 / 40 /
  110 the lift costs 7 / 5 / 3 % of width and raises the worst bin of one calibration set from .69 /
  .75 / .82 to .88 / .87 / .88 (same z-scores as in ``smoothing``, equal factors). The promise is a
  marginal per-bin coverage of at least 1 - alpha over exchangeable planets: neither conditional nor
  for the whole spectrum.

That is kind ``split``: planets that no part of the estimate has seen. Kind ``cross`` takes the
scores of all n labelled planets, each by an estimate learnt from the other groups, and centres the
intervals on the estimate learnt from all of them (cross-conformal with one model instead of K):

- Intervals that ask each of the K estimates what it says of a new planet cover at least
  1 - 2 alpha - min(2 (1 - 1/K) / (n/K + 1), (1 - K/n) / (K + 1)), whatever the data and the
  estimate: 0.761 at alpha = 0.1, n = 200, K = 5 (cross-conformal predictors: Vovk 2015, Annals of
  Mathematics and Artificial Intelligence 74, 9; CV+: Barber, Candes, Ramdas & Tibshirani 2021,
  Annals of Statistics 49, 486, theorem 4). In practice they cover about 1 - alpha.
- Ours ask the one estimate learnt from all. That is the same as far as leaving out a group moves
  mu and sigma by little against sigma, and then coverage is about 1 - alpha; without such
  stability no bound holds for it (same source). The out-of-fold estimates learn from fewer
  planets, which makes scores rather too large than too small.
- Where the prior sees another share of spotted stars in a set, planets predicted together depend
  on each other, and a group is smaller than a test set: exchangeability is then approximate.

The temperature is fitted on the same n planets, yet none judges its own factor: a temperature is
one number for all, scores are divided by it and half-widths multiplied, so it cancels in mu +- q'
tau sigma. What would not cancel, the sigma factors by bin, does not enter the intervals.

Form ``gnn``: a network (``quantile_network``) learns from a part of the planets how large |z| is,
g(bin, planet); the others give the k-th smallest |z| / g bin by bin, and half-widths are
q g sigma*. Nothing they are judged by has seen them, so the promise is that of the plain quantile,
with fewer planets. Groups of planets may have quantiles of their own: ``mondrian``.

The graph over residuals is the idea of Cini et al., "Relational conformal prediction for
correlated time series" (ICML 2025); the guarantee comes from split conformal alone.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.config.uq import CorelConfig, QuantileForm
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.contracts.predictive import Intervals
from spectramind.errors import ConfigError
from spectramind.evaluation.coverage import ConformalKind, conformal_rank, planets_needed
from spectramind.uncertainty.calibration_set import CalibrationSet
from spectramind.uncertainty.mondrian import Mondrian
from spectramind.uncertainty.quantile_network import QuantileNetwork
from spectramind.uncertainty.temperature import check_z

Array = NDArray[np.float64]
logger = logging.getLogger(__name__)


def conformal_quantiles(scores: Array, alpha: float) -> Array:
    """Split-conformal quantile of each column of (n, bins) scores; infinite when n is too small.

    Raises:
        ConfigError: alpha is not inside (0, 1).
    """
    n = len(scores)
    k = conformal_rank(n, alpha)
    if k > n:
        return np.full(scores.shape[1], np.inf)
    return np.partition(scores, k - 1, axis=0)[k - 1]


def lift(quantiles: Array, smoother: Array) -> Array:
    """max(q, A q): a bin gets at least what its neighbours need; coverage can only grow."""
    if np.isinf(quantiles).any():  # A q would be NaN: 0 * infinity
        return quantiles
    return np.maximum(quantiles, smoother @ quantiles)


def sigma_factors(z: Array, smoother: Array, prior_planets: float) -> Array:
    """sqrt((n A mean(z^2) + n0) / (n + n0)) for each bin, (283,)."""
    n = len(z)
    smoothed = smoother @ (z * z).mean(axis=0)
    return np.sqrt((n * smoothed + prior_planets) / (n + prior_planets))


@dataclass(frozen=True, eq=False)
class GroupQuantiles:
    """The quantiles of one alpha, a row a group of ``Mondrian.rows``.

    Attributes:
        alpha: miscoverage.
        quantiles: (groups, 283), infinite where too few planets gave scores.
        n_scores: planets whose scores each row comes from; taught_by: which these are.
    """

    alpha: float
    quantiles: Array
    n_scores: tuple[int, ...]
    taught_by: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        scores: Array,
        alpha: float,
        labels: NDArray[np.int64],
        mondrian: Mondrian,
        smoother: Array | None,
    ) -> Self:
        """Quantiles of (n, 283) scores; lifted with a smoother.

        Raises:
            ConfigError: alpha is out of range.
        """
        masks, names = mondrian.teachers(labels, alpha)
        rows = [conformal_quantiles(scores[mask], alpha) for mask in masks]
        if smoother is not None:
            rows = [lift(row, smoother) for row in rows]
        return cls(alpha, np.stack(rows), tuple(int(m.sum()) for m in masks), tuple(names))


@dataclass(frozen=True, eq=False)
class Corel:
    """Fitted factors and quantiles: ``fit``, ``learn`` (or ``store``) is the only way to them.

    Attributes:
        alpha: miscoverage the intervals allow, the first where there are several.
        n_planets: calibration planets.
        factors: (283,), sigma' = factors sigma*.
        quantiles: (283,), half-width = quantiles sigma* (times g with a network) of a planet in no
            group, at the first alpha; infinite where too few planets gave scores.
        kind: whose scores they are, see above: what is promised depends on it.
        form: how the quantiles were formed.
        levels: every alpha with every group; empty: the first alpha alone, without groups.
        mondrian: which planets belong to which group.
        network: g, None without one.
    """

    alpha: float
    n_planets: int
    factors: Array
    quantiles: Array
    kind: ConformalKind = "split"
    form: QuantileForm = "lift"
    levels: tuple[GroupQuantiles, ...] = ()
    mondrian: Mondrian = field(default_factory=Mondrian)
    network: QuantileNetwork | None = None

    @classmethod
    def fit(
        cls,
        z: Array,
        alpha: float | Sequence[float],
        smoother: Array,
        prior_planets: float,
        kind: ConformalKind = "split",
        form: QuantileForm = "lift",
    ) -> Self:
        """Fit on calibration planets of which z alone is known.

        Args:
            z: (n, 283), (y - mu) / sigma* with sigma* after the temperature.
            alpha: allowed miscoverage, inside (0, 1), one or several.
            smoother: (283, 283), rows summing to 1.
            prior_planets: n0.
            kind: ``split`` for planets nothing has seen, ``cross`` for out-of-fold predictions.
            form: any but ``gnn``, which needs ``learn``.

        Raises:
            SchemaError: z is malformed.
            ConfigError: alpha is out of range, or form and kind do not go together.
        """
        check_z(z)
        if form == "gnn":
            raise ConfigError("calib.corel.kind=gnn needs planets' features, not z alone")
        alphas = (alpha,) if isinstance(alpha, int | float) else tuple(alpha)
        labels, mondrian = np.zeros(len(z), dtype=np.int64), Mondrian()
        return cls._formed(
            np.abs(z), z, alphas, labels, mondrian, smoother, prior_planets, kind, form, None
        )

    @classmethod
    def learn(
        cls,
        told: CalibrationSet,
        settings: CorelConfig,
        form: QuantileForm,
        smoother: Array,
        kind: ConformalKind = "split",
    ) -> Self:
        """Fit as the settings ask, with groups and network.

        Raises:
            SchemaError: z is malformed.
            ConfigError: form and kind do not go together; groups or the network need circumstances
                that are not there; the network has too few planets to learn from.
        """
        check_z(told.z)
        mondrian, judged, network = Mondrian.of(settings), told, None
        if form == "gnn":
            network, judged = _network(told, settings, smoother)
        scores = np.abs(judged.z)
        if network is not None:
            scores = scores / network.scale(judged.mu, judged.sigma, judged.needed_circumstances)
        circumstances = judged.needed_circumstances if mondrian.names else None
        labels = mondrian.labels(circumstances, len(scores))
        alphas, prior = settings.alphas, settings.prior_planets
        return cls._formed(
            scores, told.z, alphas, labels, mondrian, smoother, prior, kind, form, network
        )

    @classmethod
    def _formed(
        cls,
        scores: Array,
        z: Array,
        alphas: tuple[float, ...],
        labels: NDArray[np.int64],
        mondrian: Mondrian,
        smoother: Array,
        prior_planets: float,
        kind: ConformalKind,
        form: QuantileForm,
        network: QuantileNetwork | None,
    ) -> Self:
        if form == "cross" and kind != "cross":
            raise ConfigError(
                "calib.corel.kind=cross needs out-of-fold predictions: train and calibrate with "
                "split.scheme=cross, or set calib.corel.kind=split"
            )
        over = smoother if form == "lift" else None
        levels = tuple(GroupQuantiles.fit(scores, a, labels, mondrian, over) for a in alphas)
        for level in levels:
            if np.isinf(level.quantiles).any():
                logger.warning(
                    "COREL: %d calibration planets are too few for intervals at %.3g %%: they are "
                    "infinite; at least %d planets are needed",
                    min(level.n_scores),
                    100 * (1 - level.alpha),
                    planets_needed(level.alpha),
                )
        first, factors = levels[0], sigma_factors(z, smoother, prior_planets)
        quantiles = first.quantiles[-1]
        return cls(first.alpha, len(z), factors, quantiles, kind, form, levels, mondrian, network)

    @property
    def every_level(self) -> tuple[GroupQuantiles, ...]:
        """``levels``, also where only the first is known."""
        alone = GroupQuantiles(self.alpha, self.quantiles[None], (self.n_planets,), ("rest",))
        return self.levels or (alone,)

    @property
    def n_scores(self) -> int:
        """Planets that gave the scores behind ``quantiles``."""
        return self.every_level[0].n_scores[-1]

    @property
    def needs_circumstances(self) -> bool:
        """Whether intervals differ between planets by more than sigma."""
        return bool(self.mondrian.names) or self.network is not None

    def sigma(self, sigma_star: Array) -> Array:
        """Sigma to submit, from sigma* (n, 283)."""
        return self.factors * sigma_star

    def half_width(self, sigma_star: Array) -> Array:
        """Half-width of the intervals of planets in no group and without network, from sigma*
        (n, 283): not from the submitted sigma.
        """
        return self.quantiles * sigma_star

    def intervals(
        self, mu: Array, sigma_star: Array, circumstances: PlanetCircumstances | None = None
    ) -> Intervals:
        """Intervals of every alpha, from mu and sigma* (n, 283).

        Raises:
            ConfigError: they depend on circumstances, and there are none.
        """
        if self.needs_circumstances and circumstances is None:
            raise ConfigError(
                "COREL was fitted with groups or a network, and planets' features are not known "
                "here: run `spectramind calibrate-corel calib.corel.groups=[] "
                "calib.corel.kind=lift` first"
            )
        scale = sigma_star
        if self.network is not None and circumstances is not None:
            scale = sigma_star * self.network.scale(mu, sigma_star, circumstances)
        labels = self.mondrian.labels(circumstances, len(mu))
        widths = [level.quantiles[labels] * scale for level in self.every_level]
        groups = tuple(self.mondrian.rows[i] for i in labels) if self.mondrian.names else ()
        first, *more = [
            Intervals(1 - level.alpha, width, groups=groups)
            for level, width in zip(self.every_level, widths, strict=True)
        ]
        return Intervals(first.level, first.half_width, tuple(more), groups)


def _network(
    told: CalibrationSet, settings: CorelConfig, smoother: Array
) -> tuple[QuantileNetwork, CalibrationSet]:
    """A network taught by some of the planets, and the others.

    Raises:
        ConfigError: too few planets.
    """
    n, first = len(told.ids), settings.alphas[0]
    teachers = round(settings.gnn.fit_share * n)
    if teachers < planets_needed(first) or n - teachers < planets_needed(first):
        raise ConfigError(
            f"calib.corel.kind=gnn needs {planets_needed(first)} planets to learn from and as many "
            f"to conformalise at alpha {first:g}; {n} planets give {teachers} and {n - teachers}: "
            "set calib.corel.gnn.fit_share, a larger calib.corel.alpha, or calib.corel.kind=lift"
        )
    drawn = np.random.default_rng(settings.gnn.seed).permutation(n)[:teachers]
    teaches = np.isin(np.arange(n), drawn)
    known = told.where(teaches)
    network = QuantileNetwork.learn(
        np.abs(known.z),
        known.mu,
        known.sigma,
        known.needed_circumstances,
        smoother,
        first,
        settings.gnn,
    )
    return network, told.where(~teaches)
