"""Learning the prior: pooled moments, few or no labels, better than either source alone."""

import numpy as np
import pytest

from spectramind.config.compose import compose
from spectramind.config.model import PriorConfig
from spectramind.contracts.measurement import Measurement
from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS
from spectramind.prior import prior_fit
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.prior.moments import Moments, blend, moments
from spectramind.prior.prior_fit import SIZES, fit_prior


def settings(source: str, components: int = 20) -> PriorConfig:
    values = {"source": source, "atmospheres": 200, "components": components}
    values |= {"synthetic.atmospheres": 200, "synthetic.opacities": 400, "synthetic.clusters": 4}
    return compose([f"model.prior.{name}={value}" for name, value in values.items()]).model.prior


def blank(count: int) -> list[list[Measurement]]:
    """Visits that state the errors they have, none."""
    return [
        [Measurement(np.full(N_BINS, 0.01), np.full(N_BINS, 1e-8), np.zeros((N_BINS, 1)))]
    ] * count


def test_pooled_moments_are_those_of_all_rows() -> None:
    rows = np.random.default_rng(0).normal(2, 3, (17, 4))
    pooled, whole = blend(moments(rows[:5]), moments(rows[5:])), moments(rows)
    assert pooled.count == whole.count == 17
    np.testing.assert_allclose(pooled.mean, whole.mean)
    np.testing.assert_allclose(pooled.covariance, whole.covariance)


def test_no_rows_know_nothing() -> None:
    rows = np.random.default_rng(1).normal(2, 3, (17, 4))
    none = moments(rows[:0]).counting(50.0)
    assert none.count == 0
    np.testing.assert_array_equal(blend(none, moments(rows)).covariance, moments(rows).covariance)


def test_a_count_is_a_weight() -> None:
    one = Moments(1.0, np.array([0.0]), np.array([[1.0]]))
    three = Moments(9.0, np.array([4.0]), np.array([[1.0]])).counting(3.0)
    pooled = blend(one, three)
    assert pooled.mean[0] == pytest.approx(3.0)
    assert pooled.covariance[0, 0] == pytest.approx(1 + 0.25 * 0.75 * 16)


def test_atmospheres_are_spectra_and_always_the_same() -> None:
    spectra = atmosphere_spectra(60)
    assert spectra.shape == (60, N_BINS)
    assert (spectra > 0).all()
    np.testing.assert_array_equal(spectra, atmosphere_spectra.__wrapped__(60))
    rms = (spectra[:, 1:]).std(axis=1)
    assert np.mean((rms > SIZES[0] / 2) & (rms < 2 * SIZES[-1])) > 0.85  # the classes' range


def test_an_atmosphere_that_is_not_bound_is_drawn_again() -> None:
    """Draw 270 would reach beyond three radii; the first 256 stay what they were."""
    spectra = atmosphere_spectra(272)
    assert np.isfinite(spectra).all()
    np.testing.assert_array_equal(spectra[:200], atmosphere_spectra(200))
    assert (spectra[269] > 0).all()


def test_labels_alone_compute_no_atmosphere(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(count: int) -> np.ndarray:
        raise AssertionError(f"{count} atmospheres computed")

    monkeypatch.setattr(prior_fit, "atmosphere_spectra", never)
    labels = np.random.default_rng(4).normal(0.02, 1e-4, (4, N_BINS))
    assert prior_fit.fit_prior(labels, blank(4), settings("labels")).weight.sum() == pytest.approx(
        1
    )


def log_evidence(prior, spectra: np.ndarray, sigma: float) -> float:
    """Mean log probability of spectra seen through white noise, by dense matrices."""
    each = []
    for y in spectra:
        parts = []
        for w, size in zip(prior.weight, prior.size, strict=True):
            mean, c, r = prior.of_size(size)
            covariance = c @ c.T + np.diag(r + sigma**2)
            off = y - mean
            _, log_det = np.linalg.slogdet(covariance)
            parts.append(np.log(w) - 0.5 * (off @ np.linalg.solve(covariance, off) + log_det))
        each.append(np.logaddexp.reduce(parts))
    return float(np.mean(each))


@pytest.mark.parametrize("count", [3, 12])
def test_labels_and_atmospheres_together_beat_either(count: int) -> None:
    """Planets with a feature no atmosphere has, and too few to learn all the others from."""
    rng = np.random.default_rng(5)
    drawn = atmosphere_spectra(200)
    rms = drawn[:, 1:].std(axis=1)
    plain = drawn[(rms > 3e-5) & (rms < 1.5e-4)][: count + 20]
    bump = 1e-4 * np.exp(-(((np.arange(N_BINS) - 150) / 8) ** 2))
    spectra = plain + rng.normal(1, 0.3, (len(plain), 1)) * bump
    labels, held_out = spectra[:count], spectra[count:]
    score = {
        source: log_evidence(
            fit_prior(labels, blank(count), settings(source)), held_out, sigma=2e-5
        )
        for source in ("labels", "atmosphere", "both")
    }
    assert score["both"] > score["labels"]
    assert score["both"] > score["atmosphere"]


def test_no_labels_are_enough_for_atmospheres() -> None:
    prior = fit_prior(np.zeros((0, N_BINS)), [], settings("atmosphere"))
    assert prior.errors.noise == 1.0
    assert prior.weight.sum() == pytest.approx(1.0)
    truth = atmosphere_spectra(200)[7]
    rng = np.random.default_rng(2)
    measured = Measurement(
        truth + 1e-4 * rng.standard_normal(N_BINS), np.full(N_BINS, 1e-8), np.zeros((N_BINS, 1))
    )
    answer = prior.posterior([measured])
    assert np.std(answer.mean - truth) < 0.5e-4
    assert np.mean(((answer.mean - truth) / answer.sigma) ** 2) < 3


def test_atmospheres_alone_do_not_look_at_labels() -> None:
    labels = np.random.default_rng(3).normal(0.02, 1e-3, (5, N_BINS))
    with_labels = fit_prior(labels, blank(5), settings("atmosphere"))
    without = fit_prior(labels[:0], [], settings("atmosphere"))
    np.testing.assert_array_equal(with_labels.shape, without.shape)
    assert with_labels.errors.noise == without.errors.noise == 1.0


def test_few_labels_alone_keep_few_components_and_two_are_refused() -> None:
    labels = np.random.default_rng(4).normal(0.02, 1e-4, (4, N_BINS))
    prior = fit_prior(labels, blank(4), settings("labels", 8))
    assert prior.components.shape == (N_BINS, 2)
    with pytest.raises(ConfigError, match="2 training planets"):
        fit_prior(labels[:2], blank(2), settings("both"))
