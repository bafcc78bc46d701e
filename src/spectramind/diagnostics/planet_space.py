"""Planets as points of a space of many quantities, and those that lie where no labelled one does.

Every quantity counts alike: it is taken from the labelled planets' median in units of their robust
spread, and what lies far out is drawn in (arcsinh), so that no tail rules. Distances are taken in
this whole space, never in a picture of it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import betabinom

from spectramind.errors import SchemaError

Array = NDArray[np.float64]
LEAST = 8  # labelled planets without which no place is told from another
_NORMAL = 1.4826  # a normal distribution's standard deviation over its median absolute deviation


@dataclass(frozen=True, eq=False)
class PlanetSpace:
    """Labelled and new planets in one space.

    Attributes:
        name: short; title: as a page calls it; said: what its quantities are, in a sentence.
        columns: D names of quantities.
        seen_ids: n labelled planets; seen: (n, D), NaN where a planet does not tell.
        new_ids: m new planets; new: (m, D).

    Raises:
        SchemaError: shapes disagree, there is no new planet, or nothing tells planets apart.
    """

    name: str
    title: str
    said: str
    columns: tuple[str, ...]
    seen_ids: tuple[str, ...]
    seen: Array
    new_ids: tuple[str, ...]
    new: Array

    def __post_init__(self) -> None:
        width = len(self.columns)
        for ids, values in ((self.seen_ids, self.seen), (self.new_ids, self.new)):
            if values.shape != (len(ids), width):
                raise SchemaError(
                    f"{self.title}: {values.shape} numbers for {len(ids)} planets and {width} "
                    "quantities"
                )
        if not self.new_ids:
            raise SchemaError(f"{self.title}: no planet of the prediction was measured")
        if not len(self.kept):
            raise SchemaError(f"{self.title}: nothing tells its planets apart: too few for a map")

    @property
    def is_told(self) -> bool:
        """Whether there are labelled planets enough to say what lies outside."""
        return len(self.seen_ids) >= LEAST

    @cached_property
    def kept(self) -> NDArray[np.intp]:
        """Columns that tell planets apart."""
        both = np.concatenate([self.seen, self.new])
        return np.array([i for i in range(both.shape[1]) if _differs(both[:, i])], dtype=np.intp)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of ``standard``."""
        return tuple(self.columns[i] for i in self.kept)

    @cached_property
    def standard(self) -> tuple[Array, Array]:
        """Labelled (n, K) and new planets (m, K) standardised; 0 where a planet does not tell."""
        by = self.seen if self.is_told else np.concatenate([self.seen, self.new])
        centre, spread = np.array([_centre_and_spread(by[:, i]) for i in self.kept]).T
        seen, new = (
            np.nan_to_num(np.arcsinh((values[:, self.kept] - centre) / spread), nan=0.0)
            for values in (self.seen, self.new)
        )
        return seen, new

    @property
    def everyone(self) -> Array:
        """``standard`` of both, the labelled ones first, (n + m, K)."""
        return np.concatenate(self.standard)


def _differs(column: Array) -> bool:
    known = column[np.isfinite(column)]
    return len(known) > 0 and bool(np.ptp(known) > 0)


def _centre_and_spread(column: Array) -> tuple[float, float]:
    """Median and robust spread; the usual one, or 1, where more than half are alike."""
    known = column[np.isfinite(column)]
    if not len(known):
        return 0.0, 1.0
    centre = float(np.median(known))
    spread = _NORMAL * float(np.median(np.abs(known - centre)))
    return centre, spread or float(known.std()) or 1.0


@dataclass(frozen=True, eq=False)
class Outsiders:
    """New planets whose surroundings the labelled ones do not cover.

    Attributes:
        distance: (m,) mean distance to the nearest labelled planets over the limit.
        limit: beyond it a planet lies outside.
        chance: that a planet of the labelled kind lies beyond the limit.
        p: how likely so many of them do by chance.
    """

    distance: Array
    limit: float
    chance: float
    p: float

    @property
    def outside(self) -> NDArray[np.bool_]:
        """(m,), beyond the limit."""
        return np.asarray(self.distance > 1.0)


def find_outsiders(seen: Array, new: Array, neighbours: int, quantile: float) -> Outsiders:
    """Which new planets are further from labelled ones than these are from one another.

    The limit is that of split conformal prediction: an order statistic of the labelled planets'
    own distances, each left out of its own neighbours, so that a planet drawn like them lies beyond
    it with a known chance, whatever the distribution.

    Args:
        seen: (n >= LEAST, K) standardised; new: (m, K).
        neighbours: labelled planets that a distance is the mean to.
        quantile: share of the labelled planets within the limit.
    """
    count = min(neighbours, len(seen) - 1)
    own = np.sort(cdist(seen, seen), axis=1)[:, 1 : count + 1].mean(axis=1)
    rank = min(int(np.ceil((len(seen) + 1) * quantile)), len(seen))
    limit = max(float(np.sort(own)[rank - 1]), 1e-12)
    distance = np.sort(cdist(new, seen), axis=1)[:, :count].mean(axis=1) / limit
    beyond = len(seen) + 1 - rank
    outside = int((distance > 1).sum())
    p = float(betabinom.sf(outside - 1, len(new), beyond, rank))
    return Outsiders(distance, limit, beyond / (len(seen) + 1), p)


def nearest(points: Array, rows: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], Array]:
    """Each of some points' nearest others, the nearest first.

    Args:
        points: (N, K). rows: of the m points asked for. count: neighbours wanted.

    Returns:
        rows of the neighbours and distances to them, (m, min(count, N - 1)) each.
    """
    distance = cdist(points[rows], points)
    distance[np.arange(len(rows)), rows] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, : min(count, len(points) - 1)]
    return order, np.take_along_axis(distance, order, axis=1)


def standing_out(values: Array, names: tuple[str, ...], count: int) -> list[str]:
    """In words, the quantities by which a point (K,) strays most from the labelled planets."""
    order = np.argsort(-np.abs(values), kind="stable")[:count]
    return [f"{names[i]} {'high' if values[i] > 0 else 'low'}" for i in order]
