"""What the symbolic rules say of one planet's spectrum."""

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlanetBody,
    ReportContext,
    Values,
)
from spectramind.diagnostics.rule_words import SEVERITY, amount, kept_words
from spectramind.plotting import html_tables as tables
from spectramind.plotting.document import lead, slot
from spectramind.plotting.html_tables import Column
from spectramind.symbolic.violation_log import PlanetViolations, Severity
from spectramind.symbolic.violation_table import entries

COLUMNS = (
    Column("entry", "rule"),
    Column("asks", "it asks that"),
    Column("reading", "here"),
    Column("amount", "by how much"),
    Column("bins", "in bins"),
    Column("truth", "in its true spectrum"),
)


def collect(context: ReportContext) -> Values | Lack:
    """How many planets were judged; what is said of each stands on its page."""
    found = context.data.rules
    if found is None:
        return Lack(context.data.problems.get("rules", ""))
    return {"planets": len(found.log.planets)}


def draw(values: Values) -> PanelBody:
    """The place of the table."""
    return PanelBody(slot("planet-rules"), f"{values['planets']} planets were judged.")


def planet(context: ReportContext, row: int) -> PlanetBody | None:
    """The table of a planet's rules: broken ones first, those kept folded away."""
    found = context.data.rules
    name = context.data.planet_ids[row]
    planets = {} if found is None else {one.planet_id: one for one in found.log.planets}
    if name not in planets:
        return None
    judged = planets[name]
    rows = _rows(judged)
    odd = [one for one in rows if one["reading"] != SEVERITY[Severity.OK]]
    kept = [one for one in rows if one["reading"] == SEVERITY[Severity.OK]]
    html = lead(_sentence(judged, len(odd), len(rows)))
    html += tables.table(COLUMNS, odd) if odd else ""
    if kept:
        html += f"<details><summary>The {len(kept)} rules that it keeps</summary>"
        html += f"{tables.table(COLUMNS, kept)}</details>"
    return PlanetBody(html={"planet-rules": html})


def _rows(judged: PlanetViolations) -> list[Values]:
    """One row an entry of the log, the worst first."""
    order = list(SEVERITY)
    true = {} if judged.truth is None else entries(judged.truth)
    rows = []
    for entry, facts in entries(judged).items():
        severity = Severity(facts["status"])
        bins = facts.get("top_bins") or facts.get("bins") or []
        truth = Severity(true[entry]["status"]) if entry in true else None
        rows.append(
            {
                "entry": entry,
                "asks": kept_words(entry),
                "reading": SEVERITY[severity],
                "amount": amount(facts) or None,
                "bins": ", ".join(map(str, bins)) or None,
                "truth": None if truth is None else SEVERITY[truth],
                "order": -order.index(severity),
            }
        )
    return sorted(rows, key=lambda one: one["order"])


def _sentence(judged: PlanetViolations, odd: int, of: int) -> str:
    """How this planet stands, and whether it is a stranger."""
    words = f"It keeps all {of} rules." if not odd else f"{odd} of {of} rules are not kept."
    stranger = judged.out_of_distribution
    if stranger is not None:
        like = "unlike" if stranger.alarm else "like"
        words += (
            f" Its spectrum is {like} the known ones (distance {stranger.distance:.1f}, chance "
            f"{stranger.chance:.2g} to lie as far)."
        )
    pushed = {rule for rule in judged.dominant_rules.values() if rule}
    if pushed:
        words += " Pushing most: " + ", ".join(
            f"{rule} in {region}" for region, rule in judged.dominant_rules.items() if rule
        )
        words += "."
    return words


PANEL = Panel(
    topic="symbolic",
    anchor="planet-rules-section",
    title="Symbolic rules",
    needs="symbolic rules planet by planet",
    command="audit",
    look_for="A broken rule that the planet's true spectrum keeps is an error of the prediction; "
    "its bins say where to look in the spectrum above.",
    collect=collect,
    draw=draw,
    planet=planet,
)
