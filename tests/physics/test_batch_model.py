"""The batch model against the simulator's, against sums by hand, and single precision."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.config.compose import compose
from spectramind.physics.atmosphere import (
    HYDROGEN_SHARE,
    Z_NODES,
    Z_WEIGHT,
    Atmosphere,
    transmission_spectrum,
)
from spectramind.physics.bands import GASES
from spectramind.physics.batch_model import AtmosphereBatch, BatchModel
from spectramind.physics.channels import bin_channels, point_channels
from spectramind.physics.continuum import (
    collision_coefficients,
    haze_cross_section,
    rayleigh_cross_section,
)
from spectramind.physics.grey_profile import INTERNAL_K, grey_temperature
from spectramind.physics.namespace import numpy_namespace
from spectramind.physics.opacity import line_spread, mean_cross_sections
from spectramind.physics.opacity_files.gas_table import GasTable
from spectramind.physics.tabulated import TabulatedOpacity, tabulated
from spectramind.simulation.abundances import draw_atmosphere
from spectramind.simulation.system import draw_system

Array = NDArray[np.float64]
PPM = 1e-6
BOLTZMANN, MASS_UNIT = 1.380649e-23, 1.66053907e-27


def drawn(count: int) -> list[Atmosphere]:
    """Atmospheres of simulated planets."""
    population = compose().sim.population
    found = []
    for number in range(count):
        rng = np.random.default_rng([5, number])
        system = draw_system(rng, population)
        found.append(draw_atmosphere(rng, population.chemistry, system))
    return found


def batch_of(atmospheres: list[Atmosphere], grey: tuple[float, float] | None = None):
    def each(name: str) -> Array:
        return np.array([getattr(a, name) for a in atmospheres], dtype=np.float64)

    fractions = [[a.mole_fractions().get(gas, 0.0) for gas in GASES] for a in atmospheres]
    return AtmosphereBatch(
        each("temperature_K"),
        each("gravity_m_s2"),
        each("mean_molecular_weight"),
        each("planet_radius_m"),
        each("star_radius_m"),
        np.array(fractions),
        each("cloud_pressure_pa"),
        each("haze_factor"),
        each("haze_slope"),
        None if grey is None else np.tile(grey, (len(atmospheres), 1)),
    )


@pytest.fixture(scope="module")
def model() -> BatchModel:
    return BatchModel(numpy_namespace())


def test_isothermal_spectra_are_the_simulators(model: BatchModel) -> None:
    atmospheres = drawn(12)
    clear = replace(atmospheres[0], cloud_pressure_pa=np.inf, haze_factor=0.0, log10_abundance={})
    atmospheres += [clear, replace(clear, log10_abundance={"ch4": -0.3}, temperature_K=300.0)]
    expected = [transmission_spectrum(a) for a in atmospheres]
    np.testing.assert_allclose(
        model.depths(batch_of(atmospheres)), expected, rtol=0, atol=1e-3 * PPM
    )


def test_points_are_the_simulators() -> None:
    wavelength = np.linspace(1.0, 4.0, 40)
    points = BatchModel(numpy_namespace(), channels=point_channels(wavelength))
    planet = drawn(1)[0]
    np.testing.assert_allclose(
        points.depths(batch_of([planet]))[0], transmission_spectrum(planet, wavelength), atol=1e-9
    )


def test_a_grey_profile_of_one_temperature_is_isothermal(model: BatchModel) -> None:
    """Nearly transparent in the infrared and gamma 1: T^4 = 3/4 (2/3 + 1/sqrt 3) T_eq^4."""
    atmospheres = drawn(3)
    factor = (0.75 * (2 / 3 + 3**-0.5)) ** 0.25
    same = [replace(a, temperature_K=a.temperature_K * factor) for a in atmospheres]
    grey = model.depths(batch_of(atmospheres, (-9.0, 0.0)))
    np.testing.assert_allclose(grey, model.depths(batch_of(same)), atol=0.1 * PPM)


def test_a_grey_temperature_by_hand() -> None:
    """kappa 0.01 cm2/g = 0.001 m2/kg, 1 bar, g 10: tau = 10."""
    found = grey_temperature(
        np, np.log(1e5), np.array([[10.0]]), np.array([[1200.0]]), np.array(-2.0), np.array(-1.0)
    )
    within = 0.75 * INTERNAL_K**4 * (2 / 3 + 10)
    faded = (0.1 / 3**0.5 - 1 / (0.1 * 3**0.5)) * np.exp(-0.1 * 10 * 3**0.5)
    outer = 0.75 * 1200.0**4 * (2 / 3 + 1 / (0.1 * 3**0.5) + faded)
    assert found[0, 0] == pytest.approx((within + outer) ** 0.25, rel=1e-12)


def by_hand(a: Atmosphere, grey: tuple[float, float], wavelength: float) -> float:
    """One depth by plain loops: the definition, on the model's own levels."""
    level = np.geomspace(min(1e6, a.cloud_pressure_pa), 1e-4, 81)
    middle = np.sqrt(level[1:] * level[:-1])

    def temperature(pressure: Array) -> Array:
        g, t, kappa, gamma = (
            np.array([[v]]) for v in (a.gravity_m_s2, a.temperature_K, grey[0], grey[1])
        )
        return grey_temperature(np, np.log(pressure)[None], g, t, kappa, gamma)[0]

    fine = np.geomspace(1e6, level[0], 2001)
    deep = temperature(np.sqrt(fine[1:] * fine[:-1])) @ np.log(fine[:-1] / fine[1:])
    t = temperature(middle)
    risen = deep + np.concatenate([[0], np.cumsum(t * np.log(level[:-1] / level[1:]))])
    kelvin = BOLTZMANN / (a.mean_molecular_weight * MASS_UNIT * a.gravity_m_s2 * a.planet_radius_m)
    radius = a.planet_radius_m / (1 - kelvin * risen)
    density = middle / (BOLTZMANN * t) * 1e-6
    fraction = a.mole_fractions()
    rest = 1 - sum(fraction.values())
    h2, he = HYDROGEN_SHARE * rest, (1 - HYDROGEN_SHARE) * rest
    at = np.array([wavelength])
    haze = haze_cross_section(at, a.haze_factor, a.haze_slope)
    single = h2 * (rayleigh_cross_section(at) + haze)[0]
    pairs = [h2 * (np.array([h2, he]) @ collision_coefficients(at, x))[0] for x in t]
    absorbed = []
    for b in range(81):
        half = np.sqrt(np.maximum(radius**2 - radius[b] ** 2, 0))
        path = 200 * np.diff(half)
        tau = sum(path[k] * density[k] * (single + density[k] * pairs[k]) for k in range(80))
        through = np.exp(-tau)
        for row, gas in enumerate(GASES):
            if gas not in fraction:
                continue
            nodes = np.zeros(Z_NODES.size)
            for k in range(80):
                factor = np.exp(line_spread(gas, t[k], middle[k : k + 1]) * Z_NODES)
                section = mean_cross_sections(t[k], at)[row, 0] * factor / (factor @ Z_WEIGHT)
                nodes += path[k] * density[k] * fraction[gas] * section
            through *= Z_WEIGHT @ np.exp(-nodes)
        absorbed.append(1 - through)
    area = radius[0] ** 2 + np.trapezoid(np.array(absorbed) * 2 * radius, radius)
    return float(area / a.star_radius_m**2)


@pytest.mark.parametrize("cloud", [np.inf, 300.0])
def test_a_profile_is_the_sum_over_layers(cloud: float) -> None:
    planet = replace(drawn(1)[0], cloud_pressure_pa=cloud, temperature_K=900.0, haze_factor=5.0)
    grey, wavelength = (-2.0, -0.6), 2.72
    points = BatchModel(numpy_namespace(), channels=point_channels([wavelength]))
    found = points.depths(batch_of([planet], grey))[0, 0]
    assert found == pytest.approx(by_hand(planet, grey, wavelength), abs=0.01 * PPM)


def own_table(gas: str) -> GasTable:
    """The band model of a gas written as a k-table whose cells are the channels, and their gap."""
    pressure, temperature = np.geomspace(1e-4, 1e6, 41), np.geomspace(300.0, 3000.0, 13)
    edges = np.unique(np.round(1e4 / bin_channels().edges_um.ravel(), 6))
    centre = bin_channels().centre_um
    middle = 2e4 / (edges[1:] + edges[:-1])
    at = centre[np.abs(middle[:, None] - centre).argmin(axis=1)]
    section = np.empty((pressure.size, temperature.size, edges.size - 1, Z_NODES.size))
    for n, t in enumerate(temperature):
        factor = np.exp(line_spread(gas, float(t), pressure)[:, None] * Z_NODES)
        factor /= (factor @ Z_WEIGHT)[:, None]
        mean = mean_cross_sections(float(t), at)[GASES.index(gas)]
        section[:, n] = mean[None, :, None] * factor[:, None, :]
    return GasTable(gas, pressure, temperature, edges, section, Z_WEIGHT)


@pytest.fixture(scope="module")
def methane() -> TabulatedOpacity:
    return tabulated({"ch4": own_table("ch4")}, bin_channels())


@pytest.mark.parametrize("grey", [None, (-2.0, -0.6)])
def test_the_band_model_read_from_a_table(
    model: BatchModel, methane: TabulatedOpacity, grey: tuple[float, float] | None
) -> None:
    """What is left is the quadrature: 10 nodes here, 16 shares there."""
    gases = {"ch4": -4.0}
    planet = replace(drawn(1)[0], log10_abundance=gases, cloud_pressure_pa=1e5, temperature_K=1100)
    batch = batch_of([planet], grey)
    expected = model.depths(batch)
    found = BatchModel(numpy_namespace(), methane).depths(batch)
    height = np.ptp(expected)
    assert height > 100 * PPM
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.01 * height)


def test_a_gas_without_a_file_is_missed(methane: TabulatedOpacity) -> None:
    with pytest.raises(ValueError, match="no opacity of h2o: there are ch4"):
        BatchModel(numpy_namespace(), methane).depths(batch_of(drawn(1)))


@pytest.mark.parametrize(
    "changed",
    [
        {"gravity_m_s2": np.array([0.2])},
        {"temperature_K": np.array([4100.0])},
        {"temperature_K": np.array([140.0])},
        {"fractions": np.full((1, 5), 0.3)},
    ],
)
def test_what_cannot_be_has_no_spectrum(model: BatchModel, changed: dict[str, Array]) -> None:
    planet = replace(drawn(1)[0], temperature_K=1500.0, mean_molecular_weight=2.3)
    good = batch_of([planet])
    assert np.isfinite(model.depths(good)).all()
    assert np.isnan(model.depths(replace(good, **changed))).all()


@pytest.mark.parametrize("grey", [None, (-2.0, -0.6)])
def test_single_precision_is_good_to_a_twentieth_of_a_ppm(
    model: BatchModel, grey: tuple[float, float] | None
) -> None:
    batch = batch_of(drawn(12), grey)
    arrays = numpy_namespace(np.float32)
    single = AtmosphereBatch(
        **{k: None if v is None else arrays.array(v) for k, v in vars(batch).items()}
    )
    found = BatchModel(arrays).depths(single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, model.depths(batch), rtol=0, atol=0.05 * PPM)
