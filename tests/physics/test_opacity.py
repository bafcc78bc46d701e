import numpy as np
import pytest

from spectramind.errors import ConfigError
from spectramind.physics.bands import GASES, MOLECULE_BANDS, REFERENCE_K, Band, band_strength
from spectramind.physics.continuum import (
    collision_coefficients,
    haze_cross_section,
    rayleigh_cross_section,
)
from spectramind.physics.opacity import (
    _MAX_J,
    STEP_CM,
    TEMPERATURE_K,
    WAVENUMBER_CM,
    _hot_bands,
    _rotational_lines,
    gas_cross_section,
    line_spread,
    mean_cross_sections,
)


@pytest.mark.parametrize("gas", GASES)
def test_strength_at_the_reference_temperature_is_the_listed_one(gas: str) -> None:
    molecule = MOLECULE_BANDS[gas]
    for band in molecule.bands:
        assert band_strength(molecule, band, REFERENCE_K) == pytest.approx(
            band.strength, rel=1e-6, abs=0
        )


def test_strength_of_a_low_band_when_hot() -> None:
    # A fundamental's stimulated emission and its hot bands cancel when centre = mode.
    co = MOLECULE_BANDS["co"]
    assert band_strength(co, co.bands[0], 1500.0) == pytest.approx(
        co.bands[0].strength, rel=1e-6, abs=0
    )
    # Its first overtone keeps one factor 1/(1 - e^(-c2 2143.3/1500)) and loses the other but for
    # 1 - e^(-c2 4260.1/1500).
    x = np.exp(-1.438777 * 2143.3 / 1500)
    y = np.exp(-1.438777 * 4260.1 / 1500)
    expected = co.bands[1].strength * (1 - y) / (1 - x) ** 2
    np.testing.assert_allclose(band_strength(co, co.bands[1], 1500.0), expected, rtol=1e-4)


# A wavenumber in a gap between bands, from which on a gas's area is counted.
GAP_CM = {"h2o": 2500, "co2": 2900, "co": 3300, "ch4": 2050, "nh3": 2050}


@pytest.mark.parametrize("temperature", [300.0, 1000.0, 1800.0])
@pytest.mark.parametrize("gas", GASES)
def test_area_of_the_cross_section_is_the_sum_of_strengths(gas: str, temperature: float) -> None:
    molecule = MOLECULE_BANDS[gas]
    inside = [band for band in molecule.bands if band.centre > GAP_CM[gas]]
    expected = sum(band_strength(molecule, band, temperature) for band in inside)
    grid = gas_cross_section(gas, temperature)
    area = grid[GAP_CM[gas] < WAVENUMBER_CM].sum() * STEP_CM
    assert area == pytest.approx(expected, rel=0.03, abs=0)


def test_co_has_its_gap_and_its_band_head() -> None:
    grid = gas_cross_section("co", 1500.0)

    def at(wavenumber: float) -> float:
        return float(np.interp(wavenumber, WAVENUMBER_CM, grid))

    assert at(4260) < 0.8 * min(at(4200), at(4310))  # no Q branch in a linear rotor
    # R lines turn back near 4360 cm-1, P lines run on: the blue edge is the steeper one.
    assert at(4260 + 150) < 0.1 * at(4260 - 150)


def test_hot_bands_shift_by_twice_the_diagonal_and_once_the_rest() -> None:
    # (003) from one quantum of bending: 3 * -12.4; from one asymmetric stretch: 2 * 3 * -12.5.
    band = Band(6973.0, 1.0, (0, 0, 3))
    shift, share = _hot_bands(MOLECULE_BANDS["co2"], band, 1000.0)
    np.testing.assert_allclose(shift[[0, 4, 1]], [0.0, -37.2, -75.0])
    # Populations 1 : 2 e^(-c2 667.4/T) : e^(-c2 2349.1/T); strengths grow as (v3+1)(v3+2)(v3+3)/6.
    ratio = share[[4, 1]] / share[0]
    expected = [2 * np.exp(-1.438777 * 0.6674), 4 * np.exp(-1.438777 * 2.3491)]
    np.testing.assert_allclose(ratio, expected)
    assert share.sum() == pytest.approx(1)


def test_hot_bands_drag_co2_to_the_red() -> None:
    near = (WAVENUMBER_CM > 3300) & (WAVENUMBER_CM < 4000)
    centre = [
        np.average(WAVENUMBER_CM[near], weights=gas_cross_section("co2", t)[near])
        for t in (300.0, 1000.0, 1800.0)
    ]
    assert centre[0] > centre[1] + 5
    assert centre[1] > centre[2] + 5


def test_rotational_lines_of_co_by_hand() -> None:
    # (2): B' = 1.92 (1 - 0.0182). R(0) = 2 B'; P(1) = -2 B (exactly, as F'(0) - F(1)).
    co = MOLECULE_BANDS["co"]
    offset, weight = _rotational_lines(co, co.bands[1], 1000.0)
    upper = 1.92 * (1 - 0.0182)
    assert offset[0] == pytest.approx(2 * upper)
    assert offset[_MAX_J + 1] == pytest.approx(-2 * 1.92)
    assert weight[_MAX_J] == 0  # there is no P(0)


def test_table_agrees_with_the_direct_sum_between_its_temperatures() -> None:
    temperature = float(np.sqrt(TEMPERATURE_K[20] * TEMPERATURE_K[21]))
    wavelength = np.array([1.95, 2.3, 2.7, 3.3])
    table = mean_cross_sections(temperature, wavelength)
    for row, gas in enumerate(GASES):
        direct = np.interp(1e4 / wavelength, WAVENUMBER_CM, gas_cross_section(gas, temperature))
        strong = direct > 1e-23
        assert strong.any()
        np.testing.assert_allclose(table[row][strong], direct[strong], rtol=0.03)


@pytest.mark.parametrize(
    ("temperature", "wavelength"), [(149.0, 2.0), (4001.0, 2.0), (np.nan, 2.0)]
)
def test_temperature_outside_the_table(temperature: float, wavelength: float) -> None:
    with pytest.raises(ConfigError, match="temperature"):
        mean_cross_sections(temperature, np.array([wavelength]))


@pytest.mark.parametrize("wavelength", [0.5, 4.3, np.nan])
def test_wavelength_outside_the_table(wavelength: float) -> None:
    with pytest.raises(ConfigError, match="wavelength"):
        mean_cross_sections(1000.0, np.array([wavelength]))


def test_line_spread_by_hand() -> None:
    # At 1000 K and 1 mbar only the constant is left; ten times the pressure takes c off.
    np.testing.assert_allclose(
        line_spread("h2o", 1000.0, np.array([100.0, 1000.0])), [2.64, 2.64 - 0.54]
    )
    np.testing.assert_allclose(line_spread("co2", 3000.0, np.array([1e6])), [0.05])
    np.testing.assert_allclose(line_spread("h2o", 200.0, np.array([1e-3])), [6.0])


def test_rayleigh_by_hand() -> None:
    # 1 um = 1e4 A: 8.14e-29 + 1.28e-30 + 1.61e-32 cm2.
    np.testing.assert_allclose(rayleigh_cross_section(np.array([1.0])), [8.26961e-29])


def test_haze_is_the_factor_times_rayleigh_at_its_anchor() -> None:
    wavelength = np.array([0.35, 0.7])
    haze = haze_cross_section(wavelength, 10.0, -4.0)
    assert haze[0] == pytest.approx(10 * rayleigh_cross_section(wavelength)[0], rel=1e-9, abs=0)
    assert haze[0] / haze[1] == pytest.approx(16.0)


def test_collisions_peak_between_2_0_and_2_6_um() -> None:
    wavelength = np.linspace(1.5, 4.0, 2501)
    for coefficient in collision_coefficients(wavelength, 1000.0):
        assert 2.0 < wavelength[coefficient.argmax()] < 2.6
        assert coefficient.max() > 20 * coefficient[-1]
