"""The parameters of the atmosphere that is fitted: which are free, and what is believed of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from spectramind.config.retrieving import (
    QUANTITIES,
    TABLE_COLUMNS,
    ParameterConfig,
    RetrievalConfig,
)
from spectramind.errors import ConfigError, SchemaError

Array = NDArray[np.float64]
Known = Mapping[str, ArrayLike]
_GREY = ("log10_kappa_cm2_g", "log10_gamma")
_HAZE = ("haze_log10", "haze_slope")
_SPOTS = ("star_temperature_k", "spot_fraction", "spot_contrast_k")


def parameters_in_use(config: RetrievalConfig) -> tuple[str, ...]:
    """Names of the parameters that the switches leave, in the order of ``QUANTITIES``."""
    off: set[str] = set()
    off |= set(_GREY) if config.temperature == "isothermal" else set()
    off |= {"mean_weight_u"} if config.weight == "composition" else set()
    off |= {"log10_h2o", "log10_co2", "log10_co", "log10_ch4", "log10_nh3"}
    off -= {f"log10_{gas}" for gas in config.gases}
    off |= set() if config.clouds else {"cloud_log10_pa"}
    off |= set() if config.haze else set(_HAZE)
    off |= set() if config.spots else set(_SPOTS)
    return tuple(name for name in QUANTITIES if name not in off)


def known_from_row(row: Mapping[str, float], names: tuple[str, ...]) -> dict[str, float]:
    """What the star table says of a planet, by the parameters' names.

    Args:
        row: columns Rs [R_sun], Ts [K], Mp [M_Jup].
        names: those wanted (``ParameterSpace.from_table``).

    Raises:
        SchemaError: a value that is missing or cannot be.
    """
    known = {}
    for name in names:
        column, limit = TABLE_COLUMNS[name], QUANTITIES[name]
        value = float(row.get(column, float("nan")))
        if not limit.low <= value <= limit.high:
            raise SchemaError(
                f"star table: {column} is {value:g}, outside {limit.low:g}..{limit.high:g} "
                f"{limit.unit}: correct it, or set retrieval.parameters.{name}.prior to another"
            )
        known[name] = value
    return known


@dataclass(frozen=True)
class ParameterSpace:
    """Parameters in use, split into free and known ones.

    Attributes:
        free: names of the columns of a batch of parameters.
        fixed: values of those that the settings fix.
        from_table: those that a planet's row of the star table tells: taken as it is, or the
            centre of a normal prior where they are free, too.
        priors: of the free ones.
    """

    free: tuple[str, ...]
    fixed: Mapping[str, float]
    from_table: tuple[str, ...]
    priors: tuple[ParameterConfig, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """Of the free parameters."""
        return tuple(QUANTITIES[name].unit for name in self.free)

    def from_unit(self, cube: ArrayLike, known: Known) -> Array:
        """Points of the unit cube to parameters: the priors' inverse distributions.

        Args:
            cube: (B, P), 0..1. known: values of ``from_table``, numbers or (B,).
        """
        points = np.asarray(cube, dtype=np.float64)
        columns = [
            _quantile(prior, points[:, n], *self._normal(n, known))
            for n, prior in enumerate(self.priors)
        ]
        return np.stack(columns, axis=1)

    def log_prior(self, parameters: ArrayLike, known: Known) -> Array:
        """ln of the prior's density, (B,); -inf outside."""
        points = np.asarray(parameters, dtype=np.float64)
        total = np.zeros(len(points))
        for n in range(len(self.priors)):
            total += self.log_prior_of(n, points[:, n], known)
        return total

    def log_prior_of(self, column: int, values: ArrayLike, known: Known) -> Array:
        """The same of one parameter, (B,)."""
        points = np.asarray(values, dtype=np.float64)
        return _log_density(self.priors[column], points, *self._normal(column, known))

    def _normal(self, column: int, known: Known) -> tuple[Array, Array]:
        """Mean and deviation of a normal prior; of others they mean nothing."""
        prior, name = self.priors[column], self.free[column]
        if prior.prior == "table":
            mean = np.asarray(known[name], dtype=np.float64)
            return mean, mean * (prior.sd or 0.0)
        return np.asarray(prior.value or 0.0), np.asarray(prior.sd or 1.0)


def parameter_space(config: RetrievalConfig) -> ParameterSpace:
    """The space that the settings describe.

    Raises:
        ConfigError: nothing is free.
    """
    names = parameters_in_use(config)
    chosen = {name: getattr(config.parameters, name) for name in names}
    table = tuple(name for name, prior in chosen.items() if prior.prior == "table")
    fixed = {name: prior.value for name, prior in chosen.items() if prior.prior == "fixed"}
    free = tuple(n for n in names if n not in fixed and not (n in table and not chosen[n].sd))
    if not free:
        raise ConfigError("retrieval: no parameter is free: give one of them another prior")
    return ParameterSpace(free, fixed, table, tuple(chosen[name] for name in free))


def _quantile(prior: ParameterConfig, share: Array, mean: Array, sd: Array) -> Array:
    low, high = prior.range
    if prior.prior == "uniform":
        return low + (high - low) * share
    if prior.prior == "loguniform":
        return np.asarray(low * (high / low) ** share)
    first, last = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
    return np.asarray(np.clip(mean + sd * ndtri(first + (last - first) * share), low, high))


def _log_density(prior: ParameterConfig, value: Array, mean: Array, sd: Array) -> Array:
    low, high = prior.range
    inside = (value >= low) & (value <= high)
    if prior.prior == "uniform":
        density = np.full_like(value, -np.log(high - low))
    elif prior.prior == "loguniform":
        density = -np.log(np.where(inside, value, 1.0) * np.log(high / low))
    else:
        first, last = log_ndtr((low - mean) / sd), log_ndtr((high - mean) / sd)
        within = last + np.log1p(-np.exp(first - last))
        density = -(((value - mean) / sd) ** 2) / 2 - np.log(sd * np.sqrt(2 * np.pi)) - within
    return np.asarray(np.where(inside, density, -np.inf))
