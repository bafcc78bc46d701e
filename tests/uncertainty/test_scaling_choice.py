import numpy as np
import pytest

from spectramind.contracts.predictive import Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.errors import SchemaError
from spectramind.uncertainty.scaling import JudgedSigmas, fit_scaling
from spectramind.uncertainty.scaling_choice import choose_scaling, pick


def judged(
    planets: int, fgs1: float, level: float, shape: float, seed: int, tails: float = 0.0
) -> JudgedSigmas:
    """Errors so many times what sigma says; ``tails``: share of planets five times further off."""
    rng = np.random.default_rng(seed)
    common, own = 2e-5, 4e-5 * rng.uniform(0, 1, 283)
    own[10] = 0.0
    sigma = np.sqrt(common**2 + own**2) * np.ones((planets, 283))
    worse = np.where(rng.random((planets, 1)) < tails, 5.0, 1.0)
    error = level * common * rng.normal(size=(planets, 1))
    error = error + shape * own * rng.normal(size=(planets, 283))
    error[:, 0] = fgs1 * sigma[:, 0] * rng.normal(size=planets)
    truth = 0.01 * (1 + 0.3 * rng.normal(size=(planets, 1))) * np.ones(283)
    ids = tuple(f"p{i}" for i in range(planets))
    spectra = Spectra(ids, truth - worse * error, sigma)
    return JudgedSigmas.of(Predictive(spectra), truth, "likelihood")


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ((0.5, 0.5, 0.5), "global"),
        ((2.0, 2.0, 2.0), "global"),
        ((2.0, 0.6, 0.6), "detectors"),
        ((1.0, 0.4, 2.5), "channels"),
    ],
)
def test_the_kind_that_is_true_is_chosen(
    factors: tuple[float, float, float], expected: str
) -> None:
    chosen = [
        choose_scaling(judged(100, *factors, seed), np.arange(100) % 5, 10, "likelihood")[0].kind
        for seed in range(10)
    ]
    assert chosen.count(expected) >= 8, chosen
    assert "none" not in chosen


def test_an_honest_sigma_is_left_alone_and_never_costs() -> None:
    kinds, costs = [], []
    for seed in range(30):
        data = judged(100, 1, 1, 1, seed)
        found, choice = choose_scaling(data, np.arange(100) % 5, 10, "likelihood")
        fresh = judged(400, 1, 1, 1, 1000 + seed)
        costs.append(fresh.gains(found).mean())
        kinds.append(found.kind)
        if found.kind == "none":
            assert found.apply(np.full((1, 283), 3.0)).tolist() == [[3.0] * 283]
            assert choice.reason.startswith("none: ")
    assert kinds.count("none") >= 21
    assert np.mean(costs) > -0.004  # nats a bin: 0.0005 of score


def test_a_few_confident_mistakes_do_not_widen_everybody() -> None:
    """Most sigmas are a quarter too wide, 3 % of the planets are far off: no factor is right."""
    kinds, ours, plain = [], [], []
    for seed in range(20):
        data = judged(60, 0.8, 0.8, 0.8, seed, tails=0.03)
        found, choice = choose_scaling(data, np.arange(60) % 5, 10, "likelihood")
        fresh = judged(1000, 0.8, 0.8, 0.8, 500 + seed, tails=0.03)
        ours.append(fresh.gains(found).mean())
        plain.append(fresh.gains(fit_scaling("global", data, 10)).mean())
        kinds.append(found.kind)
        if found.kind != "none":
            assert choice.gains[found.kind].mean > 0
    assert kinds.count("none") >= 14
    assert np.mean(ours) > np.mean(plain)


def test_one_standard_error_towards_the_plainer() -> None:
    steps = np.array([1.0, -1.0] * 50)
    # Paired differences 0.05 +- 0.1 and 0.3 +- 0.1: the first is luck, the second is not.
    assert pick({"none": 0 * steps, "global": 0.05 + steps}) == "none"
    assert pick({"none": 0 * steps, "global": 0.3 + steps}) == "global"
    assert pick({"none": 0 * steps, "global": 1 + 0 * steps, "detectors": 1.05 + steps}) == "global"
    assert pick({"none": 0 * steps, "global": -1 + 0 * steps}) == "none"


def test_gains_are_of_planets_that_did_not_fit_by_hand() -> None:
    data, groups = judged(12, 2, 2, 2, 0), np.arange(12) % 3
    _, choice = choose_scaling(data, groups, 0, "likelihood")
    by_hand = np.zeros(12)
    for group in range(3):
        fitted = fit_scaling("global", data.some(groups != group), 0)
        by_hand[groups == group] = data.some(groups == group).gains(fitted)
    assert choice.gains["global"].mean == pytest.approx(by_hand.mean())
    assert choice.gains["global"].error == pytest.approx(by_hand.std(ddof=1) / np.sqrt(12))


def test_a_choice_that_loses_when_it_is_held_out_is_not_made() -> None:
    """Two groups of opposite needs: each fits what harms the other."""
    wide, narrow = judged(20, 3, 3, 3, 0), judged(20, 0.3, 0.3, 0.3, 1)
    mixed = JudgedSigmas(
        *(np.concatenate([getattr(wide, k), getattr(narrow, k)]) for k in vars(wide))
    )
    found, choice = choose_scaling(mixed, np.repeat([0, 1, 2, 3], 10), 0, "likelihood")
    assert choice.gains["global"].mean > choice.gains["global"].error
    assert choice.nested is not None
    assert choice.nested.mean < 0
    assert found.kind == "none"
    assert choice.reason.startswith("none: global would be chosen, but choosing loses")


def test_order_of_the_planets_does_not_matter() -> None:
    data, groups = judged(40, 1.5, 0.7, 0.7, 3), np.arange(40) % 5
    order = np.random.default_rng(0).permutation(40)
    shuffled = JudgedSigmas(data.z2[order], data.weights[order], data.shared[order])
    one, other = (
        choose_scaling(d, g, 10, "likelihood")
        for d, g in ((data, groups), (shuffled, groups[order]))
    )
    assert one[0].kind == other[0].kind
    assert one[0].tau == pytest.approx(other[0].tau)


@pytest.mark.parametrize("planets", [1, 2])
def test_too_few_planets_to_hold_some_out(planets: int) -> None:
    found, choice = choose_scaling(judged(planets, 2, 2, 2, 0), None, 10, "likelihood")
    assert found.kind == "none"
    assert choice.describe() == f"none: {planets} planets are too few to hold some out"


@pytest.mark.parametrize("groups", [None, np.zeros(30, dtype=int), np.arange(30) % 2])
def test_without_three_groups_planets_are_dealt(groups: np.ndarray | None) -> None:
    found, choice = choose_scaling(judged(30, 3, 3, 3, 0), groups, 10, "likelihood")
    assert found.kind != "none"
    assert choice.nested is not None
    assert "held-out gain, nats a bin: global +" in choice.describe()


def test_no_error_at_all_is_refused() -> None:
    data = judged(10, 1, 1, 1, 0)
    with pytest.raises(SchemaError, match="all 0"):
        choose_scaling(JudgedSigmas(0 * data.z2, data.weights, data.shared), None, 10, "likelihood")
