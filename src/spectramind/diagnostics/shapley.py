"""Shapley values (Lundberg & Lee 2017, arXiv:1705.07874) of groups of inputs, by the shap package.

Permutations are drawn and walked both ways (``shap.PermutationExplainer``). Along each of them the
groups' shares add up to the whole difference exactly: only how it is split among the groups is
sampled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectramind.errors import ConfigError

Array = NDArray[np.float64]
# (K, M) which groups are kept -> (K, O) values.
Game = Callable[[NDArray[np.bool_]], Array]


@dataclass(frozen=True, eq=False)
class ShapleyShares:
    """How a value comes about from groups of inputs.

    Attributes:
        base: (O,) with no group kept. shares: (M, O). whole: (O,) with all kept.
    """

    base: Array
    shares: Array
    whole: Array

    @property
    def residual(self) -> Array:
        """What base and shares miss of the whole, (O,)."""
        missed: Array = self.whole - self.base - self.shares.sum(axis=0)
        return missed


def least_masks(groups: int) -> int:
    """Masks of one permutation walked both ways."""
    return 2 * groups + 1


def permutations_of(groups: int, evaluations: int) -> int:
    """Permutations that so many masks allow."""
    return evaluations // least_masks(groups)


def require_shap() -> Any:
    """The package.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import shap  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            f"diagnose shap needs the package shap ({error}): pip install 'spectramind[explain]'"
        ) from error
    return shap


def shapley_shares(game: Game, groups: int, evaluations: int, seed: int) -> ShapleyShares:
    """Shares of each group.

    Args:
        game: what to explain. groups: M. evaluations: masks to spend.
        seed: of the permutations; the generator of NumPy's own functions stays as it was.

    Raises:
        ConfigError: shap is not installed, or the masks do not suffice for one permutation.
    """
    if evaluations < least_masks(groups):
        raise ConfigError(
            f"diag.shap.evaluations is {evaluations}: {groups} groups of inputs need "
            f"{least_masks(groups)} at least"
        )
    shap = require_shap()

    known: dict[bytes, Array] = {}  # orders share their ends

    def model(given: Array) -> Array:
        kept = np.asarray(given) > 0.5
        new = {mask.tobytes(): mask for mask in kept if mask.tobytes() not in known}
        if new:
            known.update(zip(new, game(np.stack(list(new.values()))), strict=True))
        return np.stack([known[mask.tobytes()] for mask in kept])

    # shap seeds NumPy's own generator.
    before = np.random.get_state()  # noqa: NPY002
    try:
        explainer = shap.PermutationExplainer(model, np.zeros((1, groups)), seed=seed)
        found = explainer(np.ones((1, groups)), max_evals=evaluations, silent=True)
    finally:
        np.random.set_state(before)  # noqa: NPY002
    shares = np.asarray(found.values, dtype=np.float64).reshape(groups, -1)
    base = np.asarray(found.base_values, dtype=np.float64).reshape(-1)
    return ShapleyShares(base, shares, model(np.ones((1, groups)))[0])
