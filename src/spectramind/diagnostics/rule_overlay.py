"""What moves mu beside what the symbolic rules would have moved, bin by bin."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from spectramind.diagnostics.panel import Values, plain
from spectramind.instrument.grid import AIRS_BINS
from spectramind.symbolic.regions import named_regions

Array = NDArray[np.float64]
_PPM = 1e6
_RESAMPLED, _INSIDE = 300, (5.0, 95.0)


def overlay(
    attribution: Array, influence: Mapping[str, Array], titles: Mapping[str, str], seed: int
) -> Values:
    """Mean sizes by bin, how alike they run over AIRS, and the rule that pushes most by region.

    Args:
        attribution: (n, 283) how far a planet's inputs, its level apart, moved mu [depth].
        influence: by rule, (n, 283): lambda dL/dmu of the same planets. titles: of rules.
        seed: of the planets that are resampled for the interval.
    """
    total = np.abs(sum(influence.values(), np.zeros_like(attribution)))
    moved = np.abs(attribution)
    rank, low, high = _rank(moved, total, np.random.default_rng(seed))
    return {
        "attribution_ppm": plain((_PPM * moved.mean(axis=0)).round(3)),
        "influence": plain(_significant(total.mean(axis=0) / _PPM)),
        "planets": len(moved),
        "rank": rank,
        "rank_low": low,
        "rank_high": high,
        "regions": _regions(moved, total, influence, titles),
    }


def _rank(moved: Array, total: Array, rng: np.random.Generator) -> tuple[float | None, ...]:
    """Spearman's correlation over AIRS of the planets' means, and its 90 % interval."""
    one, two = moved[:, AIRS_BINS], total[:, AIRS_BINS]

    def of(rows: NDArray[np.intp]) -> float:
        return float(stats.spearmanr(one[rows].mean(axis=0), two[rows].mean(axis=0)).statistic)

    if not two.any() or np.ptp(one.mean(axis=0)) == 0:
        return None, None, None
    drawn = [of(rng.integers(len(one), size=len(one))) for _ in range(_RESAMPLED)]
    low, high = np.percentile(drawn, _INSIDE)
    return of(np.arange(len(one))), float(low), float(high)


def _regions(
    moved: Array, total: Array, influence: Mapping[str, Array], titles: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row a region: its rule, the rule's share of all pushes, mean sizes and their errors."""
    rows = []
    for region, bins in named_regions().items():
        pushes = {name: float(np.abs(values[:, bins]).sum()) for name, values in influence.items()}
        strongest, together = max(pushes, key=pushes.__getitem__), sum(pushes.values())
        here, there = _PPM * moved[:, bins].mean(axis=1), total[:, bins].mean(axis=1) / _PPM
        rows.append(
            {
                "region": region,
                "rule": titles[strongest] if together > 0 else None,
                "rule_share": pushes[strongest] / together if together > 0 else None,
                "attribution_ppm": float(here.mean()),
                "attribution_error": _error(here),
                "influence": float(there.mean()),
                "influence_error": _error(there),
            }
        )
    return rows


def _error(values: Array) -> float | None:
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def _significant(values: Array) -> Array:
    """Four digits."""
    return np.array([float(f"{value:.4g}") for value in values.tolist()])
