"""What retrieval found, as tables: a planet's samples, and the catalogue of planets."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spectramind.contracts.retrieved import Retrieved
from spectramind.run.atomic import atomic_path

_NUMBERS = ("median", "low_68", "high_68", "low_95", "high_95")
_TOLD = (
    "planet",
    "path",
    "converged",
    "effective",
    "efficiency",
    "ln_z",
    "ln_z_error",
    "p_value",
    "fits",
)


_EVIDENCE = ("ln_bayes", "error", "sigma", "method")


def catalogue_rows(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a planet: how it was found, every parameter's numbers, every component's evidence."""
    rows = []
    for told in summaries:
        row: dict[str, Any] = {key: told[key] for key in _TOLD}
        for one in told["parameters"]:
            row |= {f"{one['name']}_{number}": one[number] for number in _NUMBERS}
        for one in told["components"]:
            row |= {f"{one['component']}_{key}": one[key] for key in _EVIDENCE}
        rows.append(row)
    columns = dict.fromkeys(column for row in rows for column in row)
    return [{column: row.get(column, "") for column in columns} for row in rows]


def write_samples_table(found: Retrieved, path: Path) -> bool:
    """Equally likely samples with units, as ECSV; False where astropy is not installed."""
    if find_spec("astropy") is None:
        return False
    from astropy import units
    from astropy.table import Column, Table

    known = {"K": units.K, "Pa": units.Pa, "R_sun": units.R_sun, "M_Jup": units.M_jup}
    table = Table()
    for column, (name, unit) in enumerate(zip(found.names, found.units, strict=True)):
        # A logarithm has no unit that astropy could turn into another.
        plain = units.dimensionless_unscaled if "log10" in name else known.get(unit)
        text = f"log10 of {unit}" if "log10" in name and unit else None
        table[name] = Column(found.draws[:, column], unit=plain, description=text)
    told = found.summary
    table.meta.update({key: told[key] for key in ("planet", "ln_z", "ln_z_error", "p_value")})
    with atomic_path(path) as temporary:
        table.write(temporary, format="ascii.ecsv", delimiter=",")
    return True
