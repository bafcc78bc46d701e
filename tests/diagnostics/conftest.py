"""Synthetic report data, and a headless browser."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spectramind.contracts.predictive import Intervals, Predictive
from spectramind.contracts.spectra import Spectra
from spectramind.diagnostics.report_data import (
    CalibrationLog,
    CorelTable,
    LightCurve,
    PlanetTraits,
    RepeatVisits,
    ReportData,
)
from spectramind.evaluation.repeatability import VisitDifference
from spectramind.instrument.grid import N_BINS, bin_wavelengths


def light_curve(rng: np.random.Generator, depth: float) -> LightCurve:
    time = np.linspace(0, 7.5, 300)
    ramp = np.clip((1.95 - np.abs(time - 3.8)) / 0.4, 0, 1)
    fgs1 = 1 - depth * ramp * (1 - 0.06 * (time - 3.8) ** 2 / 4)
    airs = 1 - depth * ramp
    noise = rng.normal(0, 1, (2, time.size)) * np.array([[1.2e-4], [7e-5]])
    return LightCurve(time, fgs1 + noise[0], airs + noise[1], fgs1, airs)


def report(n: int = 40, seed: int = 7, **changes: Any) -> ReportData:
    """A full report of n planets (n > 4); keywords replace fields.

    Sigma is honest; planet 3 has no truth, FGS1 and bin 40 have no finite interval, the last planet
    has no light curve.
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
    data = ReportData(
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
            }
            for i, (cmd, status, ms) in enumerate(
                [
                    ("simulate", "ok", 61_234),
                    ("calibrate", "warn", 140_032),
                    ("train", "fail", 850),
                    ("train", "ok", 183_545),
                ]
            )
        ],
        calibration=[CalibrationLog(ids[i], records(0.0042, 0.0127)) for i in range(4)],
        stored={"drift": stored_drift(n)}
        | {topic: stored_map(ids, topic == "pca") for topic in ("pca", "umap", "tsne")},
    )
    return replace(data, **changes)


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
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[str, list[str]]]:
    """Load a page in headless Chromium: the document after its scripts ran, console messages.

    The browser logs messages of every level alike, and uncaught exceptions among them.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on the PATH: the page is not loaded in a browser")
    folder = tmp_path_factory.mktemp("browser")

    def load(page: str) -> tuple[str, list[str]]:
        path = folder / "page.html"
        path.write_text(page, encoding="utf-8")
        quiet = "background-networking component-update default-apps dev-shm-usage gpu quic sync"
        done = subprocess.run(
            [
                chromium,
                "--headless=new",
                "--no-sandbox",
                "--no-first-run",
                *(f"--disable-{name}" for name in quiet.split()),
                f"--user-data-dir={folder / 'profile'}",
                "--enable-logging=stderr",
                "--v=0",
                "--window-size=1400,3000",
                "--virtual-time-budget=20000",
                "--dump-dom",
                path.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout, re.findall(r":CONSOLE[:(].*", done.stderr)

    return load
