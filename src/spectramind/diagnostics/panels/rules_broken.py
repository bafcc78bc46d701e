"""The symbolic rules over all planets: how many keep each, predictions beside true spectra."""

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
)
from spectramind.diagnostics.planet_links import for_files, with_pages
from spectramind.diagnostics.rule_words import kept_words
from spectramind.plotting import html_tables as tables
from spectramind.plotting.html_tables import Column
from spectramind.symbolic.violation_log import Severity
from spectramind.symbolic.violation_table import violation_table

BAD = 0.05  # of the planets break a rule that their true spectra keep
COLUMNS = (
    Column("entry", "rule"),
    Column("asks", "it asks that"),
    Column("ok", "kept", "d"),
    Column("warn", "unusual", "d"),
    Column("fail", "broken", "d"),
    Column("truth_warn", "truths: unusual", "d"),
    Column("truth_fail", "truths: broken", "d"),
    Column("planet", "such as"),
)


def collect(context: ReportContext) -> Values | Lack:
    """A row an entry of the log, and the planets that break something."""
    found = context.data.rules
    if found is None:
        return Lack(context.data.problems.get("rules", ""))
    planets = found.log.planets
    rows = [
        {
            "entry": row.entry,
            "asks": kept_words(row.entry),
            **{str(severity): row.counts[severity] for severity in Severity},
            **{f"truth_{severity}": n for severity, n in row.truth_counts.items()},
            "planet": row.worst,
        }
        for row in violation_table(found.log)
    ]
    return {
        "rules": with_pages(context, rows),
        "planets": len(planets),
        "broken": sum(planet.severity == Severity.FAIL for planet in planets),
        "unusual": sum(planet.severity == Severity.WARN for planet in planets),
        # Broken by the prediction though the true spectrum breaks nothing.
        "blamed": sum(
            planet.severity == Severity.FAIL
            and planet.truth is not None
            and planet.truth.severity != Severity.FAIL
            for planet in planets
        ),
        "truths": sum(planet.truth is not None for planet in planets),
        "truths_broken": sum(
            planet.truth is not None and planet.truth.severity == Severity.FAIL
            for planet in planets
        ),
    }


def draw(values: Values) -> PanelBody:
    """The table of rules."""
    rows = values["rules"]
    note = (
        f"{values['planets']} planets. Unusual: beyond what 99 % of true spectra show; broken: "
        "beyond what noise of 50 ppm would do, or impossible. Where true spectra break a rule as "
        "well, the rule is at fault, not the prediction."
    )
    brief = [
        {
            "rule": row["entry"],
            "kept": row["ok"],
            "unusual": row["warn"],
            "broken": row["fail"],
            "truths broken": row.get("truth_fail"),
            "such as": row["planet"],
        }
        for row in rows
    ]
    html = tables.table(COLUMNS, rows)
    return PanelBody(
        html, note, tables={"rules": for_files(rows)}, brief=brief, verdict=verdict(values)
    )


def verdict(values: Values) -> PlainWords:
    """Whether predictions break rules that true spectra keep."""
    n, broken, unusual = values["planets"], values["broken"], values["unusual"]
    if not broken:
        also = f"; {unusual} look unusual" if unusual else ""
        return PlainWords("good", f"No spectrum of {n} breaks a symbolic rule{also}.")
    words = f"{broken} of {n} spectra break a symbolic rule"
    if values["truths"]:
        words += (
            f"; so do {values['truths_broken']} of the {values['truths']} true ones: "
            f"{values['blamed']} of the predictions are to blame"
        )
        share = values["blamed"] / n
    else:
        share = broken / n
    return PlainWords("bad" if share > BAD else "look", f"{words}.")


PANEL = Panel(
    topic="symbolic",
    anchor="rules",
    title="Rules kept and broken",
    needs="symbolic rules on the predicted spectra",
    command="audit",
    look_for="A rule that many predictions break and true spectra keep shows what the estimator "
    "has not learnt; one that true spectra break as often is set too strictly.",
    collect=collect,
    draw=draw,
)
