"""An ablation as text: the best first, nothing wider than a terminal, nothing lost."""

import pytest
from rich.console import Console

from spectramind.evaluation.ablation_rows import AblationRow, AblationTable, ranked
from spectramind.evaluation.ablation_tables import as_markdown, render_ablation
from spectramind.evaluation.paired import Difference


def row(name: str, gap: tuple[float, float, float], kept: int | None = 2) -> AblationRow:
    return AblationRow(
        name, f"x={name}", 0.5 + gap[0], (0.5, 0.5), Difference(*gap), kept, 0.01, (0.5,)
    )


def table(**changes: object) -> AblationTable:
    rows = (
        row("base", (0.0, 0.0, 0.0)),
        row("physics alone", (-0.001, -0.002, 0.001), None),
        row("seam: on, mid-AIRS", (-0.01, -0.02, -0.005)),
        row("a|b", (-0.00001, -0.003, 0.004)),
        row("networks: 1, MC dropout", (0.02, 0.01, 0.03)),
    )
    values = {"rows": rows, "seeds": (1, 2), "on": "calibration", "planets": ("7",)}
    values |= {"unchanged": ("gate",), "failed": {"lost": "no room"}, "provenance": {"grid": "g"}}
    return AblationTable(**(values | changes))


def printed(top_n: int) -> str:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(*render_ablation(table(), top_n))
    return console.export_text()


def test_the_best_comes_first_and_fits_a_terminal() -> None:
    assert [one.verdict for one in ranked(table())] == ["better", "unclear", "worse"]
    text = printed(3)
    lines = text.splitlines()
    (best,) = (line for line in lines if line.strip().startswith("networks: 1, MC dropout"))
    assert best.split()[-6:] == [
        "dropout",
        "0.5200",
        "+0.0200",
        "+0.0100..+0.0300",
        "better",
        "2/2",
    ]
    assert "+0.0000" in text  # no minus before a zero
    assert "-0.0000" not in text
    assert "as the base, not trained: gate" in text
    assert "lost is missing: no room" in text


def test_top_n_says_what_it_leaves_out() -> None:
    text = printed(1)
    assert "2 more variants in the files" in text
    assert "seam" not in text.partition("as the base")[0]


def test_markdown_holds_all_columns() -> None:
    text = as_markdown(table())
    head, _, *rows = (line for line in text.splitlines() if line.startswith("|"))
    assert len(rows) == 5
    assert all(line.replace("\\|", "").count("|") == head.count("|") for line in rows)
    assert "| base | 0.5000 |  |  |  | 2/2 | 0.0100 |" in text
    assert "2 more" not in text
    assert "2 more" in as_markdown(table(), 1)


@pytest.mark.parametrize(("on", "said"), [("calibration", "left out"), ("test", "COREL from")])
def test_how_sigma_was_calibrated_is_said(on: str, said: str) -> None:
    assert said in as_markdown(table(on=on))


def test_networks_that_were_not_kept_are_named() -> None:
    rows = tuple(row(name, (0.0, 0.0, 0.0), 0) for name in ("base", "physics alone", "other"))
    assert "no network was kept" in table(rows=rows).remarks()[0]
    assert any("one seed" in line for line in table(seeds=(1,)).remarks())
