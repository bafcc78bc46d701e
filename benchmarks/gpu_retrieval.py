"""Retrieval's checks of ``gpu.py``: spectra in batches, and the networks that learn from them."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from gpu_bench import Bench, verdict
from made_up_opacity import made_up

from spectramind.config.retrieving import RetrievalConfig
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.physics.namespace import numpy_namespace
from spectramind.physics.tabulated import TabulatedOpacity
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.proposal_training import (
    DrawnSpectra,
    Examples,
    draw_spectra,
    train_emulator,
    train_proposal,
)
from spectramind.retrieval.torch_arrays import torch_namespace

Row = tuple[str, str, str, str, str]
CONFIG = Path(__file__).resolve().parents[1] / "configs" / "retrieval" / "default.yaml"
KNOWN = {"star_radius_rsun": 0.9, "planet_mass_mjup": 1.1}
_PPM = 1.0  # of depth: what single precision may be off by


def settings(bench: Bench, **changes: Any) -> RetrievalConfig:
    """The default retrieval with other switches; fewer spectra where sizes are small."""
    tree = yaml.safe_load(CONFIG.read_text(encoding="utf-8")) | changes
    if bench.small:
        tree["network"] |= {"spectra": 500, "epochs": 1, "hidden": 16}
        tree["emulator"] |= {"epochs": 1, "width": 16}
    return RetrievalConfig.model_validate(tree)


def forward(bench: Bench) -> Iterator[Row]:
    """Spectra in single precision on the device against double precision on the CPU."""
    count = 8 if bench.small else 8192
    cases: dict[str, tuple[dict[str, Any], TabulatedOpacity | None]] = {
        "isothermal, band table": ({}, None),
        "temperature profile, band table": ({"temperature": "grey"}, None),
        "isothermal, k-tables": ({}, made_up()),
    }
    for name, (changes, opacity) in cases.items():
        config = settings(bench, **changes)
        exact = ForwardModel(config, opacity, numpy_namespace())
        model = ForwardModel(config, opacity, torch_namespace(bench.device))
        points = exact.space.from_unit(
            np.random.default_rng(1).random((count, len(exact.space.free))), KNOWN
        )
        some = points[:64]
        off = np.abs(model.depths(some, KNOWN) - exact.depths(some, KNOWN)) * 1e6
        error, result = verdict([float(np.nanmax(off))], _PPM)
        ms, peak = bench.measured(partial(model.spectrum, points, KNOWN))
        rate = count / float(ms) * 1e3
        plain = ForwardModel(config, opacity)
        begun = time.process_time()
        plain.spectrum(some, KNOWN)
        one_core = len(some) / (time.process_time() - begun)
        said = f"{result}; {rate:.0f} spectra/s (NumPy on one core of its host: {one_core:.0f})"
        yield name, f"{error} ppm", ms, peak, said


def networks(bench: Bench) -> Iterator[Row]:
    """Spectra of the prior drawn and both networks trained on them, whole, at usual sizes."""
    config = settings(bench)
    model = ForwardModel(config, None, torch_namespace(bench.device))
    rng = np.random.default_rng(4)
    variance = (1e-4 * rng.uniform(0.7, 1.3, N_BINS)) ** 2
    noise = Measurement(np.full(N_BINS, 0.012), variance, 2e-5 * rng.standard_normal((N_BINS, 2)))
    examples = Examples([noise], [KNOWN], np.array([0.012]))
    begun = time.perf_counter()
    drawn: DrawnSpectra = draw_spectra(model, examples, config.network, config.network.spectra, 3)
    took = time.perf_counter() - begun
    rate = f"{config.network.spectra / took:.0f} spectra/s"
    yield f"{len(drawn.depth)} spectra drawn", "-", f"{1e3 * took:.0f}", "-", rate

    def nobody() -> None:
        """Is told of epochs."""

    plain = ForwardModel(config)
    _, told = train_emulator(plain, drawn, config.emulator, 5, nobody, None, bench.device)
    said = f"{told.loss[-1]:.1e} of the variance left"
    case = f"emulator, {config.emulator.epochs} epochs"
    yield case, "-", f"{1e3 * told.seconds:.0f}", "-", said
    told = train_proposal(
        plain, examples, drawn, config.network, 5, nobody, None, bench.device
    ).told
    case = f"proposal, {config.network.epochs} epochs"
    said = f"-ln q {told.loss[0]:.2f} -> {told.loss[-1]:.2f}"
    yield case, "-", f"{1e3 * told.seconds:.0f}", "-", said
