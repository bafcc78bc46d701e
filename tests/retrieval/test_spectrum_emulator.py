"""The network in place of the forward model: what it learns, and what a surrogate learns on top."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.contracts.measurement import Measurement
from spectramind.instrument.grid import N_BINS
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.proposal_training import (
    DrawnSpectra,
    Examples,
    draw_spectra,
    train_emulator,
)
from spectramind.retrieval.spectrum_emulator import inputs, scale_height, surface

Array = NDArray[np.float64]
KNOWN = {"star_radius_rsun": 1.0, "planet_mass_mjup": 1.0, "star_temperature_k": 5500.0}
PPM = 1e-6


def drawn_of(model: ForwardModel, group: str, count: int) -> DrawnSpectra:
    noise = Measurement(np.full(N_BINS, 0.012), np.full(N_BINS, 1e-8), np.zeros((N_BINS, 1)))
    config = compose([f"retrieval={group}"]).retrieval.network
    return draw_spectra(model, Examples([noise], [KNOWN], np.array([0.012])), config, count, 3)


@pytest.mark.parametrize("group", ["default", "full"])
def test_it_learns_the_spectra(group: str, tmp_path: Path) -> None:
    """Isothermal, and with profiles, free weight and spots; better than a mean by far."""
    config = compose([f"retrieval={group}"]).retrieval
    model = ForwardModel(config)
    drawn = drawn_of(model, group, 900)
    small = config.emulator.model_copy(update={"width": 64, "epochs": 60, "batch": 32})
    emulator, told = train_emulator(model, drawn, small, 5, lambda: None)
    assert told.loss[-1] < 0.12
    assert told.loss[-1] < 0.3 * told.loss[0]
    known = {name: drawn.known[:50, n] for n, name in enumerate(model.space.from_table)}
    points = drawn.parameters(model.space)[:50]
    exact, emulated = model.depths(points, known), model.emulated(emulator).depths(points, known)
    off = np.sqrt(np.nanmean((emulated - exact) ** 2, axis=1))
    spread = np.sqrt(np.nanmean((exact - np.nanmean(exact, 1, keepdims=True)) ** 2, axis=1))
    assert np.nanmedian(off / spread) < 0.8
    assert np.nanmedian(off) < 200 * PPM


def test_what_cannot_be_is_as_it_is_for_the_exact_model() -> None:
    """Too hot to be bound, more gas than there is room for."""
    model = ForwardModel(compose([]).retrieval)
    drawn = drawn_of(model, "default", 300)
    small = compose([]).retrieval.emulator.model_copy(update={"width": 8, "epochs": 1})
    emulator, _ = train_emulator(model, drawn, small, 5, lambda: None)
    cube = np.random.default_rng(1).random((300, len(model.space.free)))
    points = model.space.from_unit(cube, KNOWN)
    points[:5, [model.space.free.index(f"log10_{gas}") for gas in ("h2o", "co2")]] = -0.2
    light = KNOWN | {"planet_mass_mjup": 0.02}
    exact, emulated = model.depths(points, light), model.emulated(emulator).depths(points, light)
    assert 0.1 < np.isnan(exact[:, 0]).mean() < 0.9
    assert np.array_equal(np.isnan(exact), np.isnan(emulated))


def test_the_surface_of_a_bare_disc_is_nothing_and_comes_back() -> None:
    model = ForwardModel(compose([]).retrieval)
    cube = np.random.default_rng(2).random((20, len(model.space.free)))
    points = model.space.from_unit(cube, KNOWN)
    points[:, model.space.free.index("radius_ratio")] = 0.1
    batch, spots = model.atmospheres(points, KNOWN)
    assert spots is None
    bare = np.full((20, N_BINS), 0.01)
    assert torch.allclose(surface(batch, bare), torch.zeros(20, N_BINS), atol=1e-4)
    height = surface(batch, model.depths(points, KNOWN)).double().numpy()
    lost = np.asarray(scale_height(batch), dtype=np.float64)[:, None] * height
    assert np.allclose(
        0.01 / (1 - lost) ** 2, model.depths(points, KNOWN), atol=0.1 * PPM, equal_nan=True
    )
    assert torch.isfinite(inputs(batch)).all()


def test_a_stopped_training_goes_on_to_the_same_numbers(tmp_path: Path) -> None:
    model = ForwardModel(compose([]).retrieval)
    drawn = drawn_of(model, "default", 300)
    small = compose([]).retrieval.emulator.model_copy(update={"width": 8, "epochs": 4})
    whole, told = train_emulator(model, drawn, small, 5, lambda: None)
    epochs: list[int] = []

    def stop() -> None:
        epochs.append(1)
        if len(epochs) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_emulator(model, drawn, small, 5, stop, tmp_path / "last.pt")
    again, retold = train_emulator(model, drawn, small, 5, lambda: None, tmp_path / "last.pt")
    assert retold.loss == told.loss
    for one, other in zip(again.parameters(), whole.parameters(), strict=True):
        assert torch.equal(one, other)
