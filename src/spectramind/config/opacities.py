"""Settings of what gases absorb."""

from pathlib import Path

from spectramind.config.base import Section


class OpacityConfig(Section):
    """What gases absorb.

    Attributes:
        path: a file, or a folder with one file a gas: k-tables of ExoMolOP or petitRADTRANS (.h5)
            or NEMESIS (.kta), cross-sections of TauREx (.h5) or Exo-Transmit (opac*.dat). null: the
            project's own band table, good for synthetic planets and not for real ones.
    """

    path: Path | None


class PhysicsConfig(Section):
    """The atmosphere model that retrieval fits."""

    opacity: OpacityConfig
