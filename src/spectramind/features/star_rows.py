"""The star table as the fit uses it: what cannot be believed is replaced, named and doubted.

A row's fault is its own planet's: an orbit that cannot be is looked for in the light curves
(``free_search.py``), a temperature that no star has leaves limb darkening open.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from spectramind.contracts.star_row import StarRow
from spectramind.physics.limb_darkening import TEFF_RANGE_K
from spectramind.physics.orbit import HOURS_PER_DAY

# Stand-ins: about the median of transiting planets.
STAND_IN = StarRow(period_d=4.0, a_over_rs=10.0, inclination_deg=88.0, teff_k=5500.0)
# Stars this far outside the grey atmosphere's range still darken nearly like its nearest ones.
BELIEVED_TEFF_K = (2000.0, 20000.0)
# A larger impact parameter is no transit of any planet; nor is a larger eccentricity computed.
MOST_IMPACT, MOST_ECCENTRICITY = 1.5, 0.95
# Without omega a smaller eccentricity changes a transit's speed by less than the table's scatter.
CIRCULAR = 0.02


def star_rows(table: pd.DataFrame, planets: Iterable[str]) -> dict[str, StarRow]:
    """Each planet's row, usable whatever the table holds.

    Args:
        table: as ``read_orbits`` gives it.
        planets: ids, in the table or not.
    """
    known = {str(planet): cells for planet, cells in table.to_dict("index").items()}
    return {planet: _row(known.get(planet)) for planet in planets}


def _row(cells: Mapping[Hashable, float] | None) -> StarRow:
    if cells is None:
        why = "the star table has no row for it"
        return _stand_in(replace(STAND_IN, limb_open=True), orbit_fault=why, limb_fault="")
    teff, teff_note, limb_fault = _temperature(cells["Ts"])
    eccentricity, e_note, e_fault = _eccentricity(cells["e"], cells["omega"])
    orbit_fault = _orbit_fault(cells["P"], cells["sma"], cells["i"]) or e_fault
    notes = "; ".join(note for note in (teff_note, e_note) if note)
    inclination = cells["i"]
    row = StarRow(
        period_d=cells["P"],
        a_over_rs=cells["sma"],
        inclination_deg=180 - inclination if inclination > 90 else inclination,
        teff_k=teff,
        eccentricity=eccentricity,
        omega_deg=float(cells["omega"]) if eccentricity and np.isfinite(cells["omega"]) else None,
        limb_open=bool(teff_note or limb_fault),
        note=notes,
    )
    if not orbit_fault and row.impact > MOST_IMPACT:
        orbit_fault = (
            f"the star table's sma = {row.a_over_rs:g} and i = {inclination:g} make no transit "
            f"(impact parameter {row.impact:.1f}): sma in stellar radii, i in degrees"
        )
    return _stand_in(row, orbit_fault, limb_fault) if orbit_fault or limb_fault else row


def _stand_in(row: StarRow, orbit_fault: str, limb_fault: str) -> StarRow:
    """The row with stand-ins for what is at fault."""
    orbit = STAND_IN if orbit_fault else row
    return replace(
        row,
        period_d=orbit.period_d,
        a_over_rs=orbit.a_over_rs,
        inclination_deg=orbit.inclination_deg,
        eccentricity=orbit.eccentricity,
        omega_deg=orbit.omega_deg,
        orbit_fault=orbit_fault,
        limb_fault=limb_fault,
    )


def _orbit_fault(period_d: float, a_over_rs: float, inclination_deg: float) -> str:
    rules = (
        ("P", period_d, 0 < period_d < np.inf, "days, above 0"),
        ("sma", a_over_rs, 1 < a_over_rs < np.inf, "stellar radii, above 1"),
        ("i", inclination_deg, 0 <= inclination_deg <= 180, "degrees, 0 to 180"),
    )
    wrong = [
        f"the star table's {name} {_shown(value)}: {rule}"
        for name, value, good, rule in rules
        if not good
    ]
    return "; ".join(wrong)


def _shown(value: float) -> str:
    return f"is {value:g}" if np.isfinite(value) else "is blank or no number"


def _temperature(teff_k: float) -> tuple[float, str, str]:
    """Temperature to use, a note and a fault."""
    low, high = TEFF_RANGE_K
    least, most = BELIEVED_TEFF_K
    if not least <= teff_k <= most:
        fault = f"the star table's Ts {_shown(teff_k)}: kelvin, {least:g} to {most:g}"
        return STAND_IN.teff_k, "", fault
    nearest = float(np.clip(teff_k, low, high))
    if nearest == teff_k:
        return float(teff_k), "", ""
    return nearest, f"limb darkening of {nearest:g} K used for Ts = {teff_k:g} K", ""


def _eccentricity(eccentricity: float, omega_deg: float) -> tuple[float, str, str]:
    """Eccentricity to use, a note and a fault."""
    if np.isnan(eccentricity):
        return 0.0, "the star table's e is blank: taken as a circle", ""
    if not 0 <= eccentricity <= MOST_ECCENTRICITY:
        return 0.0, "", f"the star table's e {_shown(eccentricity)}: 0 to {MOST_ECCENTRICITY}"
    if np.isfinite(omega_deg) or eccentricity == 0:
        return float(eccentricity), "", ""
    if eccentricity < CIRCULAR:
        return 0.0, "", ""
    note = f"e = {eccentricity:g} without omega: the orbit's speed in transit is left open"
    return float(eccentricity), note, ""


def duration_h(star: StarRow, radius_ratio: float = 0.1) -> float:
    """About how long the table's orbit has a transit last, first to last contact [h]."""
    chord = np.sqrt(max((1 + radius_ratio) ** 2 - star.impact**2, 0.0))
    eccentricity, _ = star.computed
    speed = 2 * np.pi * star.a_over_rs / (star.period_d * HOURS_PER_DAY)
    speed *= np.sqrt(1 - eccentricity**2) / star.nearness
    return float(2 * chord / speed)
