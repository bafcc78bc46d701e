"""Bayes factors of components against evidence that is known exactly, and their sigma."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from spectramind.config.compose import compose
from spectramind.config.retrieving import RetrievalConfig
from spectramind.contracts.measurement import Measurement
from spectramind.retrieval.atmosphere_target import (
    AtmosphereTarget,
    Coordinates,
    components,
    level_of,
    without,
)
from spectramind.retrieval.component_evidence import Ways, component_evidence, sigma_of
from spectramind.retrieval.importance_sampling import ImportanceSampler
from spectramind.retrieval.parameter_space import parameter_space

Array = NDArray[np.float64]
KNOWN = {"star_radius_rsun": 1.0, "planet_mass_mjup": 1.0}
BINS = 20


def two_gases() -> RetrievalConfig:
    """H2O and CO2 alone, everything else fixed."""
    whole = compose([]).retrieval
    fixed = {"prior": "fixed", "sd": None}
    values = {"radius_ratio": 0.1, "temperature_k": 1000.0}
    told = {
        name: getattr(whole.parameters, name).model_copy(update=fixed | {"value": value})
        for name, value in values.items()
    }
    parameters = whole.parameters.model_copy(update=told)
    off = {"clouds": False, "haze": False, "gases": ("h2o", "co2")}
    return whole.model_copy(update={"parameters": parameters} | off)


class TwoBumps:
    """A stand-in for the forward model: each gas adds its bump, as its share says."""

    def __init__(self) -> None:
        self.space = parameter_space(two_gases())
        at = np.arange(BINS)
        self.bumps = np.stack([np.exp(-((at - c) ** 2) / 8) for c in (5, 14)])

    def depths(self, parameters: Array, known: object = None) -> Array:
        strength = 1e-2 * 10 ** (np.asarray(parameters) / 4)
        return 0.01 + strength @ self.bumps


class Prior:
    """The prior itself, as a proposal."""

    def sample(self, count: int, rng: np.random.Generator) -> Array:
        return rng.standard_normal((count, 2))

    def log_density(self, points: Array) -> Array:
        return np.asarray(stats.norm.logpdf(points).sum(1))


def exact_ln_z(target: AtmosphereTarget) -> float:
    """Evidence on a grid of the unit square."""
    side = (np.arange(300) + 0.5) / 300
    cube = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    value = target.log_likelihood(target.from_unit(cube))
    return float(value.max() + np.log(np.exp(value - value.max()).mean()))


def seen(share: float) -> AtmosphereTarget:
    """A measured spectrum of so much H2O and no CO2."""
    model = TwoBumps()
    rng = np.random.default_rng(0)
    depth = model.depths(np.array([[share, -11.0]]))[0]
    noise = Measurement(depth, np.full(BINS, 3e-4**2), np.full((BINS, 1), 1e-4))
    measured = replace(noise, depth=depth + 3e-4 * rng.standard_normal(BINS))
    coordinates = Coordinates(model.space, KNOWN, level_of(measured), 0.0, 1.0)
    return AtmosphereTarget(model, measured, coordinates)  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [-11.0, -7.0, -3.8])
def test_bayes_factors_are_those_of_the_evidence(share: float) -> None:
    """No H2O, a little, and plenty (its factor needs the model without it to be sampled)."""
    target = seen(share)
    settings = compose([]).retrieval.sampling.model_copy(
        update={"effective": 1000, "comparison_effective": 500}
    )
    posterior = ImportanceSampler(Prior(), target, settings).sample(target, 1, lambda _: None)
    assert abs(posterior.ln_z - exact_ln_z(target)) < 4 * posterior.ln_z_error
    found = component_evidence(
        target,
        posterior,
        Ways(lambda name: Prior(), TwoBumps()),  # type: ignore[arg-type]
        settings,
        1,
        lambda _: None,
    )
    assert [one.component for one in found] == ["h2o", "co2"]
    for one in found:
        true = exact_ln_z(target) - exact_ln_z(target.lacking(one.component))
        assert abs(one.ln_bayes - true) < 4 * one.error + 0.03
        assert one.error < 0.3
    water = found[0]
    assert (water.sigma > 3) == (share > -4)
    assert water.method == ("sampled" if share > -4 else "ratio")


def test_what_cannot_be_without_a_component_is_bounded() -> None:
    """Far more water than noise: the bound holds, and no model without it is sampled."""
    target, settings = seen(-1.0), compose([]).retrieval.sampling
    posterior = ImportanceSampler(Prior(), target, settings).sample(target, 1, lambda _: None)
    ways = Ways(lambda name: Prior(), TwoBumps())  # type: ignore[arg-type]
    told: list[int] = []
    water = component_evidence(target, posterior, ways, settings, 1, told.append)[0]
    assert water.method == "bound"
    assert sum(told) < 500
    assert 20 < water.ln_bayes < exact_ln_z(target) - exact_ln_z(target.lacking("h2o"))
    assert water.sigma > 6


def test_a_component_is_taken_away_by_its_own_parameter() -> None:
    space = TwoBumps().space
    assert components(space) == ("h2o", "co2")
    points = np.full((2, 2), -3.0)
    gone = without(space, points, np.array([[True, False], [False, False]]))
    assert gone[0, 0] < -20
    assert (gone[0, 1], *gone[1]) == (-3, -3, -3)
    assert (points == -3).all()


@pytest.mark.parametrize(("ln_bayes", "sigma"), [(1.0, 2.1), (2.5, 2.7), (5.0, 3.6), (11.0, 5.0)])
def test_sigma_of_a_bayes_factor_is_trottas(ln_bayes: float, sigma: float) -> None:
    """Table 2 of Trotta (2008): ln B 1.0, 2.5, 5.0 and 11 are 2.1, 2.7, 3.6 and 5.0 sigma."""
    assert sigma_of(ln_bayes) == pytest.approx(sigma, abs=0.09)


def test_what_speaks_against_is_no_detection_and_what_is_sure_is_finite() -> None:
    assert sigma_of(-2.0) == 0
    assert sigma_of(float("nan")) == 0
    assert 30 < sigma_of(590) < sigma_of(700) < 40
