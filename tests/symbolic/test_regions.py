"""Weights by wavelength: factors multiply, molecule windows can be exempt."""

import pytest
import torch

from spectramind.config.compose import compose
from spectramind.errors import ConfigError
from spectramind.instrument.grid import bin_wavelengths
from spectramind.instrument.molecules import MOLECULES, window_bins
from spectramind.symbolic.pack import SymbolicPack
from spectramind.symbolic.regions import named_regions


@pytest.fixture
def rough() -> torch.Tensor:
    rng = torch.Generator().manual_seed(2)
    return 0.01 + 1e-4 * torch.randn((2, 283), generator=rng)


def test_a_region_changes_its_rules_in_its_bins(make_config, rough: torch.Tensor) -> None:
    regions = [{"rules": ["sm"], "um": [3.0, 5.0], "weight": 0.25}]
    plain = SymbolicPack(make_config()).per_bin(rough)
    ours = SymbolicPack(make_config(regions=regions)).per_bin(rough)
    red = torch.from_numpy(bin_wavelengths() >= 3.0)
    torch.testing.assert_close(ours["sm"][:, red], 0.25 * plain["sm"][:, red])
    torch.testing.assert_close(ours["sm"][:, ~red], plain["sm"][:, ~red])
    for name in plain.keys() - {"sm"}:
        torch.testing.assert_close(ours[name], plain[name])


def test_a_molecules_windows_are_exempt_from_every_rule(make_config, rough: torch.Tensor) -> None:
    regions = [{"molecule": "h2o", "weight": 0.0}]
    pack = SymbolicPack(make_config(regions=regions))
    inside = torch.from_numpy(window_bins("h2o"))
    bins = pack.per_bin(rough)
    assert all(not values[:, inside].any() for values in bins.values())
    assert bins["sm"].any()
    total, parts = pack(rough)
    torch.testing.assert_close(total, torch.stack(list(parts.values())).sum(dim=0))


def test_overlapping_regions_multiply(make_config, rough: torch.Tensor) -> None:
    regions = [
        {"rules": ["sm", "fft"], "um": [2.5, 3.0], "weight": 0.5},
        {"rules": ["sm"], "um": [2.8, 3.2], "weight": 0.5},
    ]
    factor = SymbolicPack(make_config(regions=regions)).get_buffer("factor_sm")
    wavelength = torch.from_numpy(bin_wavelengths())
    assert set(factor[(wavelength >= 2.8) & (wavelength <= 3.0)].tolist()) == {0.25}
    assert set(factor.tolist()) == {0.25, 0.5, 1.0}


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ({"rules": ["smoth"], "um": [2.0, 3.0], "weight": 1.0}, "no rule 'smoth': there are sm"),
        ({"um": [5.0, 6.0], "weight": 1.0}, "no bin lies between 5 and 6 um"),
    ],
)
def test_regions_of_nothing_are_refused(make_config, region: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        SymbolicPack(make_config(regions=[region]))


def test_named_regions_cover_every_bin() -> None:
    regions = named_regions()
    assert list(regions) == ["FGS1", *(name.upper() for name in MOLECULES), "continuum"]
    assert set().union(*(bins.tolist() for bins in regions.values())) == set(range(283))
    assert not set(regions["continuum"]) & set(regions["H2O"])


def test_regions_can_be_said_on_the_command_line() -> None:
    found = compose(["loss.regions=[{rules:[sm],molecule:ch4,weight:0},{um:[3,4],weight:0.5}]"])
    assert [region.weight for region in found.loss.regions] == [0.0, 0.5]
    assert found.loss.regions[1].rules == ()
