"""Shapley values against games whose answer is known."""

import sys
from itertools import permutations

import numpy as np
import pytest

from spectramind.diagnostics.shapley import least_masks, permutations_of, shapley_shares
from spectramind.errors import ConfigError

Mask = np.ndarray


def additive(kept: Mask) -> np.ndarray:
    return np.stack([kept @ [1.0, -2.0, 5.0] + 10, kept @ [0.0, 3.0, 0.0]], axis=1)


def crossed(kept: Mask) -> np.ndarray:
    """Two inputs that count only together, and one alone."""
    return (4.0 * kept[:, 0] * kept[:, 1] + kept[:, 2])[:, None]


def tangled(kept: Mask) -> np.ndarray:
    x = kept.astype(float)
    return (x[:, 0] * np.exp(x[:, 1]) + x[:, 1] * x[:, 2] * 3 - x[:, 0] * x[:, 2])[:, None]


def exact(game: object, groups: int) -> np.ndarray:
    """The mean over all orders."""
    shares = np.zeros(groups)
    orders = list(permutations(range(groups)))
    for order in orders:
        kept = np.zeros((1, groups), dtype=bool)
        before = game(kept)[0, 0]
        for one in order:
            kept[0, one] = True
            after = game(kept)[0, 0]
            shares[one] += after - before
            before = after
    return shares / len(orders)


def test_of_a_sum_every_part_gets_its_own() -> None:
    found = shapley_shares(additive, 3, 7, 0)
    np.testing.assert_allclose(found.base, [10, 0])
    np.testing.assert_allclose(found.shares, [[1, 0], [-2, 3], [5, 0]], atol=1e-12)
    np.testing.assert_allclose(found.whole, [14, 3])
    np.testing.assert_allclose(found.residual, 0, atol=1e-12)


def test_what_counts_together_is_halved() -> None:
    found = shapley_shares(crossed, 3, 7, 1)
    np.testing.assert_allclose(found.shares[:, 0], [2, 2, 1], atol=1e-12)


def test_shares_add_up_whatever_is_sampled_and_tend_to_the_exact_ones() -> None:
    few, many = (shapley_shares(tangled, 3, count, 2) for count in (7, 700))
    assert abs(few.residual[0]) < 1e-12
    assert abs(many.residual[0]) < 1e-12
    np.testing.assert_allclose(many.shares[:, 0], exact(tangled, 3), atol=0.1)


def test_a_mask_is_asked_for_once() -> None:
    asked: list[bytes] = []

    def counted(kept: Mask) -> np.ndarray:
        asked.extend(mask.tobytes() for mask in kept)
        return additive(kept)

    shapley_shares(counted, 3, 21, 0)
    assert len(asked) == len(set(asked)) <= 8


def test_the_same_seed_gives_the_same_and_leaves_the_generator_of_others_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two = (shapley_shares(tangled, 3, 7, 5).shares for _ in range(2))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_too_few_masks_are_refused() -> None:
    assert (least_masks(12), permutations_of(12, 62)) == (25, 2)
    with pytest.raises(ConfigError, match="evaluations is 6: 3 groups of inputs need 7"):
        shapley_shares(additive, 3, 6, 0)


def test_without_shap_a_line_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(ConfigError, match=r"pip install 'spectramind\[explain\]'"):
        shapley_shares(additive, 3, 7, 0)
