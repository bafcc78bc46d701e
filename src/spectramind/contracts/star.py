"""A planet's row of the star table."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StarRow:
    """What the star table says of one planet."""

    period_d: float
    a_over_rs: float
    inclination_deg: float
    teff_k: float

    @property
    def impact(self) -> float:
        """Impact parameter of the table's orbit."""
        return float(self.a_over_rs * np.cos(np.radians(self.inclination_deg)))
