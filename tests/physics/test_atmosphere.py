from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.physics.atmosphere import Atmosphere, transmission_spectrum
from spectramind.physics.layers import (
    REFERENCE_PRESSURE_PA,
    build_layers,
    chord_paths,
    is_bound,
    level_radii,
    scale_height_of,
)

Array = NDArray[np.float64]
JUPITER_M, SUN_M = 7.1492e7, 6.957e8
SCALE_HEIGHT_M = 1.380649e-23 * 1000 / (2.3 * 1.66053907e-27 * 10)
SCALE_HEIGHT_PPM = 1e6 * 2 * 1.2 * JUPITER_M * SCALE_HEIGHT_M / SUN_M**2


def atmosphere(**abundance: float) -> Atmosphere:
    """The planet of the check values, clear, with the mole fractions given."""
    return Atmosphere(
        temperature_K=1000.0,
        gravity_m_s2=10.0,
        mean_molecular_weight=2.3,
        planet_radius_m=1.2 * JUPITER_M,
        star_radius_m=SUN_M,
        log10_abundance={gas: float(np.log10(value)) for gas, value in abundance.items()},
        cloud_pressure_pa=np.inf,
        haze_factor=0.0,
        haze_slope=-4.0,
    )


def test_pressure_falls_by_e_in_a_scale_height() -> None:
    """361.5 km by hand for the planet of the check values: 128 ppm of the star's disc."""
    height = scale_height_of(1000.0, 10.0, 2.3)
    assert height == pytest.approx(SCALE_HEIGHT_M, rel=1e-6)
    large = 1e4 * JUPITER_M  # gravity does not fall on the way
    bottom, above = level_radii(REFERENCE_PRESSURE_PA * np.exp([0.0, -1.0]), height, large)
    assert above - bottom == pytest.approx(361.5e3, rel=1e-3)
    small = 1.2 * JUPITER_M
    depths = (level_radii(REFERENCE_PRESSURE_PA * np.exp([0.0, -1.0]), height, small) / SUN_M) ** 2
    assert 1e6 * np.diff(depths)[0] == pytest.approx(128, rel=0.02)


@pytest.mark.parametrize(("height_m", "bound"), [(2.0e6, True), (3.0e6, False)])
def test_what_is_not_bound_is_told_before_it_is_refused(height_m: float, bound: bool) -> None:
    """ln(10 bar / 1e-4 Pa) = 23.0 heights may be two thirds of the radius: 2.48e6 m here."""
    radius = 1.2 * JUPITER_M
    assert is_bound(height_m, radius) == bound
    planet = replace(atmosphere(), gravity_m_s2=10.0 * SCALE_HEIGHT_M / height_m)
    if bound:
        assert np.isfinite(transmission_spectrum(planet)).all()
    else:
        with pytest.raises(ConfigError, match="within 3 radii"):
            transmission_spectrum(planet)


@pytest.mark.parametrize(
    ("gas", "mole_fraction", "wavelength", "ppm"),
    [
        ("h2o", 5e-4, 2.7, 850),
        ("h2o", 5e-4, 1.9, 627),
        ("co2", 5e-6, 2.7, 519),
        ("ch4", 1e-5, 3.3, 956),
        ("ch4", 1e-5, 2.3, 564),
    ],
)
def test_band_heights_above_the_continuum(
    gas: str, mole_fraction: float, wavelength: float, ppm: float
) -> None:
    band = np.linspace(wavelength - 0.1, wavelength + 0.1, 81)
    with_gas = transmission_spectrum(atmosphere(**{gas: mole_fraction}), band)
    height = 1e6 * (with_gas - transmission_spectrum(atmosphere(), band))
    assert height.max() == pytest.approx(ppm, rel=0.15)


def test_peak_to_trough_of_the_mixture() -> None:
    depth = transmission_spectrum(atmosphere(h2o=5e-4, co2=5e-6, ch4=1e-5))
    assert 1e6 * np.ptp(depth[1:]) == pytest.approx(567, rel=0.15)


def test_depth_of_rayleigh_scattering_by_hand() -> None:
    # Chord optical depth falls as e^(-z/H), so the planet looks as if opaque up to the level z
    # with tau = e^(-0.5772) = 0.5615 (de Wit & Seager 2013); tau = sigma n0 sqrt(2 pi R H).
    # High gravity keeps the atmosphere thin, as that formula wants it.
    planet = replace(atmosphere(), gravity_m_s2=200.0)
    height = SCALE_HEIGHT_M / 20
    sigma = 0.85 * (8.14e-13 / 6000.0**4 + 1.28e-6 / 6000.0**6 + 1.61 / 6000.0**8)
    radius = 1.2 * JUPITER_M
    density = 1e6 / (1.380649e-23 * 1000) * 1e-6
    tau = sigma * density * np.sqrt(2 * np.pi * radius * height) * 100
    depth = transmission_spectrum(planet, np.array([0.6]))[0]
    level = (np.sqrt(depth) * SUN_M - radius) / height
    assert level == pytest.approx(np.log(tau / 0.5615), abs=0.05)


def test_no_gas_leaves_only_the_smooth_continuum() -> None:
    depth = transmission_spectrum(atmosphere())[1:]
    assert bin_wavelengths()[1:][depth.argmax()] == pytest.approx(2.3, abs=0.1)
    signs = np.sign(np.diff(depth))
    assert np.count_nonzero(np.diff(signs)) == 1  # one bump, nothing else


def test_spectrum_stretches_with_the_scale_height() -> None:
    planet = replace(atmosphere(h2o=5e-4), gravity_m_s2=100.0)  # thin: g hardly varies
    heavy = replace(planet, mean_molecular_weight=4.6)
    swing = np.ptp(transmission_spectrum(planet)[1:]) / np.ptp(transmission_spectrum(heavy)[1:])
    assert swing == pytest.approx(2.0, rel=0.05)


def test_depth_scales_with_the_size_of_the_star() -> None:
    planet = atmosphere(h2o=1e-4)
    twice = replace(planet, star_radius_m=2 * SUN_M)
    np.testing.assert_allclose(
        transmission_spectrum(twice) * 4, transmission_spectrum(planet), rtol=1e-12
    )


def test_cloud_deck_flattens_the_spectrum_onto_its_own_level() -> None:
    clear = atmosphere(h2o=1e-4, ch4=1e-5)
    swings = [
        np.ptp(transmission_spectrum(replace(clear, cloud_pressure_pa=p))[1:])
        for p in (1e6, 1e4, 1e2, 1e-1)
    ]
    assert swings[0] > swings[1] > swings[2] > swings[3]
    high = replace(clear, cloud_pressure_pa=1e-1)
    deck = level_radii(np.array([0.1]), SCALE_HEIGHT_M, 1.2 * JUPITER_M)[0]
    floor = transmission_spectrum(high).min()
    assert floor == pytest.approx((deck / SUN_M) ** 2, rel=2e-3)
    assert floor >= (deck / SUN_M) ** 2


def test_a_deck_below_the_reference_level_changes_nothing() -> None:
    clear = atmosphere(h2o=1e-4)
    deep = replace(clear, cloud_pressure_pa=1e8)
    np.testing.assert_array_equal(transmission_spectrum(deep), transmission_spectrum(clear))


def test_haze_raises_short_waves_most() -> None:
    clear = atmosphere(h2o=1e-4)
    rise = transmission_spectrum(replace(clear, haze_factor=1e3)) - transmission_spectrum(clear)
    assert np.all(rise >= 0)
    assert rise[0] > 3 * SCALE_HEIGHT_PPM * 1e-6
    assert rise[0] == rise.max()


def test_every_gas_only_ever_adds() -> None:
    base = transmission_spectrum(atmosphere())
    for gas in ("h2o", "co2", "co", "ch4", "nh3"):
        weak = transmission_spectrum(atmosphere(**{gas: 1e-6}))
        strong = transmission_spectrum(atmosphere(**{gas: 1e-3}))
        assert np.all(weak >= base - 1e-9)
        assert np.all(strong >= weak - 1e-6)
        assert (strong - weak).max() > SCALE_HEIGHT_PPM * 1e-6


def test_order_of_the_gases_does_not_matter() -> None:
    one = transmission_spectrum(atmosphere(h2o=1e-4, ch4=1e-5))
    np.testing.assert_array_equal(one, transmission_spectrum(atmosphere(ch4=1e-5, h2o=1e-4)))


def test_bins_are_the_project_grid_with_fgs1_averaged() -> None:
    planet = replace(atmosphere(h2o=5e-4), haze_factor=30.0)
    depth = transmission_spectrum(planet)
    assert depth.shape == (N_BINS,)
    np.testing.assert_array_equal(depth[1:], transmission_spectrum(planet, bin_wavelengths()[1:]))
    fine = transmission_spectrum(planet, np.linspace(0.6, 0.8, 401)).mean()
    assert depth[0] == pytest.approx(fine, abs=2e-6)


def test_radii_solve_the_hydrostatic_equation() -> None:
    pressure = np.geomspace(1e6, 1e-4, 20001)
    radius = level_radii(pressure, 1e6, 7e7)
    assert radius[0] == pytest.approx(7e7)
    slope = np.gradient(np.log(pressure), radius)[1:-1]
    np.testing.assert_allclose(slope, -((7e7 / radius[1:-1]) ** 2) / 1e6, rtol=1e-5)


def test_chords_by_hand() -> None:
    # Circles of radius 3, 5 and sqrt(58): half chords at b = 3 are 0, 4, 7; at b = 5: 0, sqrt(33).
    expected = [[8.0, 6.0], [0.0, 2 * np.sqrt(33)], [0.0, 0.0]]
    np.testing.assert_allclose(chord_paths(np.array([3.0, 5.0, np.sqrt(58)])), expected)


def test_column_of_a_chord_is_the_analytic_one() -> None:
    layers = build_layers(1000.0, 10.0, 2.3, 1.2 * JUPITER_M, 1e6)
    column = layers.path_cm @ layers.density_cm3
    level = 30
    pressure = 1e6 * (1e-10) ** (level / 80)
    radius = layers.radius_m[level]
    height = SCALE_HEIGHT_M * (radius / layers.radius_m[0]) ** 2
    density = pressure / (1.380649e-23 * 1000) * 1e-6
    expected = density * np.sqrt(2 * np.pi * radius * height) * 100
    assert column[level] == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature_K", 100.0),
        ("temperature_K", np.nan),
        ("gravity_m_s2", 0.0),
        ("mean_molecular_weight", 0.5),
        ("planet_radius_m", -1.0),
        ("star_radius_m", 1e6),
        ("cloud_pressure_pa", 0.0),
        ("haze_factor", -1.0),
        ("haze_slope", 4.0),
    ],
)
def test_values_out_of_range_are_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=field):
        replace(atmosphere(), **{field: value})


@pytest.mark.parametrize(
    ("abundance", "message"),
    [
        ({"tio": -7.0}, "unknown gas 'tio'"),
        ({"h2o": 0.1}, "h2o"),
        ({"h2o": np.nan}, "h2o"),
        ({"h2o": -0.1, "co2": -0.1}, "sum of mole fractions"),
    ],
)
def test_impossible_mixtures_are_refused(abundance: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(atmosphere(), log10_abundance=abundance)


def test_an_escaping_atmosphere_is_refused() -> None:
    puffy = replace(atmosphere(), temperature_K=3000.0, gravity_m_s2=1.0)
    with pytest.raises(ConfigError, match="too large for a planet radius"):
        transmission_spectrum(puffy)
