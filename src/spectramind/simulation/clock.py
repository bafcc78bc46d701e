"""When each detector resets and reads.

Units: seconds. Every reset cycle holds one exposure: a start read and an end read. Measured on the
competition's axis file: AIRS resets every 4.8 s, reads 0.1 s and (by its integration times) 4.6 s
after the reset, and labels the two 0.1 and 0.2 s; FGS1 resets every 0.4 s, reads at 0.1 and 0.2 s.

Constants, for the telescope reads so; summing ``cadence`` cycles into one pair stretches all of
these by ``cadence``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spectramind.instrument.detectors import AIRS, FGS1, Detector

_SECONDS_AN_HOUR = 3600.0
_FIRST_LABEL_S = 0.1
_SECOND_LABEL_S = 0.2
_START_S = 0.1
INTEGRATION_S = {FGS1: 0.1, AIRS: 4.5}
_CYCLE_S = {FGS1: 0.4, AIRS: 4.8}
FGS1_CYCLES_AN_AIRS_CYCLE = 12


@dataclass(frozen=True)
class Clock:
    """The exposures of one detector in one visit.

    Attributes:
        cadence: reset cycles in one exposure.
        pairs: exposures.
        start_s: charge time of the start read.
        integration_s: charge time between start and end read.
        cycle_s: from one exposure to the next.
    """

    cadence: int
    pairs: int
    start_s: float
    integration_s: float
    cycle_s: float

    @property
    def mid_time_h(self) -> NDArray[np.float64]:
        """Middle of each exposure on the visit's clock [h], (pairs,)."""
        middle = self.start_s + self.integration_s / 2
        resets = self.cycle_s * np.arange(self.pairs, dtype=np.float64)
        return (middle + resets) / _SECONDS_AN_HOUR

    def labels_s(self) -> NDArray[np.float64]:
        """Time label of each read [s], (2 pairs,)."""
        within = self.cadence * np.array([_FIRST_LABEL_S, _SECOND_LABEL_S])
        resets = self.cycle_s * np.arange(self.pairs, dtype=np.float64)
        return np.add.outer(resets, within).ravel()

    def integrations_s(self) -> NDArray[np.float64]:
        """The AIRS integration-time column [s], (2 pairs,)."""
        return np.tile([self.start_s, self.integration_s], self.pairs)


def make_clock(detector: Detector, hours: float, cadence: int) -> Clock:
    """The clock of a visit; both detectors cover the same whole AIRS cycles."""
    airs_cycles = int(round(hours * _SECONDS_AN_HOUR / _CYCLE_S[AIRS], 6))
    cycles = airs_cycles * (FGS1_CYCLES_AN_AIRS_CYCLE if detector == FGS1 else 1)
    return Clock(
        cadence=cadence,
        pairs=cycles // cadence,
        start_s=_START_S * cadence,
        integration_s=INTEGRATION_S[detector] * cadence,
        cycle_s=_CYCLE_S[detector] * cadence,
    )
