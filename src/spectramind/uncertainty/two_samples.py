"""Whether two sets of planets may be draws from one population: tests that need no label."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import fisher_exact, ks_2samp, rankdata

Array = NDArray[np.float64]
# Planets either set must have for a quantity to be compared: of 7 and 7 no test says much.
LEAST = 8
_AT_ONCE = 128  # permutations whose sums are held in memory


def quantity_p(seen: Array, new: Array) -> float:
    """How likely one quantity differs so much by chance: Kolmogorov-Smirnov, or, where it is only
    ever 0 or 1, Fisher's exact test.

    Args:
        seen: (n,), NaN where it is not known; new: (m,).

    Returns:
        p; NaN where a set knows it of fewer than ``LEAST`` planets, or it is one constant.
    """
    seen, new = seen[np.isfinite(seen)], new[np.isfinite(new)]
    values = np.unique(np.concatenate([seen, new]))
    if min(len(seen), len(new)) < LEAST or len(values) < 2:
        return float("nan")
    if set(values.tolist()) <= {0.0, 1.0}:
        table = [[int(one.sum()), len(one) - int(one.sum())] for one in (seen, new)]
        return float(fisher_exact(table).pvalue)
    return float(ks_2samp(seen, new).pvalue)


def holm(p: Array) -> Array:
    """Familywise p of each test (Holm 1979), (Q,); NaN stays NaN and does not count."""
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: np.isfinite(p).sum()]
    steps = np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1))
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def energy_p(seen: Array, new: Array, permutations: int, rng: np.random.Generator) -> float:
    """How likely all quantities together differ so much by chance: energy distance (Szekely & Rizzo
    2004) of their ranks, by permutation; exact, whatever the quantities depend on each other by.

    Ranks are of both sets together, so that no quantity's unit or tail rules; one that is not known
    of a planet stands in the middle.

    Args:
        seen: (n, Q), NaN where not known; new: (m, Q).
        permutations: how many; p is at least 1 / (permutations + 1).
        rng: draws them.
    """
    both = np.concatenate([seen, new])
    ranks = np.column_stack([_ranks(column) for column in both.T])
    distance = cdist(ranks, ranks)
    labels = np.zeros(len(both))
    labels[len(seen) :] = 1.0
    found = _energy(distance, labels[:, None])[0]
    beyond = 0
    for start in range(0, permutations, _AT_ONCE):
        count = min(_AT_ONCE, permutations - start)
        drawn = np.stack([rng.permutation(labels) for _ in range(count)], axis=1)
        # Sums of the same numbers in another order differ in the last digits: a tie is a tie.
        beyond += int((_energy(distance, drawn) >= found * (1 - 1e-9)).sum())
    return (beyond + 1) / (permutations + 1)


def _ranks(column: Array) -> Array:
    """Ranks of the known values in (0, 1), 1/2 for the others."""
    known = np.isfinite(column)
    ranks = np.full(len(column), 0.5)
    if known.any():
        ranks[known] = (rankdata(column[known]) - 0.5) / known.sum()
    return ranks


def _energy(distance: Array, new: Array) -> Array:
    """Energy distance of two groups: ``new`` (N, P) is 1 in the second; (P,)."""
    seen = 1.0 - new
    n, m = seen.sum(axis=0), new.sum(axis=0)
    to_new = distance @ new
    between = (seen * to_new).sum(axis=0)
    within_new = (new * to_new).sum(axis=0)
    within_seen = (seen * (distance @ seen)).sum(axis=0)
    energy: Array = 2 * between / (n * m) - within_new / m**2 - within_seen / n**2
    return energy


@dataclass(frozen=True, eq=False)
class SetsCompared:
    """Two sets compared.

    Attributes:
        quantities: (Q,) familywise p of each quantity among all, NaN where it was not compared.
        together: p of all quantities at once.
    """

    quantities: Array
    together: float

    @property
    def familywise(self) -> float:
        """p that the sets are alike in everything that was compared: two looks, so twice the
        smaller p.
        """
        known = self.quantities[np.isfinite(self.quantities)]
        return float(min(1.0, 2 * min([self.together, *known.tolist()])))


def compare(seen: Array, new: Array, permutations: int, rng: np.random.Generator) -> SetsCompared:
    """Compare two sets of planets, (n, Q) and (m, Q); see ``quantity_p`` and ``energy_p``."""
    each = np.array([quantity_p(a, b) for a, b in zip(seen.T, new.T, strict=True)])
    return SetsCompared(holm(each), energy_p(seen, new, permutations, rng))
