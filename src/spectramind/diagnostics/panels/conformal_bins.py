"""COREL's quantile and factor per bin."""

from scipy import stats

from spectramind.diagnostics.panel import Lack, Panel, PanelBody, ReportContext, Values, plain
from spectramind.evaluation.coverage import promise
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Row, per_bin

COLUMNS = (
    Column("bin", "bin"),
    Column("wavelength", "µm", ".4f"),
    Column("q", "q [σ]", ".3f"),
    Column("factor", "factor on σ", ".3f"),
)


def collect(context: ReportContext) -> Values | Lack:
    """Per bin (283,): q in units of sigma, None where it is infinite, and the factor on sigma."""
    data, step = context.data, context.data.corel
    if step is None:
        return Lack(data.problems.get("corel", ""))
    return {
        "wavelength_um": plain(data.wavelength_um),
        "q": plain(step.q),
        "factor": plain(step.factor),
        "alpha": float(step.alpha),
        "kind": step.kind,
        "planets": int(step.n),
    }


def draw(values: Values) -> PanelBody:
    """The figure, and a table of all bins."""
    alpha = values["alpha"]
    text = (
        f"α = {alpha:g}, {values['planets']} calibration planets: "
        f"{promise(values['kind'], alpha)}. Dashed: the value for normal z."
    )
    columns = (values[key] for key in ("wavelength_um", "q", "factor"))
    rows = [
        {"bin": i, "wavelength": um, "q": q, "factor": factor}
        for i, (um, q, factor) in enumerate(zip(*columns, strict=True))
    ]
    html = place("corel-bins") + (
        f"<details><summary>Table of all {len(rows)} bins</summary>"
        f"{tables.table(COLUMNS, rows)}</details>"
    )
    return PanelBody(html, text, {"corel-bins": figure(values)})


def figure(values: Values) -> Figure:
    """The conformal quantile q_i and the factor on sigma, per bin."""
    um = values["wavelength_um"]
    rows = [Row("q [σ]"), Row("factor on σ", 0.8)]
    traces = per_bin(um, values["q"], "q, half width in σ", plot.GOOD, 0)
    traces += per_bin(um, values["factor"], "factor on σ", plot.MODEL, 1)
    normal = float(stats.norm.isf(values["alpha"] / 2))
    layout = plot.spectral_layout(rows, 400)
    marks = [plot.horizontal(normal, 0), plot.horizontal(1.0, 1)]
    return {"data": traces, "layout": layout | {"shapes": layout["shapes"] + marks}}


PANEL = Panel(
    topic="coverage",
    anchor="corel",
    title="COREL",
    needs="COREL quantiles q per bin",
    command="calibrate-corel",
    look_for="A factor near 1 is a σ that was honest before; a run of bins with a large one names "
    "the wavelengths where it was not.",
    collect=collect,
    draw=draw,
)
