"""Settings of ``sim=foreign``: what fit and simulator both assume, broken by one switch each."""

from spectramind.config.base import Section
from spectramind.config.sim_sky import ForeignSkyConfig


class ForeignConfig(Section):
    """What is foreign. All off: the simulator as the fit knows it.

    Attributes:
        sky: stars, planets and orbits, see ForeignSkyConfig.
    """

    sky: ForeignSkyConfig
