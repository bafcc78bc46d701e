"""An ablation as a table of a terminal, and as Markdown."""

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from spectramind.evaluation.ablation_rows import AblationRow, AblationTable, ranked

_HEAD = ("variant", "score", "less base", "95 % interval", "verdict", "kept", "gain")
_IN_TERMINAL = len(_HEAD) - 1  # 80 columns hold no more
HOW_TO_READ = (
    "Less base: official score less that of the base, on the same planets and seeds; interval: "
    "paired bootstrap over planets and seeds. Unclear: it holds zero; same: it is zero to the "
    "fourth decimal. Of twenty variants that change nothing one looks better or worse by chance. "
    "Kept: seeds whose network beat physics on the early-stop fold; the others answer with "
    "physics. Sigmas are calibrated by the same rules for all: {calibrators}."
)
GAIN = (
    "Gain: what the best epoch gained on the early-stop fold over the untrained network, kept or "
    "not, in units of the objective (nats a bin, or score); of an ensemble's first network."
)
_CALIBRATORS = {
    "calibration": "temperature from the early-stop fold; COREL would be fitted on the planets "
    "that judge here and is left out",
    "test": "temperature from the early-stop fold, COREL from the calibration fold",
}


def how_to_read(table: AblationTable) -> str:
    """What the columns mean."""
    return HOW_TO_READ.format(calibrators=_CALIBRATORS[table.on])


def shown_rows(table: AblationTable, top_n: int | None) -> tuple[list[AblationRow], int]:
    """Base, physics and the best variants; how many more there are."""
    variants = ranked(table)
    top = variants[:top_n]
    return [*table.rows[:2], *top], len(variants) - len(top)


def cells(row: AblationRow, table: AblationTable) -> tuple[str, ...]:
    """A row's text, a column each as in the head."""
    compared = ("", "", "") if row is table.base else (*row.difference.texts(), row.verdict)
    kept = "" if row.kept is None else f"{row.kept}/{len(table.seeds)}"
    gain = "" if row.kept is None else f"{row.gain:.4f}"
    return (row.name, f"{row.score:.4f}", *compared, kept, gain)


def render_ablation(table: AblationTable, top_n: int) -> list[RenderableType]:
    """For a terminal."""
    rows, more = shown_rows(table, top_n)
    title = f"variants against the base: {table.judged_on}"
    drawn = Table(title=escape(title), box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for number, name in enumerate(_HEAD[:_IN_TERMINAL]):
        drawn.add_column(name, justify="left" if number in (0, 4) else "right", no_wrap=number > 0)
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in cells(row, table)[:_IN_TERMINAL]))
    rest = [f"{more} more variants in the files (--top_n)"] if more else []
    return [drawn, *rest, *table.remarks(), how_to_read(table)]


def as_markdown(table: AblationTable, top_n: int | None = None) -> str:
    """As Markdown: what was judged, the table, how to read it."""
    rows, more = shown_rows(table, top_n)
    lines = ["# Ablation", "", f"Judged on {table.judged_on}.", ""]
    lines += [f"| {' | '.join((*_HEAD, 'changes'))} |", "|---|--:|--:|:-:|---|--:|--:|---|"]
    for row in rows:
        texts = (
            *cells(row, table),
            f"`{row.changes}`" if row not in table.rows[:2] else row.changes,
        )
        lines.append(f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |")
    rest = [f"{more} more variants in the files."] if more else []
    notes = [f"{note[0].upper()}{note[1:]}." for note in table.remarks()]
    said = [f"- {note}" for note in (*rest, *notes)]
    lines += ["", *said, *([""] if said else []), how_to_read(table), GAIN]
    made = ", ".join(f"{key} {value}" for key, value in table.provenance.items())
    return "\n".join([*lines, "", f"From {made}."])
