"""Priors as densities and as quantiles, and which parameters the switches leave."""

import numpy as np
import pytest
from scipy import stats

from spectramind.config.compose import compose
from spectramind.config.retrieving import QUANTITIES, ParameterConfig
from spectramind.errors import ConfigError, SchemaError
from spectramind.retrieval.parameter_space import (
    ParameterSpace,
    known_from_row,
    parameter_space,
    parameters_in_use,
)

KNOWN = {"star_radius_rsun": 0.9, "planet_mass_mjup": 1.1}


def one(**fields: object) -> ParameterSpace:
    prior = ParameterConfig(**({"value": None, "sd": None} | fields))
    return ParameterSpace(("planet_mass_mjup",), {}, ("planet_mass_mjup",), (prior,))


def test_the_usual_atmosphere() -> None:
    space = parameter_space(compose().retrieval)
    assert space.free == (
        "radius_ratio",
        "temperature_k",
        *(f"log10_{gas}" for gas in ("h2o", "co2", "co", "ch4", "nh3")),
        "cloud_log10_pa",
        "haze_log10",
        "haze_slope",
    )
    assert space.from_table == ("star_radius_rsun", "planet_mass_mjup")
    assert space.units[:2] == ("", "K")


def test_switches_bring_their_parameters() -> None:
    assert parameters_in_use(compose(["retrieval=full"]).retrieval) == tuple(QUANTITIES)
    bare = ["clouds=false", "haze=false", "gases=[h2o]"]
    config = compose([f"retrieval.{setting}" for setting in bare]).retrieval
    assert parameter_space(config).free == ("radius_ratio", "temperature_k", "log10_h2o")


def test_a_parameter_may_be_fixed_or_the_tables_with_an_error() -> None:
    at = "retrieval.parameters"
    settings = [f"{at}.temperature_k.prior=fixed", f"{at}.temperature_k.value=900"]
    space = parameter_space(compose([*settings, f"{at}.planet_mass_mjup.sd=0.1"]).retrieval)
    assert space.fixed == {"temperature_k": 900.0}
    assert space.free[:2] == ("planet_mass_mjup", "radius_ratio")
    half = space.from_unit(np.full((1, len(space.free)), 0.5), KNOWN)
    assert half[0, 0] == pytest.approx(1.1)
    assert half[0, 1] == pytest.approx(np.sqrt(0.02 * 0.35))


def test_nothing_free_is_refused() -> None:
    bare = ["clouds=false", "haze=false", "gases=[]"]
    for name, value in (("temperature_k", 900), ("radius_ratio", 0.1)):
        bare += [f"parameters.{name}.prior=fixed", f"parameters.{name}.value={value}"]
    with pytest.raises(ConfigError, match="no parameter is free"):
        parameter_space(compose([f"retrieval.{setting}" for setting in bare]).retrieval)


@pytest.mark.parametrize(
    ("fields", "law"),
    [
        ({"prior": "uniform", "range": (0.5, 3.0)}, stats.uniform(0.5, 2.5)),
        ({"prior": "loguniform", "range": (0.5, 3.0)}, stats.loguniform(0.5, 3.0)),
        (
            {"prior": "normal", "range": (0.5, 3.0), "value": 1.0, "sd": 0.4},
            stats.truncnorm(-0.5 / 0.4, 2.0 / 0.4, loc=1.0, scale=0.4),
        ),
        (
            {"prior": "table", "range": (0.5, 3.0), "sd": 0.2},
            stats.truncnorm(-0.6 / 0.22, 1.9 / 0.22, loc=1.1, scale=0.22),
        ),
    ],
)
def test_priors_are_the_laws_they_are_named_after(fields: dict[str, object], law: object) -> None:
    space = one(**fields)
    share = np.array([[0.0], [0.01], [0.3], [0.5], [0.99], [1.0]])
    np.testing.assert_allclose(space.from_unit(share, KNOWN)[:, 0], law.ppf(share[:, 0]), rtol=1e-9)
    inside = np.array([[0.51], [1.2], [2.9]])
    np.testing.assert_allclose(space.log_prior(inside, KNOWN), law.logpdf(inside[:, 0]), rtol=1e-9)
    assert np.all(space.log_prior(np.array([[0.4], [3.1]]), KNOWN) == -np.inf)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("temperature_k.range=[10,900]", r"temperature_k': range .* outside 150..4000 K"),
        ("temperature_k.prior=fixed", "prior fixed needs a value"),
        ("temperature_k.prior=normal", "prior normal needs a value"),
        ("haze_slope.prior=loguniform", "needs a range above 0"),
        ("haze_slope={prior: table, sd: 0}", "prior cannot be table"),
        ("haze_slope={prior: fixed, value: 3}", r"value 3 is outside its range -8..-1"),
        ("haze_slope.range=[-2,-2]", "is one value: say prior fixed"),
    ],
)
def test_priors_that_cannot_be(setting: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compose([f"retrieval.parameters.{setting}"])


def test_what_the_star_table_says() -> None:
    names = ("star_radius_rsun", "planet_mass_mjup")
    assert known_from_row({"Rs": 0.9, "Mp": 1.1, "Ts": 5000.0}, names) == KNOWN
    with pytest.raises(SchemaError, match=r"Mp is nan, outside 0\.001"):
        known_from_row({"Rs": 0.9}, names)
