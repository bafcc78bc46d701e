"""A planet's row of the star table."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StarRow:
    """What the star table says of one planet.

    Attributes:
        period_d: orbital period [d]; a_over_rs: semi-major axis [stellar radii].
        inclination_deg: 90 is edge-on; teff_k: effective temperature of the star [K].
        eccentricity: 0..1; omega_deg: argument of periastron [deg], None: not known.
        orbit_fault, limb_fault: why orbit or temperature cannot be believed, the numbers being
            stand-ins; empty when they can.
        limb_open: whether the grey atmosphere of teff_k says little of the star's limb darkening.
        note: what was done to make the row usable, for people.
    """

    period_d: float
    a_over_rs: float
    inclination_deg: float
    teff_k: float
    eccentricity: float = 0.0
    omega_deg: float | None = None
    orbit_fault: str = ""
    limb_fault: str = ""
    limb_open: bool = False
    note: str = ""

    @property
    def computed(self) -> tuple[float, float]:
        """Eccentricity and argument of periastron [deg] of the orbit that is computed.

        A circle where omega is not known: what that leaves open, ``geometry_prior`` holds.
        """
        return (0.0, 90.0) if self.omega_deg is None else (self.eccentricity, self.omega_deg)

    @property
    def nearness(self) -> float:
        """Distance at mid-transit over the semi-major axis, (1 - e^2) / (1 + e sin omega)."""
        eccentricity, omega_deg = self.computed
        return float((1 - eccentricity**2) / (1 + eccentricity * np.sin(np.radians(omega_deg))))

    @property
    def impact(self) -> float:
        """Impact parameter of the table's orbit."""
        return float(self.a_over_rs * np.cos(np.radians(self.inclination_deg)) * self.nearness)

    @property
    def told_teff_k(self) -> float:
        """The temperature [K] that the table tells, NaN where that cannot be believed."""
        return float("nan") if self.limb_fault else self.teff_k

    @property
    def fault(self) -> str:
        """Why the row cannot be believed; empty when it can."""
        return "; ".join(fault for fault in (self.orbit_fault, self.limb_fault) if fault)
