import numpy as np
import pytest

from spectramind.errors import ConfigError
from spectramind.physics.spots import contamination


def test_worked_example() -> None:
    # 14387.77 / (0.7 * 4000) = 5.13849, / (0.7 * 5000) = 4.11079:
    # B ratio (e^4.11079 - 1) / (e^5.13849 - 1) = 59.9944 / 169.455 = 0.35404; f = 0.1.
    assert contamination(0.1, 4000, 5000, [0.7])[0] == pytest.approx(1 / (1 - 0.1 * 0.64596), 1e-5)


def test_no_spots_or_spots_as_hot_as_the_star_change_nothing() -> None:
    wavelength = np.linspace(0.6, 4, 50)
    assert np.all(contamination(0.0, 4000, 5800, wavelength) == 1)
    np.testing.assert_allclose(contamination(0.3, 5800, 5800, wavelength), 1)


def test_cool_spots_deepen_most_in_the_blue_and_dark_ones_by_their_area() -> None:
    factor = contamination(0.05, 4500, 5800, np.linspace(0.6, 4, 50))
    assert np.all(np.diff(factor) < 0)
    assert factor[-1] > 1
    assert contamination(0.2, 300, 5800, [0.7])[0] == pytest.approx(1 / 0.8)
    assert contamination(0.05, 6500, 5800, [0.7])[0] < 1  # bright faculae


@pytest.mark.parametrize(
    "arguments", [(-0.1, 4000, 5000, [1.0]), (1.0, 4000, 5000, [1.0]), (0.1, 0, 5000, [1.0])]
)
def test_hostile_values(arguments: tuple[float, float, float, list[float]]) -> None:
    with pytest.raises(ConfigError, match="spots"):
        contamination(*arguments)
