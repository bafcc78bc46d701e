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
  k = ceil((n + 1)(1 - alpha)) (split conformal, bin by bin), then lifted where neighbours need
  more, never lowered: q' = max(q, A q). At n = 20 / 40 / 110 the lift costs 7 / 5 / 3 % of width
  and raises the worst bin of one calibration set from .69 / .75 / .82 to .88 / .87 / .88 (same
  z-scores as in ``smoothing``, equal factors). The promise is a marginal per-bin coverage of at
  least 1 - alpha over exchangeable planets: neither conditional nor for the whole spectrum.

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

The graph over residuals is the idea of Cini et al., "Relational conformal prediction for
correlated time series" (ICML 2025); the guarantee comes from split conformal alone.
"""

import logging
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spectramind.evaluation.coverage import ConformalKind, conformal_rank, planets_needed
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
class Corel:
    """Fitted factors and quantiles: ``fit`` (or ``store``) is the only way to them.

    Attributes:
        alpha: miscoverage the intervals allow.
        n_planets: calibration planets.
        factors: (283,), sigma' = factors sigma*.
        quantiles: (283,), half-width = quantiles sigma*; infinite when n_planets is too small.
        kind: whose scores they are, see above: what is promised depends on it.
    """

    alpha: float
    n_planets: int
    factors: Array
    quantiles: Array
    kind: ConformalKind = "split"

    @classmethod
    def fit(
        cls,
        z: Array,
        alpha: float,
        smoother: Array,
        prior_planets: float,
        kind: ConformalKind = "split",
    ) -> Self:
        """Fit on calibration planets.

        Args:
            z: (n, 283), (y - mu) / sigma* with sigma* after the temperature.
            alpha: allowed miscoverage, inside (0, 1).
            smoother: (283, 283), rows summing to 1.
            prior_planets: n0.
            kind: ``split`` for planets nothing has seen, ``cross`` for out-of-fold predictions.

        Raises:
            SchemaError: z is malformed.
            ConfigError: alpha is out of range.
        """
        check_z(z)
        quantiles = lift(conformal_quantiles(np.abs(z), alpha), smoother)
        if np.isinf(quantiles).any():
            logger.warning(
                "COREL: %d calibration planets are too few for intervals at %.3g %%: they are "
                "infinite; at least %d planets are needed",
                len(z),
                100 * (1 - alpha),
                planets_needed(alpha),
            )
        factors = sigma_factors(z, smoother, prior_planets)
        return cls(alpha, len(z), factors, quantiles, kind)

    def sigma(self, sigma_star: Array) -> Array:
        """Sigma to submit, from sigma* (n, 283)."""
        return self.factors * sigma_star

    def half_width(self, sigma_star: Array) -> Array:
        """Half-width of the intervals, from sigma* (n, 283): not from the submitted sigma."""
        return self.quantiles * sigma_star
