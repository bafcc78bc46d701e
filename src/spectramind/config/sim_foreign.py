"""Settings of ``sim=foreign``: what fit and simulator both assume, broken by one switch each."""

from spectramind.config.base import Section
from spectramind.config.sim_sky import ForeignSkyConfig
from spectramind.config.sim_telescope import ForeignTelescopeConfig


class ForeignConfig(Section):
    """What is foreign. All off: the simulator as the fit knows it.

    Attributes:
        telescope: see ForeignTelescopeConfig.
        sky: stars, planets and orbits, see ForeignSkyConfig.
        own_strengths: every planet has each switch, and spots, at a strength of its own between
            none and what is set; half of the planets without.
    """

    telescope: ForeignTelescopeConfig
    sky: ForeignSkyConfig
    own_strengths: bool
