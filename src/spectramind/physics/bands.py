"""Vibrational band constants of the five molecules, and how band strengths move with temperature.

Centres [cm-1], strengths at 296 K [cm per molecule] (HITRAN band sums), upper-state quanta.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

C2_CM_K = 1.438777  # second radiation constant
REFERENCE_K = 296.0


@dataclass(frozen=True)
class Band:
    """One band: centre [cm-1], strength at 296 K [cm per molecule], quanta gained a mode."""

    centre: float
    strength: float
    quanta: tuple[int, ...]


@dataclass(frozen=True)
class Molecule:
    """Band constants of a gas.

    Attributes:
        rotor: ``linear``, ``spherical`` or ``asymmetric``; decides the shape of a band.
        rotation: rotational constant B [cm-1].
        modes: fundamental wavenumbers [cm-1].
        bands: the bands.
        line_spread: a, b, c of the k-distribution's width,
            sigma_ln = a + b log10(T / 1000 K) + c log10(P / 1 mbar).
    """

    rotor: str
    rotation: float
    modes: tuple[float, ...]
    bands: tuple[Band, ...]
    line_spread: tuple[float, float, float]


def _bands(text: str) -> tuple[Band, ...]:
    rows = (row.split() for row in text.strip().splitlines())
    return tuple(Band(float(c), float(s), tuple(int(q) for q in v)) for c, s, v in rows)


MOLECULE_BANDS = MappingProxyType(
    {
        "h2o": Molecule(
            "asymmetric",
            20.0,
            (3657.05, 1594.75, 3755.93),
            _bands("""
                1594.7 1.04e-17 010
                3151.6 7.6e-20 020
                3657.1 5.0e-19 100
                3755.9 7.2e-18 001
                5235 3.7e-20 110
                5331.3 8.0e-19 011
                6871.5 5.6e-20 021
                7201.5 5.5e-20 200
                7249.8 7.5e-19 101
                8807 5.2e-20 111
                10613 2.2e-20 201
                11032 2.5e-21 003
                12151 1.0e-21 211
                13831 2.4e-21 301
            """),
            (2.64, -4.87, -0.54),
        ),
        "co2": Molecule(
            "linear",
            0.39,
            (1333.0, 667.4, 2349.1),
            _bands("""
                2349.1 9.2e-17 001
                3612.8 1.04e-18 101
                3714.8 1.6e-18 101
                4853.6 7.9e-21 201
                4977.8 3.5e-20 201
                5099.7 1.1e-20 201
                6227.9 4.3e-22 301
                6347.9 4.3e-22 301
                6973 1.5e-21 003
            """),
            (1.28, -4.75, -0.70),
        ),
        "co": Molecule(
            "linear",
            1.92,
            (2143.3,),
            _bands("""
                2143.3 1.0e-17 1
                4260.1 7.7e-20 2
                6350 5.2e-22 3
            """),
            (3.72, -0.97, -0.21),
        ),
        "ch4": Molecule(
            "spherical",
            5.24,
            (2916.5, 1533.3, 3019.5, 1310.8),
            _bands("""
                1310.8 5.3e-18 0001
                2600 5.6e-20 0002
                2830 3.9e-19 0101
                3019.5 1.05e-17 0010
                4220 4.0e-19 1001
                4315 2.4e-19 0011
                4540 6.5e-20 0110
                5860 2.5e-20 1010
                6005 5.0e-20 0020
            """),
            (1.12, -4.39, -0.44),
        ),
        "nh3": Molecule(
            "spherical",
            9.9,
            (3336.0, 950.0, 3444.0, 1627.0),
            _bands("""
                2540 2.0e-20 0101
                3240 6.0e-20 0002
                3336 8.5e-19 1000
                3444 6.5e-19 0010
                4300 1.2e-19 1100
                4434 8.0e-19 0110
                5020 7.5e-19 0011
                6600 4.8e-19 2000
            """),
            (3.78, 2.01, -0.56),
        ),
    }
)
GASES = tuple(MOLECULE_BANDS)
HITRAN_NUMBER = MappingProxyType({"h2o": 1, "co2": 2, "co": 5, "ch4": 6, "nh3": 11})


def _occupation(wavenumber: float, temperature_K: float) -> float:
    return 1 - np.exp(-C2_CM_K * wavenumber / temperature_K)


def band_strength(molecule: Molecule, band: Band, temperature_K: float) -> float:
    """Strength of a band with its hot bands [cm per molecule].

    S(T) = S(296) (1 - e^(-c2 nu/T)) / (1 - e^(-c2 nu/296))
           prod over modes ((1 - e^(-c2 w/296)) / (1 - e^(-c2 w/T)))^quanta

    (harmonic oscillators; stimulated emission in front).
    """
    strength = band.strength * _occupation(band.centre, temperature_K)
    strength /= _occupation(band.centre, REFERENCE_K)
    for mode, quanta in zip(molecule.modes, band.quanta, strict=True):
        ratio = _occupation(mode, REFERENCE_K) / _occupation(mode, temperature_K)
        strength *= ratio**quanta
    return float(strength)
