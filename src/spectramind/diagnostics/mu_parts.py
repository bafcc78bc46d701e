"""What made every bin's mu, over planets and of one planet: plain values for the report.

Parts are told from the planet's own level (AIRS's mean of its mu): a spectrum constant in
wavelength says nothing of any bin. What spots do to the level is told apart. Weights are those of
the averaging kernel, per unit of measured depth (prior/linear_weights.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.diagnostics.panel import Values
from spectramind.evaluation.spectral_bands import spectral_bands
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.plotting.plot import listed
from spectramind.prior.linear_weights import Explained

Array = NDArray[np.float64]
PPM = 1e6
SOURCES = ("own", "band", "elsewhere", "fgs1")  # where a measured depth may stand
RANGE = (5, 50, 95)  # percentiles over planets
_SEEN = 0.05e-6  # a part that is nowhere larger rounds to nothing
_UNLIKELY = 0.001  # share of a kind of planet that is not told


@dataclass(frozen=True)
class Answer:
    """One planet's mu on its way to the submission.

    Attributes:
        parts: of the posterior mean.
        physics: (283,) the physics estimate that ``predict`` kept.
        mu: (283,) what is submitted.
    """

    parts: Explained
    physics: Array
    mu: Array

    @property
    def clipped(self) -> Array:
        """(283,) what a negative depth needs to be none."""
        return np.maximum(-self.parts.mean, 0.0)

    @property
    def network(self) -> Array:
        """(283,) the network's correction, and what single precision rounds off."""
        return self.mu - self.physics

    @property
    def residual(self) -> float:
        """By how much the sum of all parts misses mu at most, relative to mu."""
        total = self.parts.mean + self.clipped + self.network
        return float(np.max(np.abs(total - self.mu)) / np.mean(np.abs(self.mu)))


def mu_parts(answers: Mapping[str, Answer], shape_sizes: Array, network: bool) -> Values:
    """Values of the topic, at least one planet.

    Args:
        answers: by planet.
        shape_sizes: (S,) of the prior's scale mixture, its first Gaussians; clusters follow.
        network: whether a network was kept; else what differs from physics is rounding.
    """
    split = [_by_source(each.parts.weights) for each in answers.values()]
    weights = {name: np.array([one[name] for one in split]) for name in SOURCES}
    weights["prior"] = 1 - sum(weights.values(), np.zeros(()))
    every = list(answers.values())
    sizes = {
        "data": [each.parts.data.sum(axis=1) for each in every],
        "prior": [each.parts.own.sum(axis=0) for each in every],
        "patches": [each.parts.patches for each in every],
        "network": [each.network * network for each in every],
    }
    bands = spectral_bands()
    from_band = [[e.parts.weights[:, bins].sum(axis=1) for bins in bands.values()] for e in every]
    return {
        "network": network,
        "bands": {name: [int(bins[0]), int(bins[-1])] for name, bins in bands.items()},
        "weights": {name: _over_planets(rows, 4) for name, rows in weights.items()},
        "sizes_ppm": {name: _over_planets(PPM * np.abs(rows), 2) for name, rows in sizes.items()},
        "from_band": [listed(row, 4) for row in np.median(from_band, axis=0)],
        "planets": {name: _planet(each, shape_sizes, network) for name, each in answers.items()},
    }


def _over_planets(rows: Array, decimals: int) -> list[list[float | None]]:
    """Percentiles ``RANGE`` over planets of (n, 283)."""
    return [listed(row, decimals) for row in np.percentile(rows, RANGE, axis=0)]


def _by_source(matrix: Array) -> dict[str, Array]:
    """Columns of (283, 283) summed by where they stand as seen from their row, (283,) each."""
    own = np.diag(matrix).copy()
    fgs1 = np.where(np.arange(N_BINS) == FGS1_BIN, 0.0, matrix[:, FGS1_BIN])
    band = np.zeros(N_BINS)
    for bins in spectral_bands().values():
        band[bins] = matrix[np.ix_(bins, bins)].sum(axis=1) - own[bins]
    band[FGS1_BIN] = 0.0
    elsewhere = matrix.sum(axis=1) - own - band - fgs1
    return dict(zip(SOURCES, (own, band, elsewhere, fgs1), strict=True))


def _planet(answer: Answer, shape_sizes: Array, network: bool) -> Values:
    parts = answer.parts
    kinds, likely = _kinds(parts, shape_sizes)
    first = max(likely, key=lambda name: likely[name])
    others = sum(kinds.values(), np.zeros(N_BINS)) - kinds[first]
    series = _by_source(parts.data) | {
        "first": kinds[first],
        "others": others,
        "patches": parts.patches,
        "network": answer.network * network + answer.clipped,
    }
    return {
        "level_ppm": round(PPM * parts.level, 1),
        "lifted_ppm": round(PPM * parts.lifted, 1),
        "parts_ppm": {name: _ppm(part) for name, part in series.items()},
        "by_band_ppm": _by_band(answer, kinds[first], others, network),
        "first": first,
        "kinds": {k: round(p, 4) for k, p in likely.items() if p >= _UNLIKELY},
        "patchy": round(float(parts.share[1].sum()), 4),
        "hazy": round(float(parts.share[:, 1].sum()), 4),
        "measured": round(float(np.trace(parts.weights)), 2),
        "prior_of_level": float(np.mean(1 - parts.weights[AIRS_BINS].sum(axis=1))),
        "prior_of_shape": _share_of_shape(parts),
        "residual": answer.residual,
    }


def _kinds(parts: Explained, shape_sizes: Array) -> tuple[dict[str, Array], dict[str, float]]:
    """By kind of planet, the prior's part and how likely the planet is of it."""
    names = [f"shapes of {PPM * size:.3g} ppm" for size in shape_sizes.tolist()]
    names += ["synthetic shapes"] * (len(parts.own) - len(names))
    found = {name: np.zeros(N_BINS) for name in names}
    likely = dict.fromkeys(found, 0.0)
    for name, own, share in zip(names, parts.own, parts.share.sum(axis=(0, 1)), strict=True):
        found[name] = found[name] + own
        likely[name] += float(share)
    return found, likely


def _share_of_shape(parts: Explained) -> float:
    """The prior's own spectrum in what AIRS's bins depart from the level by."""
    sizes = [
        np.sqrt(np.mean(part[AIRS_BINS] ** 2))
        for part in (parts.own.sum(axis=0), parts.data.sum(axis=1), parts.patches)
    ]
    return float(sizes[0] / max(sum(sizes), np.finfo(float).tiny))


def _by_band(
    answer: Answer, first: Array, others: Array, network: bool
) -> dict[str, list[float | None]]:
    """Rows of a table: each part's mean over the bins of each band [ppm]; last their sum."""
    bands = spectral_bands()
    rows = {f"measured {k}": answer.parts.data[:, bins].sum(axis=1) for k, bins in bands.items()}
    rows |= {"prior, likeliest": first, "prior, others": others}
    rows["spots, faculae"] = answer.parts.patches
    if network:
        rows["network"] = answer.network
    if answer.clipped.any():
        rows["no depth below 0"] = answer.clipped
    rows["μ less level"] = answer.mu - answer.parts.level
    return {
        name: listed([PPM * row[bins].mean() for bins in bands.values()], 1)
        for name, row in rows.items()
    }


def _ppm(part: Array) -> list[float | None]:
    """To 0.1 ppm; empty where the part rounds to nothing everywhere."""
    return listed(PPM * part, 1) if np.abs(part).max() > _SEEN else []
