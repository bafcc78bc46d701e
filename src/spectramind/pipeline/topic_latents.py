"""diagnose pca, umap and tsne: planets on maps, those outside of what training saw marked."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from spectramind.config.diag_latents import LatentsConfig
from spectramind.config.root import Config
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import SPECTRUM_COLUMNS, truth_for
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.diagnostics.panel import Values, plain
from spectramind.diagnostics.planet_space import (
    PlanetSpace,
    find_outsiders,
    nearest,
    standing_out,
)
from spectramind.diagnostics.principal_axes import principal_axes
from spectramind.diagnostics.tsne_plane import tsne_plane
from spectramind.diagnostics.umap_plane import umap_plane
from spectramind.errors import SchemaError, first_fault
from spectramind.evaluation.official import element_scores, naive_moments, planet_scores
from spectramind.pipeline.latent_spaces import LatentSpaces, latent_spaces
from spectramind.plotting.plot import listed
from spectramind.run.environment import file_digest
from spectramind.run.record import RunRecord
from spectramind.symbolic.violation_log import ViolationLog

Array = NDArray[np.float64]
_SAID = 3  # quantities by which an outsider is described


def by_pca(config: Config, record: RunRecord) -> Values:
    """Principal axes of every space, what they are made of, and every planet's neighbours."""
    settings = config.diag.pca
    found = latent_spaces(config)
    rows = []
    for space in found.spaces:
        axes = principal_axes(space.everyone, settings.axes)
        strongest = np.argsort(-np.abs(axes.loadings), axis=1, kind="stable")[
            :, : settings.loadings
        ]
        made_of = [
            [{"quantity": space.names[i], "weight": round(float(row[i]), 3)} for i in best]
            for row, best in zip(axes.loadings, strongest, strict=True)
        ]
        rows.append(
            _mapped(space, axes.points[:, :2], settings)
            | {"explained": plain(axes.explained), "loadings": made_of}
            | {"neighbours": _neighbours(space, settings)}
        )
    return _values(config, found, rows)


def by_umap(config: Config, record: RunRecord) -> Values:
    """Every space on a plane by UMAP."""
    settings = config.diag.umap
    found = latent_spaces(config)
    rows = [_mapped(one, umap_plane(one.everyone, settings), settings) for one in found.spaces]
    return _values(config, found, rows)


def by_tsne(config: Config, record: RunRecord) -> Values:
    """Every space on a plane by t-SNE."""
    settings = config.diag.tsne
    found = latent_spaces(config)
    rows = [_mapped(one, tsne_plane(one.everyone, settings), settings) for one in found.spaces]
    return _values(config, found, rows)


def _mapped(space: PlanetSpace, points: Array, settings: LatentsConfig) -> Values:
    """A space's planets on a plane, (n + m, 2), and which new ones lie outside."""
    n = len(space.seen_ids)
    values: Values = {
        "name": space.name,
        "title": space.title,
        "said": space.said,
        "quantities": len(space.names),
        "ids": list(space.new_ids),
        "seen_ids": list(space.seen_ids),
        "seen_x": listed(points[:n, 0], 3),
        "seen_y": listed(points[:n, 1], 3),
        "x": listed(points[n:, 0], 3),
        "y": listed(points[n:, 1], 3),
        "distance": None,
    }
    if not space.is_told:
        return values
    seen, new = space.standard
    found = find_outsiders(seen, new, settings.nearest, settings.quantile)
    told = [
        ", ".join(standing_out(row, space.names, _SAID)) if out else ""
        for row, out in zip(new, found.outside, strict=True)
    ]
    return values | {
        "distance": listed(found.distance, 3),
        "chance": found.chance,
        "p": found.p,
        "quantile": settings.quantile,
        "nearest": settings.nearest,
        "why": told,
    }


def _neighbours(space: PlanetSpace, settings: LatentsConfig) -> list[list[Values]]:
    """The nearest planets of every new one, the nearest first; distances as in ``_mapped``, of the
    bare space where nothing lies outside for want of labelled planets.
    """
    n, ids = len(space.seen_ids), (*space.seen_ids, *space.new_ids)
    unit = 1.0
    if space.is_told:
        unit = find_outsiders(*space.standard, settings.nearest, settings.quantile).limit
    rows, distance = nearest(space.everyone, n + np.arange(len(space.new_ids)), settings.nearest)
    return [
        [
            {"planet": ids[i], "labelled": bool(i < n), "distance": round(float(d / unit), 3)}
            for i, d in zip(others, apart, strict=True)
        ]
        for others, apart in zip(rows, distance, strict=True)
    ]


def _values(config: Config, found: LatentSpaces, rows: list[Values]) -> Values:
    folder = WorkFolder(config.paths)
    labels = config.data.raw / "train.csv"
    held_out = folder.out_of_fold(SUBMITTED) if found.labelled_here else Path()
    return {
        "spaces": rows,
        "network": found.network,
        "reference": found.reference,
        "unmeasured": list(found.unmeasured),
        "scores": _scores(folder.prediction(SUBMITTED), config.paths.truth, labels),
        "seen_scores": _scores(held_out, labels, labels),
        "severity": _severity(folder),
    }


def _scores(predicted: Path, truth: Path, labels: Path) -> dict[str, float]:
    """Official score of each planet whose truth is known, not clipped; the metric's naive moments
    come from ``labels``. Empty where a file is not there.

    Raises:
        SchemaError: one of them is broken.
    """
    if not (predicted.is_file() and truth.is_file() and labels.is_file()):
        return {}
    known = read_truth(truth)
    found = Predictive.load(predicted)
    ids = [planet for planet in found.planet_ids if planet in known.index]
    if not ids:
        return {}
    spectra = found.select(ids).spectra
    naive = naive_moments(read_truth(labels)[list(SPECTRUM_COLUMNS)].to_numpy())
    elements = element_scores(truth_for(known, ids), spectra.mu, spectra.sigma, *naive)
    return dict(zip(ids, planet_scores(elements).round(4).tolist(), strict=True))


def _severity(folder: WorkFolder) -> dict[str, str]:
    """What ``audit`` said of each planet of this prediction; empty where it has not run on it.

    Raises:
        SchemaError: its file is broken.
    """
    path = folder.audit.violations
    if not path.is_file():
        return {}
    try:
        log = ViolationLog.model_validate_json(path.read_text(encoding="utf-8", errors="replace"))
    except ValidationError as error:
        raise SchemaError(f"{path}: {first_fault(error)}; run `spectramind audit` again") from error
    if log.prediction != file_digest(folder.prediction(SUBMITTED)):
        return {}
    return {planet.planet_id: planet.severity.value for planet in log.planets}
