"""Settings of ``sim=foreign``: every assumption that fit and simulator share, broken by a switch."""

from spectramind.config.base import Section
from spectramind.config.sim_sky import ForeignSkyConfig


class ForeignConfig(Section):
    """What is foreign. All off: the simulator as the fit knows it.

    Attributes:
        sky: stars, planets and orbits, see ForeignSkyConfig.
    """

    sky: ForeignSkyConfig
