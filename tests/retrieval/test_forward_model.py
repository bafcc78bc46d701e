"""Parameters to spectra: the simulator's own, spots on top, files, and torch to a ppm."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.config.opacities import OpacityConfig
from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.physics.atmosphere import transmission_spectrum
from spectramind.physics.bands import GASES
from spectramind.physics.namespace import numpy_namespace
from spectramind.physics.spots import contamination
from spectramind.retrieval.forward_model import ForwardModel
from spectramind.retrieval.opacity_of import opacity_of
from spectramind.simulation.abundances import draw_atmosphere
from spectramind.simulation.system import draw_system

Array = NDArray[np.float64]
PPM = 1e-6
KNOWN = {"star_radius_rsun": 0.9, "planet_mass_mjup": 1.1, "star_temperature_k": 5200.0}


def config(*settings: str):
    return compose([f"retrieval.{setting}" for setting in settings]).retrieval


def doubled(*settings: str) -> ForwardModel:
    return ForwardModel(config(*settings), arrays=numpy_namespace())


def test_a_simulated_planet_comes_back() -> None:
    """Its truth as parameters gives its spectrum."""
    population = compose().sim.population
    model = doubled("weight=free")
    for number in range(4):
        rng = np.random.default_rng([6, number])
        system = draw_system(rng, population)
        a = draw_atmosphere(rng, population.chemistry, system)
        truth = {
            "radius_ratio": a.planet_radius_m / a.star_radius_m,
            "temperature_k": a.temperature_K,
            "mean_weight_u": a.mean_molecular_weight,
            "cloud_log10_pa": np.log10(a.cloud_pressure_pa),
            "haze_log10": np.log10(a.haze_factor),
            "haze_slope": a.haze_slope,
        } | {f"log10_{gas}": a.log10_abundance[gas] for gas in GASES}
        known = {"star_radius_rsun": system.star.radius, "planet_mass_mjup": system.mass}
        found = model.spectrum([[truth[name] for name in model.space.free]], known)
        np.testing.assert_allclose(found[0], transmission_spectrum(a), rtol=0, atol=1e-3 * PPM)


def middle(model: ForwardModel, **changed: float) -> Array:
    """The priors' middles, with some parameters moved."""
    point = model.space.from_unit(np.full((1, len(model.space.free)), 0.5), KNOWN)
    for name, value in changed.items():
        point[0, model.space.free.index(name)] = value
    return point


def test_weight_from_the_composition() -> None:
    """Half CO2, half hydrogen and helium: (44.009 + 0.85 * 2.016 + 0.15 * 4.0026) / 2 = 23.16."""
    only = ("gases=[co2]", "parameters.log10_co2.range=[-12,0]")
    composed, free = doubled(*only), doubled(*only, "weight=free")
    half = np.log10(0.5)
    same = middle(free, log10_co2=half, mean_weight_u=(44.009 + 1.7136 + 0.60039) / 2)
    found = composed.spectrum(middle(composed, log10_co2=half), KNOWN)
    np.testing.assert_allclose(found, free.spectrum(same, KNOWN), rtol=1e-12)


def test_spots_multiply_the_depth() -> None:
    plain, spotted = doubled(), doubled("spots=true")
    point = middle(spotted, spot_fraction=0.2, spot_contrast_k=800.0)
    factor = contamination(0.2, 4400.0, 5200.0, bin_wavelengths())
    np.testing.assert_allclose(
        spotted.spectrum(point, KNOWN)[0],
        plain.spectrum(middle(plain), KNOWN)[0] * factor,
        rtol=1e-12,
    )


def test_clouds_and_haze_off_are_none() -> None:
    bare, all_of_it = doubled("clouds=false", "haze=false"), doubled()
    clear = middle(all_of_it, cloud_log10_pa=6.0, haze_log10=-10.0)
    np.testing.assert_allclose(
        bare.spectrum(middle(bare), KNOWN), all_of_it.spectrum(clear, KNOWN), rtol=0, atol=1e-9
    )


def test_known_values_may_differ_from_row_to_row() -> None:
    model = doubled()
    point = np.repeat(middle(model), 2, axis=0)
    both = model.spectrum(point, {"star_radius_rsun": 0.9, "planet_mass_mjup": [1.1, 0.4]})
    one = model.spectrum(point[:1], {"star_radius_rsun": 0.9, "planet_mass_mjup": 0.4})
    np.testing.assert_array_equal(both[1], one[0])
    assert np.ptp(both[1]) > 1.5 * np.ptp(both[0])
    with pytest.raises(ValueError, match="known lacks planet_mass_mjup"):
        model.spectrum(point, {"star_radius_rsun": 0.9})


@pytest.mark.parametrize("settings", [(), ("temperature=grey", "weight=free", "spots=true")])
def test_single_precision_and_torch_are_equal_to_a_ppm(settings: tuple[str, ...]) -> None:
    """Draws of the whole prior; in torch in batches of two sizes."""
    torch = pytest.importorskip("torch")
    from spectramind.retrieval.torch_arrays import torch_namespace

    double = doubled(*settings)
    rng = np.random.default_rng(2)
    points = double.space.from_unit(rng.random((24, len(double.space.free))), KNOWN)
    expected = double.spectrum(points, KNOWN)
    there = np.isfinite(expected).all(axis=1)
    assert there.sum() > 8
    chosen = config(*settings)
    single = ForwardModel(chosen).spectrum(points, KNOWN)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=0, atol=PPM)
    for together in (1, 7):
        model = ForwardModel(chosen, arrays=torch_namespace("cpu", together))
        found = model.spectrum(torch.tensor(points, dtype=torch.float32), KNOWN)
        assert found.dtype == torch.float32
        np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=PPM)


def test_opacity_files_of_a_folder(tmp_path: Path) -> None:
    """Water alone that absorbs the same everywhere: a flat spectrum but for scattering."""
    h5py = pytest.importorskip("h5py")
    torch = pytest.importorskip("torch")
    from spectramind.retrieval.torch_arrays import torch_namespace

    with h5py.File(tmp_path / "H2O.R1000.ktable.petitRADTRANS.h5", "w") as file:
        edges = np.geomspace(2000.0, 18000.0, 301)
        file["bin_edges"], file["t"], file["p"] = edges, [100.0, 4000.0], [1e-8, 1e-4, 100.0]
        file["p"].attrs["units"] = "bar"
        file["weights"], file["mol_name"] = np.full(4, 0.25), "H2O"
        file["kcoeff"] = np.full((3, 2, 300, 4), 1e-21) * np.array([1.0, 30.0])[:, None, None]
    found = opacity_of(OpacityConfig(path=tmp_path))
    assert found is opacity_of(OpacityConfig(path=tmp_path))
    assert opacity_of(OpacityConfig(path=None)) is None
    settings = ("clouds=false", "haze=false", "gases=[h2o]")
    for grey in ((), ("temperature=grey",)):
        chosen = config(*settings, *grey)
        model = ForwardModel(chosen, found, numpy_namespace())
        point = middle(model, log10_h2o=-2.0, radius_ratio=0.1, temperature_k=1000.0)
        depth = model.spectrum(point, KNOWN)[0]
        assert 0 < np.ptp(depth[1:]) < 2 * PPM  # scattering and collisions
        higher = model.spectrum(middle(model, log10_h2o=-1.0, radius_ratio=0.1), KNOWN)[0]
        assert np.all(higher > depth)
        hotter = middle(model, log10_h2o=-2.0, radius_ratio=0.1, temperature_k=1700.0)
        expected = np.concatenate([[depth], model.spectrum(hotter, KNOWN)])
        assert np.all(expected[1] - expected[0] > 50 * PPM)
        both = np.concatenate([point, hotter])
        other = ForwardModel(chosen, found, torch_namespace("cpu")).spectrum(both, KNOWN)
        np.testing.assert_allclose(other.numpy(), expected, rtol=0, atol=PPM)
    assert isinstance(other, torch.Tensor)
    with pytest.raises(ConfigError, match=r"holds no co2, co, ch4, nh3"):
        ForwardModel(config(), found)


def test_a_file_replaced_is_read_anew(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    read = []
    for value in (1e-21, 4e-21):
        with h5py.File(tmp_path / "x.h5", "w") as file:
            file["bin_edges"] = np.geomspace(2000.0, 18000.0, 300)
            file["t"], file["p"], file["mol_name"] = [100.0, 4000.0], [1e-8, 100.0], "CO"
            file["p"].attrs["units"] = "bar"
            file["xsecarr"] = np.full((2, 2, 300), value)
        read.append(opacity_of(OpacityConfig(path=tmp_path / "x.h5")))
    logs = [float(one.gases["co"].log_section.mean()) for one in read]
    assert logs[1] - logs[0] == pytest.approx(np.log(4), rel=1e-4)


def test_the_point_that_is_tried_may_be_impossible() -> None:
    model = doubled()
    good, heavy = middle(model, log10_h2o=-3.0), middle(model)
    heavy[0, model.space.free.index("temperature_k")] = 3500.0
    light = KNOWN | {"planet_mass_mjup": 0.002}
    both = model.spectrum(np.concatenate([good, heavy]), light | {"planet_mass_mjup": [1.0, 0.002]})
    assert np.isfinite(both[0]).all()
    assert np.isnan(both[1]).all()


def test_replace_keeps_a_batch_of_one_whole() -> None:
    """An isothermal batch has no grey part to cut."""
    model = doubled()
    batch = model._batch(
        {name: np.array([0.5]) for name in (*model.space.free, *model.space.from_table)}
    )
    assert batch.part(slice(0, 1)).grey is None
    assert len(replace(batch, grey=np.zeros((1, 2))).part(slice(0, 1)).grey) == 1
