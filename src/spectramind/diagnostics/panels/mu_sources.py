"""Over all planets: where each bin's mu comes from, measured depths or what was known before."""

from collections.abc import Mapping, Sequence
from statistics import median
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
from spectramind.plotting import html_tables as tables
from spectramind.plotting import plot
from spectramind.plotting.document import lead, place
from spectramind.plotting.html_tables import Column
from spectramind.plotting.molecule_strip import strip_words, with_strip
from spectramind.plotting.plot import Figure, Row, Trace, listed, per_bin

PPM = 1e6
ROUNDING = 1e-7  # of mu: what parts may miss it by; double precision keeps nine digits at worst
_MOSTLY = 0.5  # of a planet's shape: more and the prior made it
_LINES = {
    "own": ("the bin itself", plot.MODEL, "solid"),
    "band": ("other bins of its band", plot.GOOD, "dash"),
    "elsewhere": ("AIRS beyond its band", plot.NEUTRAL, "dot"),
    "fgs1": ("FGS1", plot.TRUTH, "dashdot"),
}
_SIZES = {
    "data": ("measured depths", plot.MODEL, "solid"),
    "prior": ("prior", plot.TRUTH, "dash"),
    "patches": ("spots and faculae", plot.GOOD, "dot"),
    "network": ("network", plot.NEUTRAL, "dashdot"),
}
COLUMNS = (
    Column("band", "band [µm]"),
    Column("own", "the bin itself", ".1%"),
    Column("same", "its band's others", ".1%"),
    Column("elsewhere", "elsewhere", ".1%"),
    Column("level", "prior, of the level", ".3%"),
    Column("prior", "prior [ppm]", ",.1f"),
)


def collect(context: ReportContext) -> Values | Lack:
    """Percentiles over planets per bin, and what tells a planet whose shape is the prior's."""
    found = context.kept("explain")
    if isinstance(found, Lack):
        return found
    planets: Mapping[str, Any] = found["planets"]
    keys = ("measured", "prior_of_level", "prior_of_shape", "patchy", "hazy", "residual")
    return {
        "wavelength_um": plain(context.data.wavelength_um),
        "sticks": context.sticks,
        **{key: found[key] for key in ("network", "bands", "weights", "sizes_ppm", "from_band")},
        "planets": [
            {"planet": name, **{key: one[key] for key in keys}, "likeliest": one["first"]}
            for name, one in planets.items()
        ],
    }


def draw(values: Values) -> PanelBody:
    """Weights and sizes per bin, a table by band, and weights from band to bin."""
    rows, planets = _by_band(values), values["planets"]
    measured = median(one["measured"] for one in planets)
    network = "" if values["network"] else " No network was kept: μ is the physics estimate."
    note = (
        f"{len(planets)} planets, median and (shaded) the middle 90 %. Weights are exact: how much "
        "μ of a bin moves with each measured depth while errors and the kind of planet stay. "
        f"Smoothing over 283 bins leaves {measured:.1f} independent measured numbers a planet "
        f"(median). σ's calibrators do not touch μ.{network}"
    )
    brief = [
        {
            "band": row["band"],
            "own bin %": round(100 * row["own"], 1),
            "its band %": round(100 * row["same"], 1),
            "elsewhere %": round(100 * row["elsewhere"], 1),
            "prior's level %": round(100 * row["level"], 3),
            "prior ppm": row["prior"],
        }
        for row in rows
    ]
    figures = {
        "mu-weights": weights_figure(values),
        "mu-sizes": sizes_figure(values),
        "mu-from-band": band_figure(values),
    }
    html = (
        place("mu-weights")
        + place("mu-sizes")
        + lead(strip_words(values["sticks"]))
        + tables.table(COLUMNS, rows)
        + "<h3>From which band to which bin</h3>"
        + lead("Median weight of all measured depths of a band (row) in μ of each bin (column).")
        + place("mu-from-band")
    )
    files = {"mu_bands": rows, "mu_planets": planets}
    return PanelBody(html, note, figures, tables=files, brief=brief, verdict=verdict(planets))


def verdict(planets: Sequence[Mapping[str, Any]]) -> PlainWords:
    """Whether parts add up, and whether planets' shapes are measured."""
    wrong = [one for one in planets if one["residual"] > ROUNDING]
    if wrong:
        worst = max(one["residual"] for one in wrong)
        return PlainWords(
            "bad",
            f"What should make up μ misses it in {len(wrong)} of {len(planets)} planets (by up to "
            f"{worst:.1e} of μ): depths or checkpoint are not those of the prediction; run "
            "predict again.",
        )
    share = median(one["prior_of_shape"] for one in planets)
    most = sum(one["prior_of_shape"] > _MOSTLY for one in planets)
    level = median(one["prior_of_level"] for one in planets)
    text = (
        f"Depth levels are measured (the prior makes {level:.2%} of them); of the shapes the "
        f"prior's own spectrum makes {share:.0%} in the median planet, and more than half in "
        f"{most} of {len(planets)}."
    )
    return PlainWords("look" if 2 * most > len(planets) else "good", text)


def _by_band(values: Values) -> list[dict[str, Any]]:
    """A row a band: medians over planets, then means over bins."""

    def mean(rows: Any, bins: slice, scale: float = 1.0) -> float:
        return round(float(np.mean(np.array(rows[1], dtype=np.float64)[bins])) * scale, 5)

    weights, sizes = values["weights"], values["sizes_ppm"]
    found = []
    for name, (first, last) in values["bands"].items():
        bins = slice(first, last + 1)
        row = {
            "band": name,
            "own": mean(weights["own"], bins),
            "same": mean(weights["band"], bins),
            "elsewhere": mean(weights["elsewhere"], bins) + mean(weights["fgs1"], bins),
            "level": mean(weights["prior"], bins),
            **{key: round(mean(sizes[key], bins), 2) for key in _SIZES},
        }
        found.append(row)
    return found


def weights_figure(values: Values) -> Figure:
    """Weights of measured depths in each bin's mu, by where they stand."""
    um, traces = values["wavelength_um"], []
    for key, style in _LINES.items():
        traces += _lines(um, values["weights"][key], style, shaded=key in ("own", "band"))
    layout = plot.spectral_layout([Row("weight in μ")], 380)
    layout["shapes"] = [*layout["shapes"], plot.horizontal(0.0, 0, "dot")]
    return {"data": traces, "layout": layout}


def sizes_figure(values: Values) -> Figure:
    """How far each part moves mu away from the planet's level; one that is nowhere has no line."""
    um, traces = values["wavelength_um"], []
    for key, style in _SIZES.items():
        rows = [[v if v else None for v in row] for row in values["sizes_ppm"][key]]
        if any(v is not None for v in rows[-1]):
            traces += _lines(um, rows, style, shaded=key in ("data", "prior"))
    rows_shown = [Row("size of the part [ppm]", 2.2, log=True)]
    return with_strip(traces, rows_shown, 480, values["sticks"])


def _lines(
    um: Sequence[float], rows: Any, style: tuple[str, str, str], shaded: bool
) -> list[Trace]:
    """Median over planets, and where asked for the range of the middle 90 %."""
    name, color, dash = style
    low, middle, high = (np.array(each, dtype=np.float64) for each in rows)
    traces = per_bin(um, middle, name, color, 0)
    traces[1]["line"] = {"color": color, "width": 1.9, "dash": dash}
    known = np.isfinite(low + high)
    if not shaded or not known[1:].any():
        return traces
    if known[0]:
        traces[0]["error_y"] = {
            "type": "data",
            "symmetric": False,
            "thickness": 1.4,
            "array": listed(high[:1] - middle[:1], 5),
            "arrayminus": listed(middle[:1] - low[:1], 5),
        }
    known[0] = False
    x, down, up = np.array(um)[known], low[known], high[known]
    ring = plot.band("", "", _pale(color)) | {"legendgroup": name}
    ring |= {"x": listed([*x, *x[::-1]], 5), "y": listed([*up, *down[::-1]], 4)}
    del ring["meta"]  # it is of no planet
    return [ring, *traces]


def _pale(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"


def band_figure(values: Values) -> Figure:
    """From which band's measured depths each bin's mu comes: a map of weights, one row a band."""
    names = list(values["bands"])
    um = np.array(values["wavelength_um"])
    weights = np.array(values["from_band"], dtype=np.float64)
    reach = float(np.nanmax(np.abs(weights[:, 1:])))
    common = {
        "type": "heatmap",
        "y": names,
        "zmin": -reach,
        "zmax": reach,
        "colorscale": [[0, plot.TRUTH], [0.5, "rgba(139,147,161,0.06)"], [1, plot.MODEL]],
        "hovertemplate": "from %{y}<br>to %{x} µm: %{z:.3f}<extra></extra>",
    }
    first = {"x": [0.7], "z": [[v] for v in listed(weights[:, 0], 4)], "showscale": False}
    bar = {"title": {"text": "weight"}, "thickness": 12}
    airs = {"x": listed(um[1:], 5), "z": [listed(row[1:], 4) for row in weights], "colorbar": bar}
    layout = plot.spectral_layout([Row("measured in [µm]")], 330)
    layout["shapes"] = layout["shapes"][-2:]
    layout["yaxis"] |= {"autorange": "reversed", "automargin": True, "title": {"text": ""}}
    layout["yaxis"]["domain"] = [0, 1]
    layout["margin"] = layout["margin"] | {"t": 12, "l": 130}
    data = [common | first | {"xaxis": "x"}, common | airs | {"xaxis": "x2"}]
    return {"data": data, "layout": layout | {"hovermode": "closest"}}


PANEL = Panel(
    topic="explain",
    anchor="mu-sources-section",
    title="What μ is made of",
    needs="what made each bin's μ",
    command="diagnose explain",
    look_for="First where the measured depths stand that decide a bin's μ: where the bin itself "
    "counts little, the prior's correlations lend it other bins'. Then how far each part moves μ "
    "from the planet's level: where the prior's line reaches that of the measured depths, the "
    "shape is assumed rather than seen.",
    collect=collect,
    draw=draw,
)
