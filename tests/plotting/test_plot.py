"""Parts of figures: panels, molecule lanes, the broken wavelength axis, rounded numbers."""

import numpy as np
import pytest

from spectramind.instrument.grid import N_BINS, bin_wavelengths
from spectramind.instrument.molecules import WINDOWS_UM
from spectramind.plotting import plot


@pytest.mark.parametrize("height", [400, 850])
def test_panels_lie_below_the_molecule_lanes_and_do_not_overlap(height: int) -> None:
    rows = [plot.Row("a"), plot.Row("b", 2, log=True), plot.Row("c")]
    layout = plot.spectral_layout(rows, height)
    domains = [layout[key]["domain"] for key in ("yaxis", "yaxis2", "yaxis3")]
    lanes = [s["y0"] for s in layout["shapes"] if "label" in s]
    assert min(lanes) >= domains[0][1]
    assert domains[0][0] > domains[1][1]
    assert domains[1][0] > domains[2][1]
    assert domains[2][0] == pytest.approx(0, abs=1e-9)
    heights = [top - bottom for bottom, top in domains]
    assert heights[1] == pytest.approx(2 * heights[0])


def test_each_molecule_window_has_its_label_and_no_two_overlap() -> None:
    bars = [s for s in plot.spectral_layout([plot.Row("a")], 500)["shapes"] if "label" in s]
    assert len(bars) == sum(len(windows) for windows in WINDOWS_UM.values())
    for i, one in enumerate(bars):
        for other in bars[i + 1 :]:
            if one["y0"] == other["y0"]:
                assert one["x1"] <= other["x0"] or other["x1"] <= one["x0"]


def test_fgs1_and_airs_go_to_their_own_axes() -> None:
    values = np.arange(float(N_BINS))
    fgs1, airs = plot.per_bin(bin_wavelengths(), values, "q", "#000000", 1)
    assert (fgs1["x"], fgs1["y"], fgs1["xaxis"], fgs1["yaxis"]) == ([0.7], [0.0], "x", "y2")
    assert (airs["xaxis"], airs["y"][0], airs["y"][-1]) == ("x2", 1.0, 282.0)


def test_listed_rounds_and_leaves_gaps() -> None:
    assert plot.listed([1.26, np.nan, np.inf, -np.inf, -2], 1) == [1.3, None, None, None, -2.0]
