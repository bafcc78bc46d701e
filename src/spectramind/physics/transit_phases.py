"""When a transit's ingress and egress are, from its light curve's model and its geometry."""

# Beside ``features/contacts``, which needs the fitted orbit and its clock in hours: a network sees
# a light curve and its model evenly resampled, without either; its shares are told on that axis.

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OUT, INGRESS, INSIDE, EGRESS = range(4)
PHASES = ("out of transit", "ingress", "in transit", "egress")
_DIP = 1e-7  # relative flux: less is rounding of a stored model


def inner_share(radius_ratio: float, impact: float) -> float:
    """Duration of second to third contact over that of first to fourth, 0 for a grazing transit.

    sqrt(((1 - k)^2 - b^2) / ((1 + k)^2 - b^2)), of an orbit that is straight along the chord
    (Seager & Mallen-Ornelas 2003, ApJ 585, 1038, for long periods).

    Args:
        radius_ratio: k, planet over star. impact: b [stellar radii].
    """
    inner, outer = (1 - radius_ratio) ** 2 - impact**2, (1 + radius_ratio) ** 2 - impact**2
    return float(np.sqrt(inner / outer)) if inner > 0 else 0.0


def transit_clock(model: Array) -> Array:
    """Where each sample is in the transit, (T,): -1 at first contact, 0 midway, 1 at the last; NaN
    without a transit.

    Args:
        model: (T,) transit model, 1 out of transit, even in time.
    """
    dark = np.flatnonzero(model < 1 - _DIP)
    if not len(dark):
        return np.full(len(model), np.nan)
    place = np.arange(len(model)) - (dark[0] + dark[-1]) / 2
    return place / ((dark[-1] - dark[0] + 1) / 2)


def phases(clock: Array, inner: float) -> NDArray[np.int64]:
    """What each sample is, by ``PHASES``, (T,).

    Args:
        clock: of ``transit_clock``; NaN is out of transit.
        inner: share of the transit between second and third contact; with 0 ingress goes over
            into egress.
    """
    within = np.abs(clock) <= 1  # NaN is not
    found = np.full(len(clock), OUT, dtype=np.int64)
    found[within] = np.where(clock[within] < 0, INGRESS, EGRESS)
    found[np.abs(clock) < inner] = INSIDE
    return found
