"""All planets' atmospheres: temperatures, which components are seen, where the model fails."""

from types import MappingProxyType
from typing import Any

from spectramind.contracts.retrieved import sigma_said
from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.planet_links import for_files, with_pages
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column

PARAMETER = MappingProxyType(
    {
        "radius_ratio": "Rp/Rs at 10 bar",
        "temperature_k": "temperature",
        "log10_h2o": "log10 H₂O",
        "log10_co2": "log10 CO₂",
        "log10_co": "log10 CO",
        "log10_ch4": "log10 CH₄",
        "log10_nh3": "log10 NH₃",
        "cloud_log10_pa": "log10 cloud top",
        "haze_log10": "log10 haze",
        "haze_slope": "haze slope",
        "mean_weight_u": "mean weight",
        "spot_fraction": "spots' share",
        "spot_contrast_k": "spots' contrast",
        "log10_kappa_cm2_g": "log10 κ",
        "log10_gamma": "log10 γ",
        "planet_mass_mjup": "mass",
        "star_radius_rsun": "star's radius",
        "star_temperature_k": "star's temperature",
    }
)
COMPONENT = MappingProxyType(
    {"h2o": "H₂O", "co2": "CO₂", "co": "CO", "ch4": "CH₄", "nh3": "NH₃"}
    | {name: name for name in ("clouds", "haze", "spots")}
)
_SEEN = 3.0
_COLUMNS = (
    Column("planet", "planet"),
    Column("temperature", "T [K]", ".0f"),
    Column("sd", "± [K]", ".0f"),
    Column("seen", "seen at 3 σ"),
    Column("p", "predictive p", ".2g"),
    Column("path", "path"),
    Column("effective", "effective samples", ".0f"),
    Column("doubt", "to doubt"),
)


def collect(context: ReportContext) -> Values | Lack:
    """A row a planet."""
    found = context.data.retrieved
    if not found:
        return Lack(context.data.problems.get("retrieved", ""))
    rows = []
    for planet, one in found.items():
        told = one.summary
        heat = next((p for p in told["parameters"] if p["name"] == "temperature_k"), None)
        seen = [
            f"{COMPONENT.get(part['component'], part['component'])} {sigma_said(part)}"
            for part in told["components"]
            if part["sigma"] >= _SEEN
        ]
        rows.append(
            {
                "planet": planet,
                "temperature": heat["median"] if heat else None,
                "sd": heat["sd"] if heat else None,
                "seen": ", ".join(seen) or "-",
                "p": told["p_value"],
                "path": told["path"],
                "effective": told["effective"],
                "doubt": told["warning"],
                "fits": told["fits"],
                "converged": told["converged"],
            }
        )
    return {"rows": with_pages(context, rows), "of": len(context.data.planet_ids)}


def draw(values: Values) -> PanelBody:
    """The table."""
    rows = values["rows"]
    note = f"{len(rows)} of {values['of']} planets were retrieved."
    brief: list[dict[str, Any]] = [
        {
            "planet": row["planet"],
            "T [K]": None if row["temperature"] is None else round(row["temperature"]),
            "seen at 3 σ": row["seen"],
            "p": float(f"{row['p']:.2g}"),
            "path": row["path"],
        }
        for row in rows[:12]
    ]
    return PanelBody(
        tables.table(_COLUMNS, rows),
        note,
        tables={"atmospheres": for_files(rows)},
        brief=brief,
        verdict=_verdict(rows),
    )


def _verdict(rows: list[dict[str, Any]]) -> PlainWords:
    wrong = sum(not row["fits"] for row in rows)
    open_ = sum(not row["converged"] for row in rows)
    if wrong:
        text = f"The atmosphere model does not fit {wrong} of {len(rows)} spectra."
        return PlainWords("bad" if wrong > 0.1 * len(rows) else "look", text)
    if open_:
        return PlainWords("look", f"{open_} of {len(rows)} retrievals did not converge.")
    return PlainWords("good", f"The atmosphere model fits all {len(rows)} spectra retrieved.")


PANEL = Panel(
    topic="retrieval",
    anchor="atmosphere-table",
    title="Planets' atmospheres",
    needs="posteriors over atmospheres",
    command="retrieve --all",
    look_for="A small predictive p says that the model cannot explain a spectrum: its intervals "
    "are then too narrow to be believed.",
    collect=collect,
    draw=draw,
)
