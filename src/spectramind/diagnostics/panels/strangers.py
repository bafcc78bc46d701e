"""Planets whose predicted spectrum is unlike the spectra that are known."""

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

ALARM = 0.05  # of the planets; more are another kind of planets
_BRIEF = 5
COLUMNS = (
    Column("planet", "planet"),
    Column("reading", "reading"),
    Column("distance", "distance", ".2f"),
    Column("chance", "chance to lie as far", ".2g"),
    Column("rules", "symbolic rules"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row a planet, the strangest first."""
    found = context.data.rules
    if found is None:
        return Lack(context.data.problems.get("rules", ""))
    judged = [
        (planet, planet.out_of_distribution)
        for planet in found.log.planets
        if planet.out_of_distribution is not None
    ]
    if not judged:
        return Lack(f"strangers were {found.log.strangers}")
    rows = [
        {
            "planet": planet.planet_id,
            "reading": "stranger" if far.alarm else "familiar",
            "distance": far.distance,
            "chance": far.chance,
            "rules": {"ok": "kept", "warn": "unusual", "fail": "broken"}[planet.severity],
        }
        for planet, far in sorted(judged, key=lambda pair: pair[1].chance)
    ]
    return {
        "planets": with_pages(context, rows),
        "strangers": sum(row["reading"] == "stranger" for row in rows),
        "meaning": found.log.strangers,
        "shown": context.worst,
    }


def draw(values: Values) -> PanelBody:
    """All strangers, and the next ones up to the number of a short table."""
    rows, count = values["planets"], values["strangers"]
    shown = rows[: max(count, values["shown"])]
    note = (
        f"Stranger: {values['meaning']}. The distance counts directions in which known spectra "
        f"vary; {len(shown)} of {len(rows)} planets are listed."
    )
    brief = [
        {"planet": row["planet"], "reading": row["reading"], "chance": row["chance"]}
        for row in rows[: max(min(count, 2 * _BRIEF), _BRIEF)]
    ]
    html = tables.table(COLUMNS, shown)
    return PanelBody(
        html, note, tables={"strangers": for_files(rows)}, brief=brief, verdict=verdict(values)
    )


def verdict(values: Values) -> PlainWords:
    """Whether these planets are of the kind that was learnt from."""
    count, n = values["strangers"], len(values["planets"])
    if not count:
        return PlainWords("good", f"All {n} spectra are like the known ones.")
    words = f"{count} of {n} spectra are unlike the known ones"
    if count > ALARM * n:
        return PlainWords("bad", f"{words}: these planets may be of another kind, distrust σ.")
    return PlainWords("look", f"{words}: look at them before believing their σ.")


PANEL = Panel(
    topic="symbolic",
    anchor="strangers",
    title="Strangers",
    needs="how far spectra lie from the known ones",
    command="audit",
    look_for="A stranger is a spectrum such as hardly any known planet has: its telemetry may be "
    "odd, or it is a new kind of planet, and sigma was learnt from others.",
    collect=collect,
    draw=draw,
)
