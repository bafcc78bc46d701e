"""How several predictions compare on the same planets, as tables no wider than 80 columns."""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from spectramind.evaluation.summary import ScoreSummary, ratios

ORACLE = "oracle"
_REASON_SHOWN = 48  # characters; score.json has it whole


def render(summaries: Sequence[ScoreSummary]) -> list[Table]:
    """Scores, errors, ratios to the oracle if it is there, and the worst planets of the first."""
    by_name = {summary.name: summary for summary in summaries}
    tables = [_scores(summaries), _errors(summaries)]
    if ORACLE in by_name:
        tables.append(_ratios({n: ratios(s, by_name[ORACLE]) for n, s in by_name.items()}))
    return [*tables, _worst(summaries[0])]


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=escape(title), box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _scores(summaries: Sequence[ScoreSummary]) -> Table:
    title = f"{summaries[0].n_planets} planets that were held out"
    level = next((s.interval_level for s in summaries if s.interval_level is not None), None)
    inside = "in its\nrange" if level is None else f"in\n{100 * level:.3g} %"
    names = ("score", "95 %\nrange", "FGS1", "AIRS", "in 1\nsigma", inside)
    table = _table(title, "", *names, "white\nz rms", "\nworst")
    for s in summaries:
        table.add_row(
            s.name,
            f"{s.score:.4f}",
            f"{s.score_low:.3f}..{s.score_high:.3f}",
            f"{s.fgs1_part:.3f}",
            f"{s.airs_part:.3f}",
            f"{s.one_sigma_coverage:.3f}",
            _interval_cell(s),
            f"{s.white_z.rms:.2f}",
            f"{s.white_z.largest:.1f}",
        )
    return table


def _interval_cell(summary: ScoreSummary) -> str:
    if summary.interval_coverage is None:
        return "-"
    # Infinite intervals cover all, and say nothing.
    return f"{summary.interval_coverage:.3f}" if summary.interval_width_ppm is not None else "all"


def _errors(summaries: Sequence[ScoreSummary]) -> Table:
    names = (
        "FGS1\nrms",
        "\nmedian",
        "\nbias",
        "mean\nrms",
        "\nmedian",
        "\nbias",
        "shape\nrms",
        "\nmedian",
    )
    table = _table("errors [ppm]: FGS1, mean over AIRS, shape of AIRS", "", *names)
    for s in summaries:
        r = s.residuals_ppm
        values = [r.fgs1_rms, r.fgs1_median, r.fgs1_bias, r.airs_mean_rms, r.airs_mean_median]
        values += [r.airs_mean_bias, r.airs_shape_rms, r.airs_shape_median]
        table.add_row(s.name, *(f"{value:.0f}" for value in values))
    return table


def _ratios(by_name: Mapping[str, Mapping[str, float]]) -> Table:
    names = ("score", "FGS1\nmedian", "AIRS mean\nmedian", "AIRS shape\nmedian")
    table = _table("over the oracle's", "", *names)
    for name, values in by_name.items():
        table.add_row(name, *(f"{value:.3f}" for value in values.values()))
    return table


def _worst(summary: ScoreSummary) -> Table:
    table = _table(f"worst planets of {summary.name}", "planet", "score", "white z")
    table.add_column("doubted because")
    for row in summary.worst:
        reason = row.reason[:_REASON_SHOWN] + ("…" if len(row.reason) > _REASON_SHOWN else "")
        table.add_row(row.planet_id, f"{row.score:.3f}", f"{row.white_z:.1f}", reason or "-")
    return table
