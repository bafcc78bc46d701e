"""Band area ratios: free within bounds, hinges outside, finite everywhere."""

import pytest
import torch

from spectramind.instrument.grid import bin_widths
from spectramind.instrument.molecules import window_bins
from spectramind.symbolic.rules.chemistry import ChemistryRatios

BOUNDS = {"ch4_h2o": (0.1, 5.0)}


def boxes(flat: torch.Tensor, ch4: float, h2o: float) -> tuple[torch.Tensor, float, float]:
    """Constant contrasts in the two windows (they share no bin), and the two areas."""
    depth = flat.clone()
    widths = bin_widths()
    areas = []
    for molecule, height in (("ch4", ch4), ("h2o", h2o)):
        bins = window_bins(molecule)
        depth[:, bins] += height
        areas.append(height * widths[bins].sum())
    return depth, areas[0], areas[1]


@pytest.mark.parametrize(
    ("ch4", "h2o"), [(0.01, 5.0), (2.0, 2.0), (30.0, 1.0), (0.0, 0.0), (5.0, 0.0), (0.0, 5.0)]
)
def test_by_hand(flat: torch.Tensor, ch4: float, h2o: float) -> None:
    depth, a, b = boxes(flat, ch4, h2o)
    softened = b + 0.2 * bin_widths()[window_bins("h2o")].sum()
    expected = max(0.0, (0.1 * b - a) / softened) + max(0.0, a / softened - 5.0)
    rule = ChemistryRatios(BOUNDS, floor=0.2, continuum=0.1)
    assert rule(depth).sum().item() == pytest.approx(expected, rel=1e-5, abs=1e-9)


def test_those_cases_break_each_bound(flat: torch.Tensor) -> None:
    rule = ChemistryRatios(BOUNDS, floor=0.2, continuum=0.1)
    too_low, within, too_high, empty = (
        rule(boxes(flat, *heights)[0]).sum().item()
        for heights in ((0.01, 5.0), (2.0, 2.0), (30.0, 1.0), (0.0, 0.0))
    )
    assert too_low > 0
    assert too_high > 0
    assert within == empty == 0.0


def test_pairs_add_up(flat: torch.Tensor) -> None:
    depth, _, _ = boxes(flat, 30.0, 1.0)
    both = {"ch4_h2o": (0.1, 5.0), "co2_h2o": (0.5, 1.0)}
    single = [
        ChemistryRatios({pair: limits}, floor=0.2, continuum=0.1)(depth).sum().item()
        for pair, limits in both.items()
    ]
    assert min(single) > 0
    together = ChemistryRatios(both, floor=0.2, continuum=0.1)(depth).sum().item()
    assert together == pytest.approx(sum(single))


def test_gradient_lowers_the_excess(flat: torch.Tensor) -> None:
    depth, _, _ = boxes(flat, 30.0, 1.0)
    depth.requires_grad_()
    ChemistryRatios(BOUNDS, floor=0.2, continuum=0.1)(depth).sum().backward()
    assert (depth.grad[0, window_bins("ch4")] > 0).all()
    assert (depth.grad[0, window_bins("h2o")] < 0).all()


def test_too_much_of_a_molecule_is_told_to_its_bins(flat: torch.Tensor) -> None:
    """By share of the band's area: with a constant contrast, by the bins' widths."""
    rule = ChemistryRatios(BOUNDS, floor=0.2, continuum=0.1)
    for heights, molecule in (((30.0, 1.0), "ch4"), ((0.01, 5.0), "h2o")):
        values = rule(boxes(flat, *heights)[0])[0]
        bins = window_bins(molecule)
        assert values.nonzero().flatten().tolist() == bins.tolist()
        widths = torch.from_numpy(bin_widths()[bins])
        torch.testing.assert_close(
            values[bins] / values.sum(), widths / widths.sum(), rtol=1e-5, atol=0
        )
