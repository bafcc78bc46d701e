"""Area that two discs have in common."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def common_area(
    distance: ArrayLike, first_radius: ArrayLike, second_radius: ArrayLike
) -> NDArray[np.float64]:
    """Area of the lens, for arrays that broadcast; radii above 0, all in the same unit.

    0 where the discs do not touch (a distance of NaN too), that of the smaller where it lies
    within the other.
    """
    d, r, s = (np.asarray(v, dtype=np.float64) for v in (distance, first_radius, second_radius))
    d, r, s = np.broadcast_arrays(d, r, s)
    area = np.where(d <= np.abs(r - s), np.pi * np.minimum(r, s) ** 2, 0.0)
    cut = (d > np.abs(r - s)) & (d < r + s)
    d, r, s = d[cut], r[cut], s[cut]
    angle = np.arccos(np.clip((d**2 + r**2 - s**2) / (2 * d * r), -1, 1))
    other = np.arccos(np.clip((d**2 + s**2 - r**2) / (2 * d * s), -1, 1))
    area[cut] = r**2 * (angle - np.sin(2 * angle) / 2) + s**2 * (other - np.sin(2 * other) / 2)
    return area
