import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize

from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.evaluation.official import (
    bin_weights,
    element_scores,
    naive_moments,
    planet_scores,
    score_weights,
)
from spectramind.uncertainty.corel import Corel
from spectramind.uncertainty.scaling import JudgedSigmas, descend, fit_scaling
from spectramind.uncertainty.smoothing import bin_smoother
from spectramind.uncertainty.temperature import KINDS, ScalingKind, Temperature

Array = NDArray[np.float64]
FITTED = [kind for kind in KINDS if kind != "none"]


def told(
    planets: int, fgs1: float = 1.0, level: float = 1.0, shape: float = 1.0, seed: int = 0
) -> tuple[Predictive, Array]:
    """Planets whose errors are so many times what sigma says, in FGS1, AIRS level, AIRS shape."""
    rng = np.random.default_rng(seed)
    truth = 0.01 * (1 + 0.3 * rng.normal(size=(planets, 1))) + 1e-4 * rng.normal(size=283)
    common = 2e-5 * np.exp(0.3 * rng.normal(size=(planets, 1)))
    own = 5e-5 * rng.uniform(0, 1, 283)
    own[10] = 0.0
    sigma = np.sqrt(common**2 + own**2) * np.ones((planets, 283))
    error = level * common * rng.normal(size=(planets, 1)) + shape * own * rng.normal(
        size=(planets, 283)
    )
    error[:, 0] = fgs1 * sigma[:, 0] * rng.normal(size=planets)
    ids = tuple(f"p{i}" for i in range(planets))
    return Predictive(Spectra(ids, truth - error, sigma)), truth


@pytest.mark.parametrize("objective", ["likelihood", "score"])
@pytest.mark.parametrize("prior_planets", [0.0, 10.0])
@pytest.mark.parametrize("kind", ["global", "detectors"])
def test_closed_form_and_descent_agree(
    kind: ScalingKind, prior_planets: float, objective: str
) -> None:
    data = JudgedSigmas.of(*told(25, 1.6, 0.5, 0.8), objective)
    closed = fit_scaling(kind, data, prior_planets)
    channels = closed.channels or (closed.tau,) * 3
    np.testing.assert_allclose(descend(kind, data, prior_planets), channels, rtol=1e-6)


def test_one_factor_by_likelihood_is_the_temperature_as_it_was() -> None:
    answer, truth = told(30, 1.4, 0.7, 1.2)
    z = (truth - answer.spectra.mu) / answer.spectra.sigma
    found = fit_scaling("global", JudgedSigmas.of(answer, truth, "likelihood"), 10)
    assert found == Temperature(pytest.approx(Temperature.fit(z, 10).tau, rel=1e-13), 30)


def test_three_known_factors_come_back() -> None:
    data = JudgedSigmas.of(*told(4000, 1.5, 0.6, 2.0), "likelihood")
    found = fit_scaling("channels", data, 0)
    assert found.channels == pytest.approx((1.5, 0.6, 2.0), rel=0.04)


def test_channels_beat_whatever_is_near_them() -> None:
    data = JudgedSigmas.of(*told(60, 1.3, 0.8, 1.5), "likelihood")
    found = fit_scaling("channels", data, 0)
    assert found.channels is not None
    best = data.gains(found).mean()
    for channel in range(3):
        for step in (0.99, 1.01):
            near = list(found.channels)
            near[channel] *= step
            other = Temperature.of("channels", (near[0], near[1], near[2]), 60)
            assert data.gains(other).mean() < best


@pytest.mark.parametrize("kind", FITTED)
def test_the_score_as_objective_maximises_the_official_score(kind: ScalingKind) -> None:
    answer, truth = told(40, 1.7, 0.6, 1.4)
    data = JudgedSigmas.of(answer, truth, "score")
    found = fit_scaling(kind, data, 0)
    which = {"global": [0, 0, 0], "detectors": [0, 1, 1], "channels": [0, 1, 2]}[kind]
    moments = naive_moments(truth)

    def score(channels: Array) -> float:
        fitted = Temperature.of("channels", tuple(channels), 40)
        sigma = fitted.apply(answer.spectra.sigma)
        return planet_scores(element_scores(truth, answer.spectra.mu, sigma, *moments)).mean()

    by_hand = minimize(
        lambda logs: -score(np.exp(logs)[which]),
        np.zeros(max(which) + 1),
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-13, "maxiter": 2000},
    )
    channels = found.channels or (found.tau,) * 3
    np.testing.assert_allclose(channels, np.exp(by_hand.x)[which], rtol=1e-4)
    # Its gains are those of the official score, planet by planet.
    spectra = answer.spectra
    plain = planet_scores(element_scores(truth, spectra.mu, spectra.sigma, *moments))
    sigma = found.apply(answer.spectra.sigma)
    better = planet_scores(element_scores(truth, answer.spectra.mu, sigma, *moments))
    np.testing.assert_allclose(data.gains(found), better - plain, atol=1e-12)


def test_score_weights_by_hand() -> None:
    truth = np.full((1, 283), 0.012)
    weights = score_weights(truth, 0.010, 0.004)
    naive = 0.5 * 0.5**2  # half a standard deviation off
    assert weights[0, 0] == pytest.approx(57.846 / 339.846 / (np.log(0.004 / 1e-6) + naive))
    assert weights[0, 7] == pytest.approx(1 / 339.846 / (np.log(0.004 / 1e-5) + naive))


@pytest.mark.parametrize("kind", KINDS)
def test_a_scaled_sigma_gets_the_factors_that_undo_it(kind: ScalingKind) -> None:
    answer, truth = told(50, 1.2, 0.8, 1.1)
    halved = Predictive(Spectra(answer.planet_ids, answer.spectra.mu, answer.spectra.sigma / 2))
    one, other = (
        fit_scaling(kind, JudgedSigmas.of(each, truth, "likelihood"), 0).apply(each.spectra.sigma)
        for each in (answer, halved)
    )
    if kind == "none":
        np.testing.assert_array_equal(other, one / 2)
    else:
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_where_all_airs_sigmas_are_alike_nothing_is_told_apart() -> None:
    answer, truth = told(30, level=1.5)
    flat = Predictive(Spectra(answer.planet_ids, answer.spectra.mu, np.full((30, 283), 5e-5)))
    found = fit_scaling("channels", JudgedSigmas.of(flat, truth, "likelihood"), 10)
    assert found.channels is not None
    assert found.channels[1] == pytest.approx(found.channels[2], rel=1e-6)


def test_the_inputs_stay_as_they_were() -> None:
    answer, truth = told(10)
    before = answer.spectra.sigma.copy()
    found = fit_scaling("channels", JudgedSigmas.of(answer, truth, "score"), 10)
    found.apply(answer.spectra.sigma)
    np.testing.assert_array_equal(answer.spectra.sigma, before)


def test_what_nothing_can_be_fitted_to_is_refused() -> None:
    answer, truth = told(5)
    with pytest.raises(SchemaError, match="all 0"):
        fit_scaling("global", JudgedSigmas.of(answer, answer.spectra.mu, "likelihood"), 10)
    with pytest.raises(SchemaError, match="NaN"):
        JudgedSigmas.of(answer, np.where(truth > 0, np.nan, truth), "likelihood")


def test_weights_of_the_likelihood_are_the_metrics() -> None:
    data = JudgedSigmas.of(*told(3), "likelihood")
    np.testing.assert_allclose(data.weights, np.tile(bin_weights() / 339.846, (3, 1)))


def test_factors_of_detectors_cancel_in_the_intervals() -> None:
    """Out-of-fold scores judge themselves by factors fitted on them: it must not matter."""
    answer, truth = told(60, 1.7, 0.6, 0.9)
    found = fit_scaling("detectors", JudgedSigmas.of(answer, truth, "likelihood"), 10)
    assert found.channels is not None
    assert min(abs(np.log(found.channels))) > 0.1
    smoother, new = bin_smoother(0.05), answer.spectra.sigma[:4] * 1.3
    error = truth - answer.spectra.mu

    def half_width(one: Temperature) -> Array:
        z = error / one.apply(answer.spectra.sigma)
        return Corel.fit(z, 0.1, smoother, 30, "cross").half_width(one.apply(new))

    np.testing.assert_allclose(half_width(found), half_width(Temperature(1.0, 60)), rtol=1e-12)
