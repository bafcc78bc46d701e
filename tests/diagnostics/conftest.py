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
        stored={"shap": shap_values(ids)},
    )
    return replace(data, **changes)


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
