"""Settings of ``sim=foreign``: what fit and simulator both assume, broken by one switch each."""

from spectramind.config.base import Section
from spectramind.config.sim_sky import ForeignSkyConfig
from spectramind.config.sim_telescope import ForeignTelescopeConfig


class ForeignConfig(Section):
    """What is foreign. All off: the simulator as the fit knows it.

    Attributes:
        telescope: see ForeignTelescopeConfig.
        sky: stars, planets and orbits, see ForeignSkyConfig.
    """

    telescope: ForeignTelescopeConfig
    sky: ForeignSkyConfig
