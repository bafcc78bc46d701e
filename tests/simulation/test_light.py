"""Clock, star, image, jitter, drift, transit, population."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from spectramind.config.compose import compose
from spectramind.instrument.detectors import AIRS, AIRS_SCIENCE, FGS1
from spectramind.simulation.clock import make_clock
from spectramind.simulation.jitter import track_moments
from spectramind.simulation.planet_draw import SimulatedPlanet, draw_planet
from spectramind.simulation.psf import (
    _FGS1_CORES,
    _FGS1_WING_WEIGHT,
    _fgs1_image,
    _wing,
    _wing_sum,
    airs_basis,
    even_sensitivity,
    fgs1_basis,
    fgs1_motion,
)
from spectramind.simulation.response_drift import draw_drift, no_drift
from spectramind.simulation.scene import Scene, bins_to_columns
from spectramind.simulation.star import draw_light
from spectramind.simulation.streams import planet_ids
from spectramind.simulation.transit_light import transit_light

POPULATION = compose().sim.population
EVEN_FGS1, EVEN_AIRS = even_sensitivity((32, 32)), even_sensitivity((32, 356))
REAL_AXIS = Path(__file__).parents[3] / "shared" / "real" / "axis_info_full.parquet"


@pytest.fixture(scope="module")
def planets() -> list[SimulatedPlanet]:
    return [
        draw_planet(np.random.default_rng([3, n]), np.random.default_rng([5, n]), POPULATION)
        for n in range(3)
    ]


def test_real_cadence_has_the_real_frame_counts() -> None:
    assert make_clock(AIRS, 7.5, 1).pairs == 5625
    assert make_clock(FGS1, 7.5, 1).pairs == 67_500
    assert make_clock(AIRS, 7.5, 40).pairs == 140
    assert make_clock(FGS1, 7.5, 40).pairs == 1687


@pytest.mark.skipif(not REAL_AXIS.is_file(), reason="needs the real axis file in ../shared/real")
def test_labels_equal_the_real_axis() -> None:
    real = pd.read_parquet(REAL_AXIS)
    airs, fgs1 = make_clock(AIRS, 7.5, 1), make_clock(FGS1, 7.5, 1)
    hours = real["AIRS-CH0-axis0-h"].dropna()
    np.testing.assert_allclose(airs.labels_s() / 3600, hours, atol=1e-9)
    np.testing.assert_allclose(fgs1.labels_s() / 3600, real["FGS1-axis0-h"], atol=1e-9)
    np.testing.assert_allclose(
        airs.integrations_s(), real["AIRS-CH0-integration_time"].dropna(), atol=1e-12
    )


def test_coadding_stretches_the_clock() -> None:
    one, ten = make_clock(AIRS, 7.5, 1), make_clock(AIRS, 7.5, 10)
    assert ten.labels_s()[:3] == pytest.approx([1.0, 2.0, 49.0])
    assert ten.integrations_s()[:2] == pytest.approx([1.0, 45.0])
    assert one.mid_time_h[0] * 3600 == pytest.approx(2.35)
    assert ten.mid_time_h[0] * 3600 == pytest.approx(23.5)


def test_star_light_has_the_real_level_and_hot_stars_are_bluer() -> None:
    cool, hot = (
        draw_light(np.random.default_rng(0), teff, POPULATION.star_light)
        for teff in (4300.0, 6900.0)
    )
    for light in (cool, hot):
        science = 4.5 * light.airs[AIRS_SCIENCE]
        assert 1.2e7 <= science.sum() <= 1.75e7
        assert 2.2e5 <= 0.1 * light.fgs1 <= 3.1e5
        assert science.max() == science[250:].max()
        assert light.airs[0] < 0.01 * light.airs[60]
    assert hot.airs[300] / hot.airs[60] > cool.airs[300] / cool.airs[60]


def test_images_hold_all_light_and_moving_them_keeps_it() -> None:
    light = draw_light(np.random.default_rng(1), 5800.0, POPULATION.star_light).airs
    airs = airs_basis(light, EVEN_AIRS)
    total = airs[:, :, 60:300].sum((1, 2))
    assert np.all(np.abs(total[[1, 3]]) < 2e-3 * total[0])
    np.testing.assert_allclose(airs[0].sum(0), 1, atol=1e-9)
    assert _fgs1_image(0, 0)[0].sum() == pytest.approx(1, abs=0.003)


def test_moving_the_image_loses_only_what_crosses_the_edge_of_the_frame() -> None:
    """What is missing of cores and wings is what a larger frame would show beyond the edge."""
    dr, dc = 0.3, -0.2
    motion = fgs1_motion(0.6)
    moments = motion.moments(np.array([[0, dr], [0, dc]]), np.zeros(2), 1, 2)
    still, moved = fgs1_basis(motion, EVEN_FGS1).sum((1, 2)) @ moments
    change = moved - still

    def inside(row: float, column: float) -> float:
        place = (np.arange(160) - 2) / 5
        light = _FGS1_WING_WEIGHT * _wing(place[:, None] - row, place - column).sum() / _wing_sum()
        for weight, row0, column0, sigma_row, sigma_column, _ in _FGS1_CORES:
            rows = np.diff(norm.cdf([-0.5, 31.5], row0 + row, sigma_row))[0]
            light += (
                weight * rows * np.diff(norm.cdf([-0.5, 31.5], column0 + column, sigma_column))[0]
            )
        return float(light)

    lost = inside(dr, dc) - inside(0, 0)
    assert abs(change) < 1e-3 * np.hypot(dr, dc)
    assert change == pytest.approx(lost, rel=0.1, abs=1e-5)


def test_along_airs_columns_no_light_is_lost_but_through_the_edges() -> None:
    light = draw_light(np.random.default_rng(1), 5800.0, POPULATION.star_light).airs
    moved = airs_basis(light, EVEN_AIRS)[2] * light
    through_edges = (moved[:, :2].sum(), moved[:, -2:].sum())
    inside = moved.sum() - sum(through_edges)
    ends = np.array([light[1] + light[2], light[-2] + light[-3]]) / 2
    assert inside == pytest.approx(ends[0] - ends[1], rel=1e-6, abs=1e-9 * light.sum())


def test_a_shift_by_one_column_moves_the_spectrum_up_the_columns() -> None:
    light = np.linspace(1.0, 2.0, AIRS.width)
    basis = airs_basis(light, EVEN_AIRS)
    moved = (basis[0] + 1.0 * basis[2])[:, 100:200].sum(0) * light[100:200]
    np.testing.assert_allclose(moved, light[99:199], rtol=1e-3)


def test_moments_by_hand() -> None:
    track = np.array([[1.0, 3.0, 0.0, 0.0, 9.0], [0.0, 2.0, 1.0, 1.0, 9.0]])
    expected = [[1, 1], [2, 0], [1, 1], [5, 0], [2, 1], [3, 0]]
    np.testing.assert_allclose(track_moments(track, np.zeros(5), 2, 2), expected)
    wider = track_moments(np.zeros((2, 4)), np.array([1.0, 3.0, -1.0, 0.0]), 2, 2)
    np.testing.assert_allclose(wider, [[1, 1], [0, 0], [0, 0], [2, -0.5], [2, -0.5], [0, 0]])


def test_drift_has_the_measured_size() -> None:
    time, detector = np.linspace(0, 7.5, 400), compose().sim.detector
    surfaces = [
        draw_drift(np.random.default_rng(n), detector).factor(time, 7.5, slice(1, 283)) - 1
        for n in range(200)
    ]
    rms = np.sqrt(np.mean(np.square(surfaces)))
    white = np.sqrt(np.mean(np.square([s.mean(0) for s in surfaces])))
    assert rms == pytest.approx(160e-6, rel=0.15)
    assert white == pytest.approx(86e-6, rel=0.2)
    assert np.all(no_drift().factor(time, 7.5, slice(0, 283)) == 1)


def test_scene_rate_by_hand() -> None:
    basis = np.zeros((6, 1, 2))
    basis[0, 0], basis[1, 0] = [0.25, 0.75], [0.1, -0.1]
    moments = np.zeros((6, 1))
    moments[0], moments[1] = 1.0, 0.5
    foreground = np.array([[1.0, 2.0]])
    scene = Scene(np.array([[100.0]]), basis, moments, foreground, moments[1:])
    np.testing.assert_allclose(scene.rate(0), [[31.0], [72.0]])


def test_columns_follow_the_bins_in_descending_order() -> None:
    values = np.arange(1.0, 283.0)[:, None]
    columns = bins_to_columns(values)[:, 0]
    assert columns.shape == (356,)
    assert (columns[39], columns[320]) == (282, 1)
    assert (columns[0], columns[355]) == (282, 1)


def test_transit_is_averaged_over_long_exposures(planets: list[SimulatedPlanet]) -> None:
    planet = planets[0]
    fine, coarse = (make_clock(AIRS, 7.5, n) for n in (5, 50))
    bins = slice(1, 4)
    short = transit_light(planet, 3.7, fine, bins)
    long = transit_light(planet, 3.7, coarse, bins)
    # Co-added exposures sit 0.05 s a cycle early (labels scale), too little to see here.
    pooled = short[:, : coarse.pairs * 10].reshape(3, -1, 10).mean(-1)
    np.testing.assert_allclose(long, pooled, atol=3e-5)
    assert long.min() < 1 - 0.9 * planet.spectrum[1]
    assert long[:, 0] == pytest.approx(1)


def test_planet_ids_are_distinct_and_a_longer_list_begins_alike() -> None:
    ids = planet_ids(4, 500)
    assert len(set(ids)) == 500
    assert all(10**4 <= int(i) < 2**32 for i in ids)
    assert planet_ids(4, 20) == ids[:20]
