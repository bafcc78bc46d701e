"""Several levels, groups of planets, the graph network, and the trial that chooses among forms."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from spectramind.config.compose import compose
from spectramind.config.uq import CorelConfig
from spectramind.contracts.circumstances import PlanetCircumstances
from spectramind.errors import ConfigError, SchemaError
from spectramind.evaluation.coverage import conformal_rank
from spectramind.uncertainty import corel_trial
from spectramind.uncertainty.calibration_set import CalibrationSet
from spectramind.uncertainty.corel import Corel, conformal_quantiles
from spectramind.uncertainty.corel_trial import choose, run_trial, summary
from spectramind.uncertainty.mondrian import Mondrian, corel_promise
from spectramind.uncertainty.quantile_network import QuantileNetwork
from spectramind.uncertainty.smoothing import bin_smoother

Array = NDArray[np.float64]
SMOOTHER = bin_smoother(0.05)
BINS, SETS = 283, 500


def normal(rng: np.random.Generator, n: int) -> Array:
    return rng.normal(size=(n, BINS))


def heavy_tailed(rng: np.random.Generator, n: int) -> Array:
    return rng.standard_t(2.5, size=(n, BINS))


def heteroscedastic(rng: np.random.Generator, n: int) -> Array:
    return normal(rng, n) * np.exp(0.7 * rng.normal(size=(n, 1)))


def correlated(rng: np.random.Generator, n: int) -> Array:
    return np.sqrt(0.9) * rng.normal(size=(n, 1)) + np.sqrt(0.1) * normal(rng, n)


ERRORS = [normal, heavy_tailed, heteroscedastic, correlated]


def settings(*overrides: str) -> CorelConfig:
    return compose([f"calib.corel.{one}" for one in overrides]).calib.corel


def circumstances(
    n: int, doubted: NDArray[np.bool_] | None = None, noise: Array | None = None
) -> PlanetCircumstances:
    return PlanetCircumstances(
        tuple(f"p{i:04d}" for i in range(n)),
        np.zeros(n, dtype=bool) if doubted is None else doubted,
        np.full(n, 0.3),
        np.full(n, 5500.0),
        np.full(n, 170.0) if noise is None else noise,
    )


def told(z: Array, known: PlanetCircumstances | None = None) -> CalibrationSet:
    known = known or circumstances(len(z))
    flat = np.ones_like(z)
    return CalibrationSet.of(known.planet_ids, z, 0.01 * flat, 1e-4 * flat, (), known)


def within_chance(covered: NDArray[np.bool_], low: float, high: float) -> None:
    """Every bin's count over independent sets is what chance (1 in 1e6 a side) allows."""
    counts = covered.sum(axis=0)
    assert (counts >= stats.binom.ppf(1e-6, len(covered), low)).all()
    assert (counts <= stats.binom.isf(1e-6, len(covered), high)).all()


@pytest.mark.parametrize("errors", ERRORS)
def test_plain_forms_cover_as_ranks_say_at_every_level(errors: Callable[..., Array]) -> None:
    rng, n, asked = np.random.default_rng(1), 41, settings("alpha=[0.1,0.32]")
    inside = {form: np.zeros((2, SETS, BINS), dtype=bool) for form in ("split", "cross", "lift")}
    for number in range(SETS):
        known, new = told(errors(rng, n)), np.abs(errors(rng, 1)[0])
        for form, found in inside.items():
            fitted = Corel.learn(known, asked, form, SMOOTHER, "cross")  # type: ignore[arg-type]
            for row, level in enumerate(fitted.every_level):
                found[row, number] = new <= level.quantiles[0]
    for form, found in inside.items():
        for row, alpha in enumerate((0.1, 0.32)):
            exact = conformal_rank(n, alpha) / (n + 1)
            within_chance(found[row], exact, 1.0 if form == "lift" else exact)


@pytest.mark.parametrize("errors", ERRORS)
def test_network_form_covers_as_its_rank_says(
    errors: Callable[..., Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    """g here follows its teachers blindly, as far as a network ever could: the largest z it was
    shown. Coverage is exact nevertheless, as long as no teacher conformalises.
    """

    class Blind:
        def __init__(self, size: Array) -> None:
            self.largest = size.max(axis=0)

        def scale(self, mu: Array, sigma: Array, known: PlanetCircumstances) -> Array:
            return np.broadcast_to(self.largest, mu.shape)

    monkeypatch.setattr(QuantileNetwork, "learn", lambda size, *rest: Blind(size))
    rng, n, asked = np.random.default_rng(2), 60, settings()
    covered = np.zeros((SETS, BINS), dtype=bool)
    for number in range(SETS):
        fitted = Corel.learn(told(errors(rng, n)), asked, "gnn", SMOOTHER)
        one = np.ones((1, BINS))
        width = fitted.intervals(0.01 * one, one, circumstances(1)).half_width[0]
        covered[number] = np.abs(errors(rng, 1)[0]) <= width
    exact = conformal_rank(36, 0.1) / 37
    within_chance(covered, exact, exact)


def loud(rng: np.random.Generator, n: int) -> tuple[Array, PlanetCircumstances]:
    """A third of the planets is doubted, and three times as wrong."""
    doubted = np.arange(n) % 3 == 0
    return normal(rng, n) * np.where(doubted, 3.0, 1.0)[:, None], circumstances(n, doubted)


def test_groups_cover_each_on_its_own() -> None:
    rng, n, asked = np.random.default_rng(3), 63, settings("groups=[doubted]")
    covered, pooled = np.zeros((2, SETS, BINS), dtype=bool), np.zeros((2, SETS, BINS), dtype=bool)
    for number in range(SETS):
        z, known = loud(rng, n)
        fitted = Corel.learn(told(z, known), asked, "split", SMOOTHER)
        new, of_new = loud(rng, 2)  # the first is doubted, the second is not
        one = np.ones((2, BINS))
        found = fitted.intervals(0.01 * one, one, of_new)
        assert found.groups == ("doubted", "rest")
        covered[:, number] = np.abs(new) <= found.half_width
        pooled[:, number] = np.abs(new) <= conformal_quantiles(np.abs(z), 0.1)
    for row, planets in enumerate((21, 42)):
        exact = conformal_rank(planets, 0.1) / (planets + 1)
        within_chance(covered[row], exact, exact)
    assert pooled[0].mean() < 0.8  # what one quantile for all does to the doubted


def test_a_small_group_joins_the_rest_and_small_rests_join_all() -> None:
    groups = Mondrian(("doubted", "faint"), margin=10)
    noise = np.where(np.arange(60) >= 40, 300.0, 170.0)
    labels = groups.labels(circumstances(60, np.arange(60) < 18, noise), 60)
    assert [(labels == i).sum() for i in range(3)] == [18, 20, 22]
    masks, names = groups.teachers(labels, 0.1)  # 9 needed, 19 with the margin
    assert names == ["rest", "faint", "rest"]
    assert [mask.sum() for mask in masks] == [40, 20, 40]
    masks, names = groups.teachers(labels[18:], 0.1)  # nobody is doubted here
    assert names == ["rest", "faint", "rest"]
    masks, names = groups.teachers(labels[30:], 0.1)  # ten are neither: too few by themselves
    assert names == ["all", "faint", "all"]
    assert [mask.sum() for mask in masks] == [30, 20, 30]
    assert groups.teachers(labels, 0.05)[1] == ["all", "all", "all"]


def test_first_group_that_fits_takes_a_planet_and_unknown_impact_is_not_grazing() -> None:
    known = circumstances(3, np.array([True, False, False]), np.full(3, 999.0))
    known.impact[:] = [0.9, 0.9, np.nan]
    assert Mondrian(("doubted", "grazing", "faint")).labels(known, 3).tolist() == [0, 1, 2]
    assert Mondrian(("grazing",)).labels(known, 3).tolist() == [0, 0, 1]


def test_promise_of_groups_is_said() -> None:
    assert "of each group that gave its own" in corel_promise("split", 0.1, True)
    assert "group" not in corel_promise("split", 0.1, False)


def scattered(rng: np.random.Generator, n: int) -> CalibrationSet:
    """Sigma is right but for faint planets, where it is three times too small: mu / sigma tells."""
    faint = rng.uniform(size=n) < 0.4
    sigma = np.where(faint, 3e-4, 1e-4)[:, None] * np.ones((n, BINS))
    z = normal(rng, n) * np.where(faint, 3.0, 1.0)[:, None]
    known = circumstances(n)
    return CalibrationSet.of(known.planet_ids, z, np.full((n, BINS), 0.01), sigma, (), known)


def test_order_of_planets_says_nothing_and_twice_gives_the_same_bits() -> None:
    rng = np.random.default_rng(4)
    known, asked = scattered(rng, 40), settings("groups=[doubted]", "gnn.steps=3")
    order = rng.permutation(40)
    ids = [known.ids[i] for i in order]
    other = CalibrationSet.of(
        ids, known.z[order], known.mu[order], known.sigma[order], (), known.circumstances
    )
    for form in ("split", "lift", "gnn"):
        one = Corel.learn(known, asked, form, SMOOTHER)  # type: ignore[arg-type]
        two = Corel.learn(other, asked, form, SMOOTHER)  # type: ignore[arg-type]
        np.testing.assert_array_equal(one.quantiles, two.quantiles)
        np.testing.assert_array_equal(one.factors, two.factors)
        widths = [
            c.intervals(known.mu, known.sigma, known.circumstances).half_width for c in (one, two)
        ]
        np.testing.assert_array_equal(*widths)


def test_network_tells_loud_planets_and_is_taken_by_itself() -> None:
    rng = np.random.default_rng(5)
    known, asked = scattered(rng, 90), settings("kind=auto", "gnn.rate=0.05", "gnn.steps=60")
    choice = choose(known, asked, SMOOTHER)
    assert choice.form == "gnn"
    assert "gains" in choice.reason
    plain = run_trial(known, asked, "split", SMOOTHER)
    assert choice.trial.score.mean() < 0.9 * plain.score.mean()
    quiet = told(normal(rng, 60))
    kept = choose(quiet, settings("kind=auto", "gnn.steps=10"), SMOOTHER)
    assert kept.form == "split"  # honest sigma: nothing gains over the plain quantile
    assert "not enough over split" in kept.reason or "stays behind" in kept.reason


def test_auto_says_why_the_network_was_not_tried() -> None:
    choice = choose(told(normal(np.random.default_rng(6), 22)), settings("kind=auto"), SMOOTHER)
    assert choice.form in ("split", "lift")
    assert "gnn not tried: calib.corel.kind=gnn needs 9 planets" in choice.reason


def test_trial_judges_planets_that_did_not_calibrate(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    class Spy(Corel):
        @classmethod
        def learn(cls, known, *rest):  # type: ignore[no-untyped-def]
            seen.append(set(known.ids))
            return Corel.learn(known, *rest)

    monkeypatch.setattr(corel_trial, "Corel", Spy)
    known = told(normal(np.random.default_rng(7), 60))
    trial = run_trial(known, settings(), "split", SMOOTHER)
    assert len(seen) == 5
    assert all(len(ids) == 48 for ids in seen)
    held = known.folds == 0
    by_hand = conformal_quantiles(np.abs(known.z[~held]), 0.1)
    np.testing.assert_allclose(trial.half_width[0, held], np.tile(by_hand, (12, 1)), rtol=1e-12)
    assert trial.coverage == pytest.approx(0.9, abs=0.03)


def test_summary_counts_regions_ratios_and_groups() -> None:
    rng = np.random.default_rng(8)
    z, known = loud(rng, 60)
    asked = settings("groups=[doubted]", "alpha=[0.1,0.01]")
    found = summary(told(z, known), run_trial(told(z, known), asked, "split", SMOOTHER), asked)
    assert found["0.01"] is None  # 48 planets are too few
    assert found["0.1"]["coverage"] == pytest.approx(0.9, abs=0.03)
    assert set(found["0.1"]["regions"]) == {"h2o", "co2", "ch4", "co", "nh3", "fgs1", "elsewhere"}
    assert found["0.1"]["groups"]["doubted"]["planets"] == 20


def test_what_is_needed_and_not_there_is_one_line() -> None:
    z = normal(np.random.default_rng(9), 40)
    ids = [str(i) for i in range(40)]
    bare = CalibrationSet.of(ids, z, np.ones_like(z), np.ones_like(z))
    for asked, form in ((settings(), "gnn"), (settings("groups=[faint]"), "split")):
        with pytest.raises(ConfigError, match=r"calib\.corel\.groups=\[\]"):
            Corel.learn(bare, asked, form, SMOOTHER)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"split\.scheme=cross"):
        Corel.learn(bare, settings(), "cross", SMOOTHER, "split")
    fitted = Corel.learn(told(z), settings("groups=[faint]"), "split", SMOOTHER)
    with pytest.raises(ConfigError, match="features are not known"):
        fitted.intervals(z, z)
    with pytest.raises(SchemaError, match="planet x"):
        circumstances(2).select(["x"])
    few = told(z[:12])
    with pytest.raises(ConfigError, match="12 planets give 5 and 7"):
        Corel.learn(few, settings(), "gnn", SMOOTHER)


def test_more_levels_are_infinite_one_by_one() -> None:
    fitted = Corel.fit(normal(np.random.default_rng(10), 30), [0.1, 0.01], SMOOTHER, 30)
    assert fitted.alpha == 0.1
    assert np.isfinite(fitted.quantiles).all()
    assert np.isinf(fitted.every_level[1].quantiles).all()
    found = fitted.intervals(np.ones((2, BINS)), np.ones((2, BINS)))
    assert [one.level for one in found.every_level] == [0.9, 0.99]


def test_settings_take_one_number_or_several_and_refuse_nonsense() -> None:
    assert settings("alpha=0.2").alphas == (0.2,)
    assert settings("alpha=[0.05,0.1,0.32]").alphas == (0.05, 0.1, 0.32)
    bad = ("alpha=[]", "alpha=[0.1,0.1]", "alpha=[0.1,1.0]", "kind=best", "groups=[spotted]")
    for one in bad:
        with pytest.raises(ConfigError):
            settings(one)
