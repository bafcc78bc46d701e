"""A k-table of random numbers: how long a spectrum takes does not depend on what it holds."""

import numpy as np

from spectramind.physics.bands import GASES
from spectramind.physics.channels import bin_channels
from spectramind.physics.tabulated import WEIGHT_G, ChannelTable, TabulatedOpacity


def made_up() -> TabulatedOpacity:
    """All gases, 40 pressures and 20 temperatures, on the bins' channels."""
    channels, rng = bin_channels(), np.random.default_rng(0)
    shape = (40, 20, WEIGHT_G.size, channels.centre_um.size)
    gases = {
        gas: ChannelTable(
            np.linspace(np.log(1e-4), np.log(1e7), 40),
            np.linspace(np.log(100.0), np.log(4000.0), 20),
            np.sort(rng.normal(-52, 2, shape).astype(np.float32), axis=2),
        )
        for gas in GASES
    }
    return TabulatedOpacity(channels, gases, (100.0, 4000.0))
