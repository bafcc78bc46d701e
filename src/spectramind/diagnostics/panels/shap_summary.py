"""How much each group of inputs moves mu and sigma, over all planets explained."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from spectramind.diagnostics.panel import (
    Lack,
    Panel,
    PanelBody,
    PlainWords,
    ReportContext,
    Values,
    plain,
)
from spectramind.diagnostics.shap_titles import (
    COMMAND,
    GROUPS,
    LEVEL,
    QUANTITIES,
    TOPIC,
    Array,
    figure_of,
    pair_layout,
    region_title,
    row_axis,
    title,
)
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.plot import Figure, Trace, dots, listed

_SHOWN = {"FGS1": (plot.MODEL, "circle"), "AIRS": (plot.TRUTH, "diamond")}
_LEAST = 0.01  # ppm: what a logarithmic axis begins with
_ADDS_UP = 0.01  # ppm
_DECADES = {"type": "log", "tickvals": [0.01, 0.1, 1, 10, 100, 1000, 10_000], "tickangle": 0}
_DECADES |= {"ticktext": ["0.01", "", "1", "", "100", "", "10k"]}
_DEEP = "rgba(63,127,220,0.62)"
_FAINT = "rgba(63,127,220,0.02)"


def collect(context: ReportContext) -> Values | Lack:
    """Mean size of each group's share and its standard error, (groups, outputs) [ppm]."""
    found = context.kept(TOPIC)
    if isinstance(found, Lack):
        return found
    sizes = {key: np.abs(np.asarray(found["phi"][key], dtype=np.float64)) for key in QUANTITIES}
    count = len(found["planets"])
    mean = {key: plain(size.mean(axis=0).round(4)) for key, size in sizes.items()}
    spread = {k: s.std(axis=0, ddof=1) if count > 1 else s[0] * np.nan for k, s in sizes.items()}
    error = {key: plain((one / np.sqrt(count)).round(4)) for key, one in spread.items()}
    kept = ("of", "groups", "outputs", "permutations", "background", "off_sigma", "residual_ppm")
    return {key: found[key] for key in kept} | {"planets": count, "mean": mean, "error": error}


def draw(values: Values) -> PanelBody:
    """Dots of both detectors, and a table of groups against bands."""
    rows = _rows(values)
    columns = [Column("quantity", "of"), Column("input", "input"), Column("what", "what it is")]
    columns += [Column(name, f"{region_title(name)} [ppm]", ",.2f") for name in values["outputs"]]
    html = (
        place("shap-sizes")
        + lead("The same for every band; written in: ppm.")
        + place("shap-bands")
        + lead(_method(values))
        + f"<details><summary>Table of all {len(rows)} rows, and what each input is</summary>"
        + f"{tables.table(columns, rows)}</details>"
    )
    figures = {"shap-sizes": sizes_figure(values), "shap-bands": bands_figure(values)}
    brief = [
        {
            "input": title(group),
            **{
                f"{sign} {name} [ppm]": values["mean"][key][row][values["outputs"].index(name)]
                for key, sign in QUANTITIES.items()
                for name in _SHOWN
            },
        }
        for row, group in enumerate(values["groups"])
    ]
    return PanelBody(
        html,
        _note(values),
        figures,
        tables={"shap_shares": _full(values)},
        brief=brief,
        verdict=_verdict(values),
    )


def _note(values: Values) -> str:
    sampled, of = values["planets"], values["of"]
    whom = f"all {of} planets" if sampled == of else f"{sampled} of {of} planets, drawn at random"
    return (
        f"Mean size over {whom}, of what is submitted; bars are one standard error. Star row, "
        "orbit and doubts act through what they leave open, the shared errors."
    )


def _method(values: Values) -> str:
    orders, others = values["permutations"], values["background"]
    return (
        "Shapley values: an input counts as far as the answer moves, on average, when the planet "
        f"gets it back after having had another planet's. Sampled: {others} other planets and "
        f"{orders} random orders of the inputs a planet, each walked both ways. A planet's shares "
        f"add up to what was submitted for it to {values['residual_ppm']:.1g} ppm; the function "
        f"explained is within {values['off_sigma']:.1g} σ of the submission."
    )


def _verdict(values: Values) -> PlainWords:
    """Whether shares add up, and whether FGS1's depth rests on FGS1."""
    column, groups = values["outputs"].index("FGS1"), values["groups"]
    shape = {
        group: values["mean"]["mu"][row][column]
        for row, group in enumerate(groups)
        if group != LEVEL
    }
    sigma = {group: values["mean"]["sigma"][row][column] for row, group in enumerate(groups)}
    first, widest = max(shape, key=shape.__getitem__), max(sigma, key=sigma.__getitem__)
    text = (
        f"Beside the planet's mean depth, μ in FGS1 is moved most by {_named(first)} "
        f"({shape[first]:.3g} ppm on average), σ there by {_named(widest)} "
        f"({sigma[widest]:.2g} ppm)."
    )
    if values["residual_ppm"] > _ADDS_UP:
        missing = f"{values['residual_ppm']:.2g} ppm"
        return PlainWords("bad", f"The shares of μ and σ do not add up: {missing} are missing.")
    return PlainWords("good" if first == "fgs1" else "look", text)


def _named(group: str) -> str:
    return {
        "fgs1": "FGS1's own measured depth",
        "common": "what the transit fit leaves open in all bins together",
    }.get(group, title(group))


def _rows(values: Values) -> list[dict[str, Any]]:
    """A row a quantity and group."""
    return [
        {"quantity": sign, "input": title(group), "what": GROUPS[group][1]}
        | dict(zip(values["outputs"], values["mean"][key][row], strict=True))
        for key, sign in QUANTITIES.items()
        for row, group in enumerate(values["groups"])
    ]


def _full(values: Values) -> Sequence[Mapping[str, Any]]:
    """A row a quantity, group and output, for the file."""
    return [
        {
            "quantity": key,
            "group": group,
            "output": output,
            "mean_size_ppm": values["mean"][key][row][column],
            "standard_error_ppm": values["error"][key][row][column],
        }
        for key in QUANTITIES
        for row, group in enumerate(values["groups"])
        for column, output in enumerate(values["outputs"])
    ]


def sizes_figure(values: Values) -> Figure:
    """Mean sizes of FGS1 and of AIRS's mean: mu on the left, sigma on the right."""
    titles = [title(group) for group in values["groups"]]
    traces: list[Trace] = []
    for column, key in enumerate(QUANTITIES):
        for name, (color, symbol) in _SHOWN.items():
            output = values["outputs"].index(name)
            mean = [row[output] for row in values["mean"][key]]
            shift = -0.14 if name == "FGS1" else 0.14
            error = [row[output] or 0.0 for row in values["error"][key]]
            bar = {"type": "data", "array": listed(error, 3), "thickness": 1.4, "width": 0}
            trace = dots(
                np.maximum(mean, _LEAST),
                np.arange(len(mean)) + shift,
                "FGS1" if name == "FGS1" else "mean of AIRS",
                color,
                xaxis=plot.axis_ref("x", column + 1),
                yaxis=plot.axis_ref("y", column + 1),
                legendgroup=name,
                showlegend=column == 0,
            )
            marker = {"color": color, "size": 8, "symbol": symbol}
            hover = "%{x:.3g} ppm<extra>%{fullData.name}</extra>"
            traces.append(trace | {"marker": marker, "error_x": bar, "hovertemplate": hover})
    axes = [
        {"title": {"text": f"mean share of {sign} [ppm]", "standoff": 6}, **_DECADES}
        for sign in QUANTITIES.values()
    ]
    return figure_of(traces, pair_layout(titles, (axes[0], axes[1])))


def bands_figure(values: Values) -> Figure:
    """Which input moves which band: mu above, sigma below, the numbers written in."""
    titles = [title(group) for group in values["groups"]]
    outputs = [region_title(name) for name in values["outputs"]]
    traces: list[Trace] = []
    for row, (key, sign) in enumerate(QUANTITIES.items()):
        size = np.asarray(values["mean"][key], dtype=np.float64)
        traces += [_shades(outputs, size, row), _numbers(titles, outputs, size, sign, row)]
    marks = [
        {
            "text": f"<b>mean share of {sign} [ppm]</b>",
            "xref": "paper",
            "yref": "paper",
            "x": 0,
            "y": y,
            "xanchor": "left",
            "yanchor": "bottom",
            "showarrow": False,
        }
        for sign, y in zip(QUANTITIES.values(), (1.0, 0.465), strict=True)
    ]
    layout = {
        "height": 46 * len(titles) + 120,
        "margin": {"l": 104, "r": 14, "t": 28, "b": 40},
        "annotations": marks,
        "xaxis": {"type": "category", "showgrid": False, "anchor": "y2", "fixedrange": True},
        "yaxis": row_axis(titles) | {"domain": [0.53, 1], "range": [len(titles) - 0.5, -0.5]},
        "yaxis2": row_axis(titles) | {"domain": [0, 0.46], "range": [len(titles) - 0.5, -0.5]},
    }
    return figure_of(traces, layout)


def _shades(outputs: list[str], size: Array, row: int) -> Trace:
    """A shade by the logarithm of each number."""
    return {
        "type": "heatmap",
        "x": outputs,
        "y": list(range(len(size))),
        "z": [listed(np.log10(np.maximum(one, _LEAST)), 2) for one in size],
        "hoverinfo": "skip",
        "colorscale": [[0, _FAINT], [1, _DEEP]],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "yaxis": plot.y_name(row),
    }


def _numbers(titles: list[str], outputs: list[str], size: Array, sign: str, row: int) -> Trace:
    """The numbers: a heat map's own would be white or black whatever the page's colours."""
    return {
        "type": "scatter",
        "mode": "text",
        "x": outputs * len(titles),
        "y": np.repeat(np.arange(len(titles)), len(outputs)).tolist(),
        "text": [_short(value) for value in size.ravel().tolist()],
        "textfont": {"size": 10},
        "hovertext": [
            f"{name} moves {sign} of {output} by {value:.3g} ppm"
            for name, one in zip(titles, size.tolist(), strict=True)
            for output, value in zip(outputs, one, strict=True)
        ],
        "hoverinfo": "text",
        "showlegend": False,
        "yaxis": plot.y_name(row),
    }


def _short(value: float) -> str:
    """Three characters or four."""
    if value < _LEAST:
        return "0"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


PANEL = Panel(
    topic=TOPIC,
    anchor="shap",
    title="What moves μ and σ",
    needs="what moves μ and σ",
    command=COMMAND,
    look_for="Each band should be moved most by its own depths, and σ by the noise and the shared "
    "errors: an input that moves what it has nothing to do with deserves a question.",
    collect=collect,
    draw=draw,
)
