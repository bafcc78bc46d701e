"""Which samples of a visit's light curves made its depths: d depth / d flux, by the fit's algebra.

The bin fit is linear around its last round: each bin's own coefficients are x = S A' y less what
shared ones take, those are K^-1 sum_i C_i' M_i y_i / noise_i^2 (normal_equations.py, shared.py).
So the slope of a weighted sum of depths over every sample of every bin comes out of one pass
backwards. Geometry, limb darkening, drift and noise with memory answer to a sample as they do in
the fit, to first order. Held as they are: the noise of each bin, the variances that the visit's
evidence chose, AIRS's motion as a regressor, the transit's shape beyond first order, outliers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.features.bin_fit import Linearised
from spectramind.features.transit_model import TransitModel
from spectramind.features.visit_fit import SolvedVisit
from spectramind.instrument.grid import AIRS_BINS, FGS1_BIN, N_BINS

Array = NDArray[np.float64]
PHASES = ("before", "ingress", "in transit", "egress", "after")
_DETECTORS = {"fgs1": slice(FGS1_BIN, FGS1_BIN + 1), "airs": AIRS_BINS}


@dataclass(frozen=True)
class SampleInfluence:
    """What a visit's samples have to do with a detector's depth.

    Attributes:
        own: (T,) change of the depth with a sample's flux, relative to the star and the same in all
            bins of the detector; other: with the other detector's.
        noise: (T,) share of the depth's variance by white noise that the samples' noise makes; sums
            to 1.
    """

    own: Array
    other: Array
    noise: Array


def sample_influence(last: Linearised) -> dict[str, SampleInfluence]:
    """Of FGS1's depth and of the mean depth of AIRS's bins, by detector."""
    found = {}
    for name, bins in _DETECTORS.items():
        weights = np.zeros(N_BINS)
        weights[bins] = 1 / len(weights[bins])
        slopes = depth_slopes(last, weights)
        own = slopes[:, bins].sum(axis=1)
        noise = ((slopes * last.system.noise) ** 2).sum(axis=1)
        found[name] = SampleInfluence(own, slopes.sum(axis=1) - own, noise / noise.sum())
    return found


def depth_slopes(last: Linearised, weights: Array) -> Array:
    """d (weights @ depth) / d (flux / star) of every sample and bin, (T, 283).

    Args:
        last: round of a bin fit. weights: (283,).
    """
    system, shared = last.system, last.shared
    bins = last.elimination.own_columns(last.shapes, last.motion)
    solved = system.own - system.lever @ shared.mean
    gain = 1 + solved[:, 0]
    # depth = x1 / (1 + x0): its slope over (x0, x1).
    slope = (weights / gain)[:, None] * np.column_stack([-solved[:, 1] / gain, np.ones(N_BINS)])
    direct = np.einsum("tia,iab,ib->ti", bins.design, bins.inverse[:, :, :2], slope, optimize=True)
    over_shared = -np.einsum("ib,ibc->c", slope, system.lever)
    over_right = shared.root @ (shared.root.T @ over_shared)
    course = last.elimination.shared_course(last.shapes, bins.level, over_right)
    taken = np.einsum("tia,ti->ia", bins.design, course)
    taken = np.einsum("iab,ib->ia", bins.inverse, taken)
    left = course - np.einsum("tia,ia->ti", bins.design, taken)
    return np.asarray(direct + left / system.noise**2)


def phases(visit: SolvedVisit) -> NDArray[np.intp]:
    """Index in ``PHASES`` of each sample, (T,), by its middle; a grazing transit has no inside.

    A radius between FGS1's and AIRS's says where the planet touches the star's edge.
    """
    time_h, values = visit.light.time_h, visit.bins.values
    separation = TransitModel(time_h, visit.star, np.inf).separation(*values[:3].tolist())
    radius = float(values[3:5].mean())
    later = time_h > values[0]
    off, inside = separation >= 1 + radius, separation <= 1 - radius
    edge = np.where(later, PHASES.index("egress"), PHASES.index("ingress"))
    out = np.where(later, PHASES.index("after"), PHASES.index("before"))
    return np.where(off, out, np.where(inside, PHASES.index("in transit"), edge))
