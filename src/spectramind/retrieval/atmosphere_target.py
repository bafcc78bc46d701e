"""The posterior of one planet's atmosphere as samplers see it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from spectramind.contracts.measurement import Measurement
from spectramind.errors import SchemaError
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.gaussian_likelihood import GaussianLikelihood
from spectramind.retrieval.parameter_space import ParameterSpace

Array = NDArray[np.float64]
RADIUS = "radius_ratio"
# By component: the parameter that takes it away, at this value.
ABSENT = {
    "h2o": ("log10_h2o", -30.0),
    "co2": ("log10_co2", -30.0),
    "co": ("log10_co", -30.0),
    "ch4": ("log10_ch4", -30.0),
    "nh3": ("log10_nh3", -30.0),
    "clouds": ("cloud_log10_pa", 8.0),
    "haze": ("haze_log10", -10.0),
    "spots": ("spot_fraction", 0.0),
}


def components(space: ParameterSpace) -> tuple[str, ...]:
    """What may be there or not: those whose strength is free."""
    return tuple(name for name, (parameter, _) in ABSENT.items() if parameter in space.free)


def without(space: ParameterSpace, parameters: Array, absent: NDArray[np.bool_]) -> Array:
    """Parameters with some components taken away.

    Args:
        parameters: (B, P). absent: (B, C) in the order of ``components``.
    """
    changed = parameters.copy()
    for n, name in enumerate(components(space)):
        parameter, value = ABSENT[name]
        changed[absent[:, n], space.free.index(parameter)] = value
    return changed


@dataclass(frozen=True)
class Coordinates:
    """Coordinates t of a planet, in which the prior is standard normal, all but the radius's.

    That one is (ln ratio - ln of the measured depth's root - centre) / width: what it is in these
    units hardly differs between planets, while its prior is wide.

    Attributes:
        space: the parameters. known: of this planet. level: measured depth.
        centre, width: of the radius's coordinate.
    """

    space: ParameterSpace
    known: Mapping[str, float]
    level: float
    centre: float
    width: float

    @property
    def radius(self) -> int | None:
        """The radius's column, None where it is not free."""
        return self.space.free.index(RADIUS) if RADIUS in self.space.free else None

    def parameters(self, points: Array) -> Array:
        """(B, P) t -> (B, P)."""
        found = self.space.from_unit(ndtr(points), self.known)
        if self.radius is not None:
            log_ratio = points[:, self.radius] * self.width + self.centre
            found[:, self.radius] = np.sqrt(self.level) * np.exp(np.clip(log_ratio, -5, 5))
        return found

    def from_unit(self, cube: Array) -> Array:
        """The prior's inverse distribution, (B, P) -> (B, P) t."""
        points = np.asarray(ndtri(np.clip(cube, 1e-12, 1 - 1e-12)))
        if self.radius is not None:
            ratio = self.space.from_unit(cube, self.known)[:, self.radius]
            points[:, self.radius] = self.of_ratio(ratio, self.level)
        return points

    def of_ratio(self, ratio: Array, level: Array | float) -> Array:
        """The radius's coordinate."""
        return np.asarray((np.log(ratio) - np.log(level) / 2 - self.centre) / self.width)

    def log_prior(self, points: Array) -> Array:
        """ln of the prior's density over t, (B,)."""
        each = -(points**2 + np.log(2 * np.pi)) / 2
        if self.radius is not None:
            ratio = self.parameters(points)[:, self.radius]
            density = self.space.log_prior_of(self.radius, ratio, self.known)
            each[:, self.radius] = density + np.log(ratio * self.width)
        return np.asarray(each.sum(1))


class AtmosphereTarget:
    """A planet's posterior; a ``sampler.Target``.

    Args:
        model: the forward model. measured: the spectrum. coordinates: of the planet.
        absent: components that are taken away; their parameters stay, and mean nothing.
    """

    def __init__(
        self,
        model: ForwardModel,
        measured: Measurement,
        coordinates: Coordinates,
        absent: tuple[str, ...] = (),
    ) -> None:
        self.coordinates, self.likelihood, self.absent = (
            coordinates,
            GaussianLikelihood(measured),
            absent,
        )
        self._model = model

    @property
    def dimensions(self) -> int:
        """Free parameters."""
        return len(self.coordinates.space.free)

    def lacking(self, component: str) -> "AtmosphereTarget":
        """The same without a component."""
        gone = (*self.absent, component)
        return AtmosphereTarget(self._model, self.likelihood.measured, self.coordinates, gone)

    def of_model(self, model: ForwardModel) -> "AtmosphereTarget":
        """The same of another forward model."""
        return AtmosphereTarget(model, self.likelihood.measured, self.coordinates, self.absent)

    def from_unit(self, cube: Array) -> Array:
        """See ``Coordinates``."""
        return self.coordinates.from_unit(cube)

    def log_prior(self, points: Array) -> Array:
        """See ``Coordinates``."""
        return self.coordinates.log_prior(points)

    def predict(self, points: Array) -> Array:
        """(B, 283) depths."""
        return self.spectra(self.coordinates.parameters(points))

    def log_of(self, predicted: Array) -> Array:
        """(B,)."""
        return self.likelihood.log(predicted)

    def log_likelihood(self, points: Array) -> Array:
        """(B,)."""
        return self.log_of(self.predict(points))

    def spectra(self, parameters: Array) -> Array:
        """(B, 283) depths, NaN where there can be no such atmosphere."""
        space = self.coordinates.space
        row = np.array([name in self.absent for name in components(space)], dtype=bool)
        gone = np.broadcast_to(row, (len(parameters), len(row)))
        shown = without(space, parameters, gone)
        return self._model.depths(shown, self.coordinates.known).astype(np.float64)


def level_of(measured: Measurement) -> float:
    """Mean of the depths, weighted by their variances.

    Raises:
        SchemaError: it is not positive: there is no transit to explain.
    """
    weight = 1 / measured.total_variance
    level = float((measured.depth * weight).sum() / weight.sum())
    if not level > 0:
        raise SchemaError(f"its mean depth is {level:.2g}: there is no transit to explain")
    return level
