"""Synthetic report data, and a headless browser."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from spectramind.config.diag_fft import ResidualsConfig
from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.retrieved import Retrieved
from spectramind.contracts.spectra import Spectra
from spectramind.contracts.visit_images import PixelImages
from spectramind.diagnostics.mu_parts import Answer, mu_parts
from spectramind.diagnostics.pointing_light import MOTIONS, jitter_of, pointing_of
from spectramind.diagnostics.report_data import (
    CalibrationLog,
    Contacts,
    CorelTable,
    DoubtedVisit,
    LightCurve,
    PlanetTraits,
    RepeatVisits,
    ReportData,
)
from spectramind.diagnostics.residual_noise import on_grid
from spectramind.diagnostics.residual_summary import Watched, light_of, verdict_of
from spectramind.diagnostics.run_history import FoldTraining, RunHistory
from spectramind.diagnostics.spectral_summary import spectra_of
from spectramind.evaluation.ablation_rows import AblationRow, AblationTable
from spectramind.evaluation.paired import Difference
from spectramind.evaluation.repeatability import VisitDifference
from spectramind.features.native_residuals import NativeFit
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.prior.linear_weights import Explained
from spectramind.symbolic.audit_findings import AuditFindings
from spectramind.symbolic.violation_log import ViolationLog

FFT = ResidualsConfig(false_alarm=0.01, neighbours=10, smooth_bins=31, rough_sigma=3.0)

Array = NDArray[np.float64]


def light_curve(rng: np.random.Generator, depth: float) -> LightCurve:
    time = np.linspace(0, 7.5, 300)
    ramp = np.clip((1.95 - np.abs(time - 3.8)) / 0.4, 0, 1)
    fgs1 = 1 - depth * ramp * (1 - 0.06 * (time - 3.8) ** 2 / 4)
    airs = 1 - depth * ramp
    noise = rng.normal(0, 1, (2, time.size)) * np.array([[1.2e-4], [7e-5]])
    drift = 1 + 3e-4 * (time - 3.8)
    when = Contacts(3.8, 1.85, 2.25, 5.35, 5.75)
    return LightCurve(time, fgs1 + noise[0], airs + noise[1], fgs1, airs, drift, drift, when)


def atmosphere(planet: str, mu: Array, sigma: Array, rng: np.random.Generator) -> Retrieved:
    """A posterior of three parameters and two components."""
    names = ("radius_ratio", "temperature_k", "log10_h2o")
    draws = rng.normal((0.1, 1000, -4), (0.001, 150, 0.7), (200, 3))
    numbers = ("low_95", "low_68", "median", "high_68", "high_95")
    shares = np.quantile(draws, (0.025, 0.16, 0.5, 0.84, 0.975), axis=0)
    return Retrieved(
        names=names,
        units=("", "K", ""),
        parameters=draws,
        log_weight=np.full(200, -np.log(200)),
        log_likelihood=np.zeros(200),
        draws=draws,
        spectra=mu + sigma * np.array([[-1], [-0.5], [0], [0.5], [1]]),
        measured=mu + sigma * rng.normal(size=N_BINS),
        sigma=sigma,
        components=("h2o", "clouds"),
        contributions=np.stack([sigma, 0 * sigma]),
        summary={
            "planet": planet,
            "ln_z": 2000.0,
            "ln_z_error": 0.07,
            "effective": 210.0,
            "efficiency": 0.1,
            "path": "importance",
            "why": "importance sampling found 210 effective samples",
            "converged": True,
            "p_value": 0.4,
            "fits": True,
            "warning": "",
            "parameters": [
                {"name": name, "unit": unit, "mean": float(draws[:, n].mean())}
                | {"sd": float(draws[:, n].std())}
                | {key: float(shares[k, n]) for k, key in enumerate(numbers)}
                for n, (name, unit) in enumerate(zip(names, ("", "K", ""), strict=True))
            ],
            "components": [
                {"component": name, "ln_bayes": 8.0, "error": 0.1, "sigma": 4.4}
                | {"method": "ratio", "converged": True}
                for name in ("h2o", "clouds")
            ],
        },
    )


def recovered(ids: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """How true temperatures of six planets were found again."""
    rows = [
        {"planet": name, "truth": 1000.0 + 10 * n, "median": 1000.0 + float(rng.normal(0, 90))}
        | {"low_68": 800.0, "high_68": 1200.0}
        for n, name in enumerate(ids[:6])
    ]
    numbers = {"bias_sd": 0.1, "bias_error": 0.4, "within_68": 0.7, "within_95": 1.0, "told": 4}
    return {
        "planets": 6,
        "converged_with_truth": 6,
        "parameters": {"temperature_k": {"planets": 6, **numbers, "rows": rows}},
        "seen_at_3_sigma": {"h2o": 6, "clouds": 0},
    }


def report(n: int = 40, seed: int = 7, **changes: Any) -> ReportData:
    """A full report of n planets (n > 4), the caller's own; keywords replace fields."""
    return replace(deepcopy(made_report(n, seed)), **changes)


@cache
def made_report(n: int, seed: int) -> ReportData:
    """Sigma is honest; planet 3 has no truth, FGS1 and bin 40 have no finite interval, the last
    planet has no light curve.
    """
    rng = np.random.default_rng(seed)
    um = bin_wavelengths()
    bumps = [(2.35, 0.08, 60e-6), (2.72, 0.09, 130e-6), (3.35, 0.16, 100e-6)]
    shape = sum(a * np.exp(-0.5 * ((um - c) / w) ** 2) for c, w, a in bumps)
    truth = rng.lognormal(-4.3, 0.5, (n, 1)) + shape * rng.uniform(0.2, 2, (n, 1))
    sigma = rng.uniform(25e-6, 110e-6, (n, 1)) * (0.8 + 0.5 * (um - 1.9).clip(0) / 2)
    common, white = rng.normal(size=(n, 1)), rng.normal(size=(n, N_BINS))
    mu = truth + sigma * (0.7 * common + 0.71 * white)
    q = 1.75 + 0.15 * np.sin(um * 6) + rng.normal(0, 0.04, N_BINS)
    half = sigma * q
    truth[3] = np.nan
    half[:, [0, 40]] = q[[0, 40]] = np.inf
    ids = tuple(str(1_000_000 + 7919 * i) for i in range(n))
    epochs = np.arange(1, 31)
    return ReportData(
        title="SpectraMind V50: held-out planets",
        provenance={
            "run": "v50_20251120_160301_4be1",
            "git": "1b2c3d4",
            "config": "abcd1234",
            "date": "2025-11-20T16:03:01Z",
            "data": "simulated, 40 planets",
        },
        wavelength_um=um,
        planet_ids=ids,
        mu=mu,
        sigma=sigma,
        truth=truth,
        naive=(float(np.nanmean(truth)), float(np.nanstd(truth))),
        half_width=half,
        coverage_level=0.9,
        light_curves={ids[i]: light_curve(rng, 0.0147) for i in range(n - 1)},
        history=[
            {
                "epoch": int(e),
                "train_loss": float(-7 - 0.6 * (1 - np.exp(-e / 6)) - 0.005 * e),
                "val_loss": float(-7 - 0.5 * (1 - np.exp(-e / 5)) + 4e-4 * max(e - 15, 0) ** 2),
                "val_score": float(0.40 + 0.08 * (1 - np.exp(-e / 5)) - 1e-4 * max(e - 15, 0) ** 2),
            }
            for e in epochs
        ],
        baseline={"val_loss": -7.1, "val_score": 0.425},
        chosen_epoch=16,
        summaries=[
            _summary("SpectraMind V50", 0.478, 0.021, 44.0, 0.69, 0.905),
            _summary("physics estimate", 0.431, 0.024, 63.0, 0.66, None),
            _summary("constant train mean", 0.012, 0.004, 9800.0, 0.71, None),
        ],
        corel=CorelTable(q, 1.05 + 0.1 * np.cos(um * 3), 0.1, 110),
        traits=traits(n, rng),
        repeats=[repeat(ids[i % n], rng) for i in range(7)],
        estimates={
            "spectramind": Predictive(Spectra(ids, mu, sigma), Intervals(0.9, half)),
            "physics": Predictive(Spectra(ids, mu, 1.3 * sigma)),
        },
        events=[
            {
                "ts": f"2025-11-20T16:0{i}:12Z",
                "cmd": cmd,
                "status": status,
                "duration_ms": ms,
                "cfg_hash": "abcd1234",
                "git_sha": "1b2c3d4",
                "args": {"overrides": [f"seed={i}"]},
                "metrics": {"score_spectramind": 0.478, "score_physics": 0.431},
            }
            for i, (cmd, status, ms) in enumerate(
                [
                    ("simulate", "ok", 61_234),
                    ("calibrate", "warn", 140_032),
                    ("train", "fail", 850),
                    ("train", "ok", 183_545),
                    ("score", "ok", 2_500),
                ]
            )
        ],
        doubted=[
            DoubtedVisit(ids[0], ids[0], "grazing", alone=True),
            DoubtedVisit(ids[1], f"{ids[1]}_1", "incomplete", alone=False),
        ],
        calibration=[
            CalibrationLog(
                ids[i], records(0.0042, 0.0127), planet_id=ids[i], images=pixel_images(rng)
            )
            for i in range(4)
        ],
        retrieved={name: atmosphere(name, mu[i], sigma[i], rng) for i, name in enumerate(ids[:6])},
        recovery=recovered(ids, rng),
        stored={
            "fft": fft_values(ids, mu, sigma, truth, rng),
            "explain": explained(ids, mu, rng),
            "drift": stored_drift(n),
            "shap": shap_values(ids),
            **{topic: stored_map(ids, topic == "pca") for topic in ("pca", "umap", "tsne")},
        },
        runs=runs(),
        rules=rules(ids),
    )


def pixel_images(rng: np.random.Generator) -> dict[Detector, PixelImages]:
    """A star's light with a dead and a noisy pixel."""
    found = {}
    for detector, width in ((FGS1, 32), (AIRS, 282)):
        mask = np.zeros((32, width), np.uint8)
        mask[3, 4], mask[5, 6] = 2, 1
        found[detector] = PixelImages(rng.uniform(0, 1e5, mask.shape).astype(np.float32), mask)
    return found


def residuals(rng: np.random.Generator, n: int = 300, step_h: float = 0.02) -> NativeFit:
    """White residuals of 100 ppm, and a motion that light follows by 20 ppm a pixel."""
    motion = rng.normal(size=(n, 5))
    ppm = 100 * rng.normal(size=n)
    return NativeFit(
        step_h * np.arange(n), ppm, motion, np.full(5, 20.0), np.full(5, 100 / n**0.5), 12, 7
    )


def fft_values(
    ids: tuple[str, ...], mu: Any, sigma: Any, truth: Any, rng: np.random.Generator
) -> dict[str, Any]:
    """What topic fft says of the first planets."""
    names = list(ids[:4])
    fits = {key: [residuals(rng) for _ in names] for key in MOTIONS}
    told: dict[str, dict[str, Any]] = {name: {} for name in names}
    light = {}
    for key, of in fits.items():
        curves = {
            name: Watched(on_grid(fit.time_h, fit.ppm, fit.parameters, fit.slow), 0.3)
            for name, fit in zip(names, of, strict=True)
        }
        light[key], each = light_of(curves, 10, 0.01, 8)
        for name, one in each.items():
            told[name][key] = one
    return {
        "planets": {
            name: {"visit": name, "class": verdict_of(one, 0.01), **one}
            for name, one in told.items()
        },
        "skipped": {ids[-1]: "grazing"},
        "false_alarm": 0.01,
        "light": light,
        "jitter": jitter_of(fits["fgs1"], 10, 0.01),
        "pointing": {key: pointing_of(fits[key], names, MOTIONS[key]) for key in MOTIONS},
        "spectra": spectra_of(ids, mu, sigma, truth, bin_wavelengths(), FFT),
    }


def rules(ids: tuple[str, ...]) -> AuditFindings:
    """The second planet's spectrum breaks a rule that its true one keeps, and is a stranger."""

    def judged(row: int, status: str) -> dict[str, Any]:
        smooth = {"score": 0.01 + row, "top_bins": [7, 8], "status": status}
        ratio = {"ch4_h2o": {"r": 1.5, "status": "warn" if row == 2 else "ok"}}
        worst = "warn" if row == 2 and status == "ok" else status
        return {"violations": {"smoothness": smooth, "ratios": ratio}, "severity": worst}

    planets = [
        {
            "planet_id": name,
            **judged(row, "fail" if row == 1 else "ok"),
            "dominant_rules": {"FGS1": None, "H2O": "smoothness"},
            "out_of_distribution": {
                "distance": 9.0 if row == 1 else 1.0,
                "chance": 1e-6 if row == 1 else 0.5,
                "alarm": row == 1,
            },
            "truth": None if row == 3 else judged(0, "ok"),
        }
        for row, name in enumerate(ids)
    ]
    log = ViolationLog.model_validate(
        {
            "prediction": "d",
            "cfg_hash": "abcd1234",
            "weights": {"sm": 0.2, "coh": 0.1, "qm": 0.1},
            "bands": {},
            "strangers": "chance below 0.001 among 60 labels",
            "planets": planets,
        }
    )
    push = np.ones((len(ids), N_BINS))
    push[:, 0] = 0
    strong = np.where(np.arange(N_BINS) > 200, 5.0, 0.1) * push
    return AuditFindings(log, {"sm": push, "coh": -strong})


def runs() -> RunHistory:
    """Two earlier reports, three folds of two lengths, an ablation of one variant."""

    def row(name: str, value: float) -> AblationRow:
        gap = Difference(value, value - 0.01, value + 0.01)
        return AblationRow(name, "a=1", 0.5 + value, (0.5 + value,), gap, 1, 0.01, (0.5, 0.6))

    rows = (row("base", 0.0), row("physics alone", -0.02), row("wider", 0.03))
    folds = [
        FoldTraining(
            number,
            (number,),
            [
                {"epoch": float(e), "val_loss": number - 0.01 * e, "train_loss": -0.02 * e}
                for e in range(3 + number)
            ],
        )
        for number in range(3)
    ]
    versions = [
        {
            "path": f"v{n}.html",
            "date": "2025-11-20T16:03:01Z",
            "config": "abcd1234",
            "git": "1b2c3d4e5f60718293a4b5c6d7e8f90123456789",
            "score": 0.4 + 0.05 * n,
            "low": 0.38,
            "high": 0.52,
            "coverage": 0.69,
        }
        for n in (1, 2)
    ]
    table = AblationTable(rows, (1,), "test", ("1", "2"), (), {}, {"date": "2025-11-20"})
    return RunHistory(table, versions, folds)


def explained(ids: Sequence[str], mu: Array, rng: np.random.Generator) -> dict[str, Any]:
    """Parts that add up to mu, a network's among them; the first planet's samples."""
    answers = {planet: answer(row, rng) for planet, row in zip(ids, mu, strict=True)}
    slopes = {"own": [-0.1, 0.1, 0.05], "other": [0.0, 0.02, -0.01]}
    shares = {key: [0.2, 0.1, 0.7] for key in ("sum", "size", "noise")}
    samples = {
        ids[0]: {
            "visit": ids[0],
            "time_h": [1.0, 2.0, 3.0],
            "phase": [0, 1, 2],
            "detectors": dict.fromkeys(("fgs1", "airs"), slopes | shares),
        },
        ids[1]: {"visit": ids[1], "problem": "nothing was measured: <b>dark</b>"},
    }
    found = mu_parts(answers, np.array([2e-5, 1e-4]), True)
    return found | {"samples": samples, "phases": ["before", "ingress", "in transit"]}


def answer(mu: Array, rng: np.random.Generator) -> Answer:
    """Two shapes and a cluster; spots of 30 ppm; a network that corrects by 5 ppm."""
    read = 0.9 * np.eye(N_BINS) + 0.1 / N_BINS
    depth, own = mu + 1e-5 * rng.normal(size=N_BINS), 1e-5 * rng.normal(size=(3, N_BINS))
    undone = 3e-5 + 1e-6 * rng.normal(size=N_BINS)
    share = np.zeros((2, 2, 3))
    share[:, :, 0], share[:, :, 1:] = [[0.4, 0.1], [0.2, 0.0]], 0.3 / 8
    parts = Explained(depth, float(mu[1:].mean()), read, read, own, undone, share)
    return Answer(parts, parts.mean, parts.mean + 5e-6 * rng.normal(size=N_BINS))


def stored_map(ids: tuple[str, ...], with_axes: bool = False) -> dict[str, Any]:
    """What a topic of maps keeps: planet 1 lies outside, planet 0 beside it and labelled L3."""
    rng = np.random.default_rng(3)
    (x, y), (seen_x, seen_y) = rng.normal(size=(2, len(ids))), rng.normal(size=(2, 30))
    seen_ids = [f"L{i}" for i in range(30)]
    near = {"planet": ids[1], "labelled": False, "distance": 0.31}
    far = {"planet": "L3", "labelled": True, "distance": 0.42}
    space = {
        "name": "features",
        "title": "Physics features",
        "said": "noise and depth",
        "quantities": 28,
        "ids": list(ids),
        "seen_ids": seen_ids,
        "seen_x": seen_x.round(3).tolist(),
        "seen_y": seen_y.round(3).tolist(),
        "x": x.round(3).tolist(),
        "y": y.round(3).tolist(),
        "distance": [1.4 if i == 1 else 0.6 for i in range(len(ids))],
        "why": ["FGS1 noise high" if i == 1 else "" for i in range(len(ids))],
        "chance": 1 / 31,
        "p": 0.6,
        "quantile": 0.99,
        "nearest": 5,
    }
    if with_axes:
        space |= {
            "explained": [0.4, 0.2],
            "loadings": [[{"quantity": "depth", "weight": -0.7}]] * 2,
            "neighbours": [[near, far] for _ in ids],
        }
    return {
        "spaces": [space],
        "network": "no network was kept",
        "reference": "30 labelled planets",
        "unmeasured": [],
        "scores": dict.fromkeys(ids[:3], 0.5),
        "seen_scores": {"L3": 0.25},
        "severity": dict.fromkeys(ids, "ok"),
    }


def stored_drift(n: int) -> dict[str, Any]:
    """What the drift topic keeps: depth differs, a second visit is nowhere known."""
    seen, new = np.linspace(-5, -4, 60), np.linspace(-4.4, -3, n)
    traits = [
        ("depth", "depth", True, "%", 100.0, 0.0004, "1.4 times", seen.tolist(), new.tolist()),
        ("doubted", "share of doubted fits", False, "", 1.0, 0.3, "0% -> 5%", [0.0], [0.0, 1.0]),
        ("memory_airs", "autocorrelation", False, "", 1.0, 1.0, "0.1 -> 0.1", [0.1], [0.1, None]),
        ("visits", "two visits' difference", True, "", 1.0, None, "", [None], [None]),
    ]
    names = ("name", "said", "logarithm", "unit", "scale", "p", "how", "seen", "new")
    return {
        "alarm": True,
        "p": 0.0008,
        "level": 0.01,
        "together": 0.002,
        "told": "drift",
        "n_seen": 60,
        "n_new": n,
        "differing": ["depth"],
        "traits": [dict(zip(names, row, strict=True)) for row in traits],
    }


def traits(n: int, rng: np.random.Generator) -> PlanetTraits:
    """The last planet's impact parameter is not known, every tenth planet's fit is doubted."""
    impact = rng.uniform(0, 0.9, n)
    impact[-1] = np.nan
    doubt = tuple("grazing" if i % 10 == 0 else "" for i in range(n))
    return PlanetTraits(rng.uniform(2e6, 3e6, n), rng.uniform(4e3, 7e3, n), impact, doubt)


def shap_values(ids: tuple[str, ...], network: bool = True) -> dict[str, Any]:
    """What ``diagnose shap`` leaves, of all planets but the last; phi is group + output / 10."""
    groups = ["level", "fgs1", "h2o", "co2", "ch4", "co", "nh3", "continuum"]
    groups += ["noise_fgs1", "noise_airs", "common", "set"]
    groups += ["transit_shape", "residuals", "jitter"] * network
    outputs = ["FGS1", "H2O", "CO2", "CH4", "CO", "NH3", "continuum", "AIRS"]
    table = [[g + o / 10 for o in range(len(outputs))] for g in range(len(groups))]
    phi = [[[sign * one for one in row] for row in table] for sign in (1, -1, 2) for _ in ids]
    phi = phi[: len(ids) - 1]
    regions = [
        {
            "region": name,
            "rule": None if name == "FGS1" else "fft_power",
            "rule_share": None if name == "FGS1" else 0.6,
            "attribution_ppm": 20.0,
            "attribution_error": 2.0,
            "influence": 3e-7,
            "influence_error": 1e-8,
        }
        for name in outputs[:-1]
    ]
    return {
        "of": len(ids),
        "planets": list(ids[:-1]),
        "groups": groups,
        "outputs": outputs,
        "permutations": 2,
        "background": 3,
        "off_sigma": 1e-4,
        "residual_ppm": 3e-11,
        "phi": {"mu": phi, "sigma": phi},
        "base": {key: [[1e4] * len(outputs)] * len(phi) for key in ("mu", "sigma")},
        "overlay": {
            "attribution_ppm": [20.0] * N_BINS,
            "influence": [3e-7] * N_BINS,
            "planets": len(phi),
            "rank": 0.4,
            "rank_low": -0.1,
            "rank_high": 0.6,
            "regions": regions,
        },
        "no_overlay": "",
        "network": network_values(list(ids[:3])) if network else None,
        "no_network": "" if network else "no network was kept",
    }


def network_values(ids: list[str]) -> dict[str, Any]:
    """The network's part of it."""
    bands = ["fgs1", "h2o", "co2", "ch4", "co", "nh3", "continuum"]
    edges = [("self", 283), ("detector", 32), ("adjacent", 1680), ("molecule", 320)]
    return {
        "planets": ids,
        "members": 1,
        "steps": 32,
        "targets": ["FGS1", "AIRS mean"],
        "change_ppm": [40.0, 30.0],
        "residual_ppm": [0.4, 0.2],
        "phases": ["out of transit", "ingress", "in transit", "egress"],
        "by_phase": [[1.0, 2.0, 3.0, 4.0]] * 4,
        "by_phase_error": [[0.1, 0.2, 0.3, 0.4]] * 4,
        "clock": [-2.0, -0.9, 0.0, 0.9, 2.0],
        "course": [[None, 1.0, 2.0, 1.0, None]] * 4,
        "inner": 0.8,
        "by_bin": [[0.5] * N_BINS] * 2,
        "bands": bands,
        "by_band": [[1.0] * len(bands)] * 2,
        "by_band_error": [[0.1] * len(bands)] * 2,
        "attention": [
            {"layer": layer, "type": name, "share": 0.25, "error": 0.01, "even": 0.2}
            for layer in (1, 2)
            for name, _ in edges
        ],
        "no_attention": "",
        "edges": [
            {"type": name, "edges": count, "planets": 3}
            | {"mask": 0.7, "mask_error": 0.1, "cut": 0.02 * n, "cut_error": 0.001}
            for n, (name, count) in enumerate(edges)
        ],
    }


def repeat(planet_id: str, rng: np.random.Generator, doubt: str = "") -> RepeatVisits:
    """Two visits that differ by what their errors say."""
    z = rng.normal(size=N_BINS)
    found = VisitDifference(30 * z[0], z[0], 20 * z[1:].mean(), z[1:].mean() * 16.8, z, z[1:])
    return RepeatVisits(planet_id, (planet_id, f"{planet_id}_1"), "train", doubt, found)


def records(fgs1_masked: float, airs_masked: float) -> list[dict[str, Any]]:
    """A visit's log as far as the page reads it."""
    stats = {
        "linearity": {"median_correction_ppm": 812.4},
        "dark": {"median_e_per_s": 0.0063},
    }
    log: list[dict[str, Any]] = [
        {"detector": "both", "step": "visit", "t_ms": 4412.7, "delta_stats": {}}
    ]
    for name, masked in (("FGS1", fgs1_masked), ("AIRS-CH0", airs_masked)):
        for step, found in {**stats, "bad_pixels": {"mask_frac": masked}}.items():
            log.append({"detector": name, "step": step, "t_ms": 1.0, "delta_stats": found})
    return log


def _summary(
    name: str, score: float, half: float, ppm: float, inside: float, interval: float | None
) -> dict[str, Any]:
    return {
        "name": name,
        "score": score,
        "low": score - half,
        "high": score + half,
        "fgs1_score": score + 0.02,
        "airs_score": score - 0.01,
        "rms_fgs1_ppm": 1.1 * ppm,
        "rms_airs_mean_ppm": 0.8 * ppm,
        "rms_airs_shape_ppm": 0.5 * ppm,
        "coverage_1sigma": inside,
        "coverage_interval": interval,
    }


@pytest.fixture
def make_report() -> Callable[..., ReportData]:
    return report


@pytest.fixture(scope="session")
def make_whole_report() -> Callable[..., ReportData]:
    return report


@dataclass
class Opened:
    """A page in the browser, and what it complained of: console messages, uncaught exceptions."""

    page: Page
    complaints: list[str]


@pytest.fixture
def browse(chromium: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Load a page: (html, fragment="", **settings of the browser's context)."""
    contexts = []

    def load(html: str, fragment: str = "", **settings: Any) -> Opened:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1300, "height": 900}} | settings)
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri() + fragment)
        return Opened(page, complaints)

    yield load
    for context in contexts:
        context.close()
