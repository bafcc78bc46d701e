"""diagnose dashboard: gather what the runs left behind into one page."""

import json
import webbrowser
from typing import Any

import numpy as np

from spectramind.config.root import Config
from spectramind.contracts.depths import load_depths
from spectramind.contracts.predictive import SUBMITTED, Predictive
from spectramind.contracts.spectra import TRUTH_COLUMNS
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tables import read_truth
from spectramind.dataset.tree import KaggleTree
from spectramind.diagnostics.data import CorelTable, LightCurve, ReportData
from spectramind.diagnostics.page import build_page
from spectramind.estimators.artifact import Artifact
from spectramind.instrument.detectors import DETECTORS
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.pipeline.fit_calibrators import load_calibrators
from spectramind.pipeline.visits import visits_by_planet
from spectramind.run import environment
from spectramind.run.atomic import write_text
from spectramind.run.progress import show
from spectramind.run.record import RunRecord, read_events


def dashboard(config: Config, record: RunRecord) -> None:
    """Write the report page, open it if asked to."""
    found = Predictive.load(WorkFolder(config.paths).prediction(SUBMITTED))
    spectra, intervals = found.spectra, found.intervals
    trained = Artifact.load(config.paths.checkpoint)
    corel = load_calibrators(config, SUBMITTED).corel
    data = ReportData(
        title="SpectraMind V50 report",
        provenance={
            "run": record.run_id,
            "git": (environment.git_sha() or "not a checkout")[:12],
            "config": config.hash,
            "date": record.timestamp,
            "data": str(config.data.raw),
        },
        wavelength_um=bin_wavelengths(),
        planet_ids=spectra.planet_ids,
        mu=spectra.mu,
        sigma=spectra.sigma,
        truth=_truth(config, spectra.planet_ids),
        half_width=None if intervals is None else intervals.half_width,
        coverage_level=None if intervals is None else intervals.level,
        light_curves=_light_curves(config, spectra.planet_ids),
        history=trained.history,
        baseline={"val_loss": trained.history[0]["val_loss"]},
        chosen_epoch=trained.epoch,
        summaries=_summaries(config),
        corel=None
        if corel is None
        else CorelTable(corel.quantiles, corel.factors, corel.alpha, corel.n_planets),
        events=read_events(config.paths.work),
        calibration=_calibration(config, spectra.planet_ids),
    )
    page = build_page(
        data, max_planets=config.diag.max_planets, worst_planets=config.diag.worst_planets
    )
    write_text(config.diag.html.out, page)
    record.artifact(config.diag.html.out)
    show(f"report: {config.diag.html.out} ({len(page) / 1e6:.1f} MB, opens offline)")
    if config.diag.html.open:
        webbrowser.open(config.diag.html.out.resolve().as_uri())


def _truth(config: Config, ids: tuple[str, ...]) -> np.ndarray | None:
    if not config.paths.truth.is_file():
        return None
    table = read_truth(config.paths.truth).reindex(list(ids))
    return table[list(TRUTH_COLUMNS)].to_numpy(dtype=np.float64).reshape(-1, N_BINS)


def _light_curves(config: Config, ids: tuple[str, ...]) -> dict[str, LightCurve]:
    curves = {}
    visits = visits_by_planet(KaggleTree(config.data.raw), "test")
    for planet_id in ids:
        depths = load_depths(WorkFolder(config.paths).features.depths(visits[planet_id][0].name))
        if len(depths.time_h):
            curve = LightCurve(
                depths.time_h,
                depths.white[:, 0],
                depths.white[:, 1],
                depths.model[:, 0],
                depths.model[:, 1],
            )
            curves[planet_id] = curve.binned(config.diag.light_curve_points)
    return curves


def _summaries(config: Config) -> list[dict[str, Any]] | None:
    """Scores as the page names them."""
    if not config.paths.score.is_file():
        return None
    rows = json.loads(config.paths.score.read_text(encoding="utf-8"))["predictions"]
    return [
        {
            "name": row["name"],
            "score": row["score"],
            "low": row["score_low"],
            "high": row["score_high"],
            "fgs1_score": row["fgs1_part"],
            "airs_score": row["airs_part"],
            "rms_fgs1_ppm": row["residuals_ppm"]["fgs1_rms"],
            "rms_airs_mean_ppm": row["residuals_ppm"]["airs_mean_rms"],
            "rms_airs_shape_ppm": row["residuals_ppm"]["airs_shape_rms"],
            "coverage_1sigma": row["one_sigma_coverage"],
            "coverage_interval": row["interval_coverage"],
        }
        for row in rows
    ]


def _calibration(config: Config, ids: tuple[str, ...]) -> list[dict[str, Any]] | None:
    """One row a visit out of the kill chain's logs."""
    rows = []
    visits = visits_by_planet(KaggleTree(config.data.raw), "test")
    for planet_id in ids[: config.diag.max_planets]:
        for visit in visits[planet_id]:
            path = WorkFolder(config.paths).calibrated.log(visit.name)
            if path.is_file():
                rows.append(visit_summary(visit.name, json.loads(path.read_text("utf-8"))))
    return rows or None


def visit_summary(visit: str, log: list[dict[str, Any]]) -> dict[str, Any]:
    """A visit's kill-chain log in one row."""
    found = {(r["detector"], r["step"]): r for r in log}
    row: dict[str, Any] = {"visit": visit}
    for detector in DETECTORS:

        def stat(step: str, key: str, name: str = detector.kaggle) -> float:
            return float(found[name, step]["delta_stats"][key])

        row |= {
            f"{detector.key} masked": f"{stat('bad_pixels', 'mask_frac'):.2%}",
            f"{detector.key} linearity [ppm]": round(stat("linearity", "median_correction_ppm")),
            f"{detector.key} dark [e/s]": round(stat("dark", "median_e_per_s"), 4),
        }
    return row | {"time [ms]": round(found["both", "visit"]["t_ms"])}
