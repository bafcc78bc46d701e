"""Losses and scores by epoch, beside the physics estimate without the network."""

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
from spectramind.plotting import plot
from spectramind.plotting.document import place
from spectramind.plotting.plot import Figure, Trace, axis_key, axis_ref, dots, line

_WHOLE = "total_loss"
_GAP = 0.11
_NAMES = {
    "train_loss": "training loss",
    "val_loss": "validation loss",
    "total_loss": "all that training makes small",
    "val_score": "validation score",
    "train_score": "training score",
}
# Colour, symbol and dash: of what is validated, then of the others.
_STYLES = (
    (plot.MODEL, "circle", "solid"),
    (plot.NEUTRAL, "square", "solid"),
    (plot.GOOD, "diamond", "dot"),
    ("#cc79a7", "triangle-up", "dashdot"),
    ("#56b4e9", "x", "dash"),
)


def collect(context: ReportContext) -> Values | Lack:
    """One row an epoch, the physics estimate's values for the same keys, the epoch kept, and with
    crossing folds one training a fold.
    """
    data = context.data
    if not data.history:
        return Lack(data.problems.get("history", ""))
    return {
        "epochs": [_plain_row(row) for row in data.history],
        "baseline": _plain_row(data.baseline),
        "chosen": data.chosen_epoch,
        "folds": [
            {
                "fold": fold.fold + 1,
                "epochs": list(fold.epochs),
                "history": [_plain_row(row) for row in fold.history],
            }
            for fold in data.runs.folds
            if len(fold.history) > 1
        ],
        "gain": _gain(data.events),
    }


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: plain([value])[0] if isinstance(value, float) else value for key, value in row.items()
    }


def _gain(events: Sequence[Mapping[str, Any]]) -> float | None:
    """What the last good training says that its network gained over physics."""
    good = [e for e in events if e.get("cmd") == "train" and e.get("status") in ("ok", "warn")]
    metrics = good[-1].get("metrics") if good else None
    found = metrics.get("val_gain") if isinstance(metrics, Mapping) else None
    return plain([found])[0] if isinstance(found, (int, float)) else None


def draw(values: Values) -> PanelBody:
    """The figure; with crossing folds a pale curve each."""
    epochs, folds = values["epochs"], values["folds"]
    if folds:
        drawn = folds_figure(folds, values["chosen"])
        told = [", ".join(map(str, fold["epochs"])) or "not yet" for fold in folds]
        chose = "; ".join(
            f"fold {fold['fold']}: {one}" for fold, one in zip(folds, told, strict=True)
        )
        kept = _kept(values["chosen"]) if any(fold["epochs"] for fold in folds) else "not told yet"
        note = (
            "A pale curve a fold, each on planets of its own that stopped it; a dot marks the "
            f"epoch that it chose ({chose}), 0 being physics without the network. The bold curve "
            f"is their mean, as far as all folds go. Kept: {kept}."
        )
    else:
        drawn = figure(epochs, values["baseline"], values["chosen"])
        note = "Dashed: physics alone, without the network, on the same planets."
    rows = [{"fold": fold["fold"], **row} for fold in folds for row in fold["history"]] or epochs
    return PanelBody(
        place("history"),
        note,
        {"history": drawn},
        tables={"training": rows},
        brief=_brief(values),
        verdict=verdict(values),
    )


def _kept(chosen: int | None) -> str:
    """What the checkpoint holds, trained on all planets."""
    return f"a network trained on all for {chosen} epochs" if chosen else "physics alone"


def _brief(values: Values) -> list[dict[str, Any]]:
    """A row a fold, or the last epochs of the one training."""
    if values["folds"]:
        return [
            {
                "fold": fold["fold"],
                "epochs": len(fold["history"]) - 1,
                "chose": ", ".join(map(str, fold["epochs"])),
                "gain there": _best_gain(fold["history"]),
            }
            for fold in values["folds"]
        ]
    keys = ("epoch", "train_loss", "val_loss", "val_score", "lr")
    return [{key: row.get(key) for key in keys} for row in values["epochs"][-5:]]


def _best_gain(history: Sequence[Mapping[str, Any]]) -> float | None:
    """Of the best epoch over epoch 0."""
    gains = [gain for gain in _gains(history) if np.isfinite(gain)]
    return round(max(gains), 4) if gains else None


def verdict(values: Values) -> PlainWords:
    """Whether a network was kept, and what it gained."""
    gain, chosen = values["gain"], values["chosen"]
    told = "" if gain is None else f" (it gained {gain:+.4f} a bin over physics)"
    if len(values["epochs"]) <= 1:
        return PlainWords("good", "No network was trained: physics answers alone.")
    if not chosen:
        words = "A network was trained and not kept, for it was no better than physics"
        return PlainWords("good", f"{words}{told}: physics answers alone.")
    return PlainWords("good", f"The network of epoch {chosen} was kept{told}.")


def figure(
    epochs: Sequence[Mapping[str, Any]], baseline: Mapping[str, float], chosen: int | None
) -> Figure:
    """Losses and scores by epoch, the physics estimate as a level, the chosen epoch marked.

    What training makes small in all, with rules and coarser scales in it, is of another size and
    would press the others flat: it is drawn only where nothing else is.
    """
    keys = list(dict.fromkeys(key for row in epochs for key in row))
    panels = [[k for k in keys if k.endswith(suffix)] for suffix in ("_loss", "_score")]
    plain_losses = [name for name in panels[0] if name != _WHOLE]
    panels = [names for names in (plain_losses or panels[0], panels[1]) if names]
    x = [row["epoch"] for row in epochs]
    traces, shapes = [], []
    for number, names in enumerate(panels):
        axes = {"xaxis": axis_ref("x", number + 1), "yaxis": axis_ref("y", number + 1)}
        for place_of, name in enumerate(names):
            y = [np.nan if row.get(name) is None else row[name] for row in epochs]
            traces.append(_curve(x, y, name, place_of) | axes)
            if name in baseline:
                level = line([min(x), max(x)], [baseline[name]] * 2, _physics(name), plot.TRUTH)
                flat = {"color": plot.TRUTH, "dash": "dash", "width": 1.5}
                traces.append(level | axes | {"line": flat})
        if chosen is not None:
            shapes.append(_chosen_mark(chosen, axes["xaxis"], axes["yaxis"]))
    titles = [names[0].rsplit("_", 1)[1] for names in panels]
    return {"data": traces, "layout": _layout(titles) | {"shapes": shapes}}


def _physics(name: str) -> str:
    """The level of the physics estimate in a legend."""
    return f"physics alone ({name.rsplit('_', 1)[1]})"


def _curve(x: Sequence[Any], y: Sequence[Any], name: str, number: int) -> Trace:
    """A curve that differs from the others of its panel in colour, symbol and dash."""
    color, symbol, dash = _STYLES[0 if name.startswith("val") else 1 + number % len(_STYLES[1:])]
    curve = line(x, y, _NAMES.get(name, name.replace("_", " ")), color, mode="lines+markers")
    return curve | {
        "line": curve["line"] | {"dash": dash},
        "marker": {"symbol": symbol, "size": 6, "color": color},
    }


def _gains(history: Sequence[Mapping[str, Any]]) -> list[float]:
    """Of each epoch over epoch 0, on the planets that stop a fold."""
    losses = [np.nan if row.get("val_loss") is None else row["val_loss"] for row in history]
    return [float(losses[0] - loss) for loss in losses]


def folds_figure(folds: Sequence[Mapping[str, Any]], chosen: int | None) -> Figure:
    """What each fold's network gained over physics, epoch by epoch, and its training loss."""
    first, second = ({"xaxis": axis_ref("x", n), "yaxis": axis_ref("y", n)} for n in (1, 2))
    traces = []
    for number, fold in enumerate(folds):
        x = [row["epoch"] for row in fold["history"]]
        gains = _gains(fold["history"])
        losses = [row.get("train_loss") for row in fold["history"]]
        known = [np.nan if loss is None else loss for loss in losses]
        pale = {"opacity": 0.45, "legendgroup": "fold", "showlegend": number == 0}
        hover = f"fold {fold['fold']}, epoch %{{x}}: %{{y:.4f}}<extra></extra>"
        for y, axes, color in ((gains, first, plot.MODEL), (known, second, plot.NEUTRAL)):
            here = pale if y is gains else pale | {"showlegend": False}
            one = line(x, y, "a fold", color) | here | axes | {"hovertemplate": hover}
            traces.append(one | {"line": {"color": color, "width": 1.2}})
        kept = [(epoch, gains[epoch]) for epoch in fold["epochs"] if epoch < len(gains)]
        mark = dots([e for e, _ in kept], [g for _, g in kept], "epoch that it chose", plot.GOOD)
        mark |= {"legendgroup": "chose", "showlegend": number == 0, "hovertemplate": hover}
        traces.append(mark | first)
    shortest = min(len(fold["history"]) for fold in folds)
    x = [row["epoch"] for row in folds[0]["history"][:shortest]]
    mean = np.mean([_gains(fold["history"])[:shortest] for fold in folds], axis=0)
    bold = {"line": {"color": plot.MODEL, "width": 3}}
    traces.append(line(x, mean, "mean over the folds", plot.MODEL) | first | bold)
    longest = max(len(fold["history"]) for fold in folds) - 1
    flat = {"line": {"color": plot.TRUTH, "dash": "dash", "width": 1.5}}
    traces.append(line([0, longest], [0, 0], "physics alone", plot.TRUTH) | first | flat)
    shapes = [_chosen_mark(chosen, first["xaxis"], first["yaxis"])] if chosen else []
    layout = _layout(("gain over physics, per bin", "training loss"))
    return {"data": traces, "layout": layout | {"shapes": shapes}}


def _chosen_mark(epoch: int, xaxis: str, yaxis: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": xaxis,
        "yref": f"{yaxis} domain",
        "x0": epoch,
        "x1": epoch,
        "y0": 0,
        "y1": 1,
        "line": {"color": plot.GOOD, "width": 1.5, "dash": "dot"},
        "label": {
            "text": f"kept: epoch {epoch}",
            "textangle": 0,
            "textposition": "start",
            "xanchor": "left",
            "yanchor": "bottom",
            "padding": 6,
        },
    }


def _layout(titles: Sequence[str]) -> dict[str, Any]:
    margin = {"l": 78, "r": 16, "t": 44, "b": 46}
    layout = plot.single_layout() | {"height": 350, "margin": margin}
    for number, title in enumerate(titles):
        width = (1 - _GAP * (len(titles) - 1)) / len(titles)
        left = number * (width + _GAP)
        layout[axis_key("x", number + 1)] = {
            "domain": [left, left + width],
            "anchor": axis_ref("y", number + 1),
            "title": {"text": "epoch"},
        }
        layout[axis_key("y", number + 1)] = {
            "anchor": axis_ref("x", number + 1),
            "title": {"text": title},
        }
    return layout


PANEL = Panel(
    topic="runs",
    anchor="training",
    title="Training",
    needs="loss curves",
    command="train",
    look_for="The network earned its place only where it stays better than physics on planets that "
    "it was not trained on: above 0, or below the dashed line of the loss; training loss alone "
    "falling is overfitting.",
    collect=collect,
    draw=draw,
)
