"""Tables on the channels: what a k-distribution keeps of the lines that it sorts."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_edges
from spectramind.physics.channels import bin_channels, into_bins, point_channels
from spectramind.physics.opacity_files.gas_table import GasTable, edges_around
from spectramind.physics.tabulated import EDGE_G, WEIGHT_G, tabulated

Array = NDArray[np.float64]
CHANNELS = bin_channels()


def table(wavenumber: Array, section: Array, weight: Array | None = None) -> GasTable:
    """The same at two pressures and two temperatures."""
    weight = np.ones(1) if weight is None else weight
    cells = section.reshape(wavenumber.size, weight.size)
    values = np.broadcast_to(cells, (2, 2, *cells.shape))
    edges = edges_around(wavenumber)
    return GasTable("h2o", np.array([1.0, 1e6]), np.array([200.0, 3000.0]), edges, values, weight)


def test_channels_are_the_bins() -> None:
    channels = bin_channels()
    np.testing.assert_allclose(channels.edges_um[[0, 5], [0, 1]], [0.6, 0.8])
    np.testing.assert_allclose(channels.edges_um[1:6, 0], channels.edges_um[:5, 1])
    np.testing.assert_array_equal(channels.edges_um[6:], bin_edges()[1:])
    binned = into_bins(np, np.arange(2 * 288.0).reshape(2, 288))
    np.testing.assert_array_equal(binned[:, 0], [2.5, 290.5])
    np.testing.assert_array_equal(binned[1, 1:], np.arange(294.0, 576.0))


def test_a_flat_section_stays_what_it_is() -> None:
    flat = tabulated({"h2o": table(np.arange(2000.0, 18000.0, 5), np.full(3200, 3e-22))}, CHANNELS)
    np.testing.assert_allclose(flat.gases["h2o"].log_section, np.log(3e-22), rtol=1e-6)
    assert flat.temperature_K == (200.0, 3000.0)


def test_transmission_through_lines_is_the_mean_over_the_bin() -> None:
    """Lines of many strengths, thin to thick: k-distribution against the sum over wavenumbers."""
    rng = np.random.default_rng(3)
    wavenumber = np.arange(2400.0, 17200.0, 0.05)
    lines = np.exp(rng.normal(-50, 2.5, wavenumber.size))  # neighbours unlike: no resolution needed
    k = tabulated({"h2o": table(wavenumber, lines)}, CHANNELS).gases["h2o"].log_section[0, 0]
    for n in (8, 100, 280):
        low, high = 1e4 / CHANNELS.edges_um[n, ::-1]
        inside = lines[(wavenumber > low) & (wavenumber < high)]
        for column in 10.0 ** np.array([20.0, 21.0, 22.0, 23.0]):
            brute = np.exp(-inside * column).mean()
            ours = WEIGHT_G @ np.exp(-np.exp(k[:, n].astype(float)) * column)
            assert ours == pytest.approx(brute, abs=0.02)


def test_a_ktable_of_one_cell_a_bin_keeps_its_distribution() -> None:
    """ln k that is linear in g comes back as its means, in bins inside one wide cell."""
    g = (np.arange(50) + 0.5) / 50
    wide = np.arange(1000.0, 20000.0, 3000.0)
    k = np.exp(-60 + 10 * np.tile(g, (wide.size, 1)))
    found = tabulated({"h2o": table(wide, k, np.full(50, 0.02))}, CHANNELS)
    middle = (EDGE_G[1:] + EDGE_G[:-1]) / 2
    ours = found.gases["h2o"].log_section[1, 1, :, 40]
    np.testing.assert_allclose(ours[1:-1], -60 + 10 * middle[1:-1], atol=0.1)  # half a step of 0.2
    assert WEIGHT_G @ ours == pytest.approx(np.log(k[0]).mean(), rel=1e-6)


def test_points_take_the_cell_they_lie_in() -> None:
    wavenumber = np.array([2000.0, 3000.0, 4000.0, 5000.0])
    values = np.array([1e-20, 2e-20, 3e-20, 4e-20])
    points = point_channels(1e4 / np.array([2100.0, 3400.0, 4900.0]))
    found = tabulated({"h2o": table(wavenumber, values)}, points).gases["h2o"].log_section
    np.testing.assert_allclose(np.exp(found[0, 0, 7]), values[[0, 1, 3]], rtol=1e-5)


def test_a_file_that_ends_too_early_is_refused() -> None:
    short = table(np.arange(3000.0, 18000.0, 5), np.full(3000, 3e-22))
    with pytest.raises(ConfigError, match=r"H2O covers 0\.55\d+\.\.3\.33\d um, the bins need 0\.6"):
        tabulated({"h2o": short}, CHANNELS)


def test_temperatures_that_do_not_meet() -> None:
    one = table(np.arange(2000.0, 18000.0, 5), np.full(3200, 3e-22))
    cold = replace(one, gas="co", temperature_K=np.array([50.0, 90.0]))
    with pytest.raises(ConfigError, match="begin at 200 K, another's end at 90 K"):
        tabulated({"h2o": one, "co": cold}, CHANNELS)
