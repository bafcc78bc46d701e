"""The inputs that a submitted answer hangs on, in groups that can be exchanged between planets.

A planet's depths of all its visits are one measurement: depths, independent variance and common
modes. The depths are told as a level, the mean of AIRS's bins, and as differences from it by band,
because an FGS1 of one planet beside an AIRS of another twice as large would be no planet at all.
The modes are what transit geometry, limb darkening, drift and doubts about the fit leave open: the
star's row and the light curves' quality reach the answer through these and the variance. Of the
other planets a planet has the share of spotted stars they let expect (``prior.spotted``). The
network, where one was kept, sees the light curves as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.contracts.measurement import Measurement
from spectramind.contracts.planet import Planet
from spectramind.estimators.network_estimate import NetworkEstimate
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS
from spectramind.instrument.molecules import MOLECULES, WINDOWS_UM, window_bins
from spectramind.models.inputs import inputs_of, sequence
from spectramind.prior.spectral_prior import SpectralPrior
from spectramind.prior.spotted import shares_by_others

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Calibrate = Callable[[Array], Array]  # sigma (n, 283) -> as submitted

BANDS = ("fgs1", *MOLECULES, "continuum")
# What is not a band's depths; those after "others" are the network's own.
LEVEL, NOISE_FGS1, NOISE_AIRS, COMMON, OTHERS = "level", "noise_fgs1", "noise_airs", "common", "set"
CURVES = {"transit_shape": slice(0, 2), "residuals": slice(2, 4), "jitter": slice(4, 6)}
PHYSICS_GROUPS = (LEVEL, *BANDS, NOISE_FGS1, NOISE_AIRS, COMMON, OTHERS)
ALL_GROUPS = (*PHYSICS_GROUPS, *CURVES)


def band_of_bins() -> NDArray[np.int64]:
    """Which of ``BANDS`` each bin belongs to, (283,): of several windows the narrowest."""
    band = np.full(N_BINS, BANDS.index("continuum"), dtype=np.int64)
    band[FGS1_BIN] = BANDS.index("fgs1")
    total = {name: sum(high - low for low, high in WINDOWS_UM[name]) for name in MOLECULES}
    for name in sorted(MOLECULES, key=lambda one: -total[one]):
        band[window_bins(name)] = BANDS.index(name)
    return band


@dataclass(frozen=True, eq=False)
class PlanetInputs:
    """All that the answer to a planet hangs on.

    Attributes:
        planet_id: whose.
        measured: its visits as one, all errors in it.
        spotted: share of spotted stars that the others of its set let expect.
        curves: float32 (L, 6) light-curve channels (``models.inputs.sequence``).
    """

    planet_id: str
    measured: Measurement
    spotted: float
    curves: NDArray[np.float32]

    @property
    def level(self) -> float:
        """Mean depth of AIRS's bins."""
        return float(self.measured.depth[AIRS_BINS].mean())


def inputs_of_set(
    planets: Sequence[Planet], prior: SpectralPrior, length: int
) -> list[PlanetInputs]:
    """Inputs of the planets of a set that is predicted together; ``length``: of light curves."""
    evidence = np.array([prior.spot_evidence(planet.measurements) for planet in planets])
    spotted = shares_by_others(evidence, prior.patchy.share)
    return [
        PlanetInputs(
            planet.planet_id,
            prior.errors.combined(planet.measurements),
            share,
            sequence(planet, length),
        )
        for planet, share in zip(planets, spotted.tolist(), strict=True)
    ]


def mixed(own: PlanetInputs, other: PlanetInputs, kept: Mask, alone: float) -> PlanetInputs:
    """A planet with those of its inputs that are not kept exchanged for another's.

    Args:
        kept: (M,) by ``PHYSICS_GROUPS`` or ``ALL_GROUPS``.
        alone: the share of spotted stars where no other planet tells.
    """
    keep = dict(zip(ALL_GROUPS, kept.tolist(), strict=False))
    one, two = own.measured, other.measured
    level = own.level if keep[LEVEL] else other.level
    by_band = np.array([keep[name] for name in BANDS])[band_of_bins()]
    shape = np.where(by_band, one.depth - own.level, two.depth - other.level)
    quiet = np.full(N_BINS, keep[NOISE_AIRS])
    quiet[FGS1_BIN] = keep[NOISE_FGS1]
    measured = Measurement(
        level + shape,
        np.where(quiet, one.variance, two.variance),
        one.modes if keep[COMMON] else two.modes,
    )
    curves = other.curves.copy()
    for name, columns in CURVES.items():
        if keep.get(name, True):
            curves[:, columns] = own.curves[:, columns]
    return PlanetInputs(own.planet_id, measured, own.spotted if keep[OTHERS] else alone, curves)


@dataclass(frozen=True, eq=False)
class SubmittedAnswer:
    """What is submitted, as a function of its inputs.

    Attributes:
        prior: of the checkpoint.
        network: what corrects physics, None where no network was kept.
        sigma_min: smallest sigma.
        calibrate: sigma as the estimator believes it -> as submitted.
    """

    prior: SpectralPrior
    network: NetworkEstimate | None
    sigma_min: float
    calibrate: Calibrate

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of its inputs' groups."""
        return PHYSICS_GROUPS if self.network is None else ALL_GROUPS

    def __call__(self, rows: Sequence[PlanetInputs]) -> tuple[Array, Array]:
        """Mean and sigma, (n, 283) each."""
        found = [self.prior.given(row.measured, row.spotted) for row in rows]
        if self.network is None:
            mu = np.maximum(np.stack([one.mean for one in found]), 0.0)
            sigma = np.maximum(np.stack([one.sigma for one in found]), self.sigma_min)
        else:
            inputs = inputs_of([row.curves for row in rows], found)
            mu, sigma = self.network.answer(inputs, [row.planet_id for row in rows])
        return mu, self.calibrate(sigma)


@dataclass(frozen=True, eq=False)
class ExchangeGame:
    """What one planet's answer is, on average, when inputs are exchanged for other planets'.

    Attributes:
        answer: what is submitted. own: the planet. others: the planets exchanged with.
    """

    answer: SubmittedAnswer
    own: PlanetInputs
    others: Sequence[PlanetInputs]

    def __call__(self, kept: Mask) -> Array:
        """(K, M) which groups are the planet's own -> (K, 566) mean mu, then sigma, over others."""
        alone = self.answer.prior.patchy.share
        rows = [mixed(self.own, other, mask, alone) for mask in kept for other in self.others]
        both = np.concatenate(self.answer(rows), axis=1)
        means: Array = both.reshape(len(kept), len(self.others), -1).mean(axis=1)
        return means
