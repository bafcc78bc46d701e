"""Coherence: an implication, not a demand."""

import pytest
import torch

from spectramind.instrument.molecules import window_bins
from spectramind.symbolic.contrast import contrast
from spectramind.symbolic.rules.coherence import Coherence, MoleculeCoherence, evidence_bins
from spectramind.symbolic.templates import template

MOLECULES = ("h2o", "co2", "ch4")


@pytest.fixture
def rule() -> Coherence:
    return Coherence(MOLECULES, envelope=0.5, presence=0.5, continuum=0.1)


@pytest.mark.parametrize("molecule", MOLECULES)
def test_injected_template_costs_nothing(rule: Coherence, with_bands, molecule: str) -> None:
    depth = with_bands(**{molecule: 60.0})
    assert rule.molecules[molecule](contrast(depth, 0.1)).sum().item() == pytest.approx(
        0.0, abs=1e-12
    )


@pytest.mark.parametrize("molecule", ["h2o", "ch4"])
def test_broken_shape_costs(rule: Coherence, with_bands, molecule: str) -> None:
    depth = with_bands(**{molecule: 60.0})
    bins = torch.from_numpy(window_bins(molecule))
    broken = depth.clone()
    broken[:, bins[len(bins) // 4 : len(bins) // 2]] = depth.min()  # a hole in the band
    upside_down = depth.clone()
    upside_down[:, bins] = depth[:, bins].max() + depth[:, bins].min() - depth[:, bins]
    whole, hole, inverted = rule(torch.cat([depth, broken, upside_down])).sum(dim=1).tolist()
    assert whole == pytest.approx(0.0, abs=1e-6)
    assert hole > 0.01
    assert inverted > 0.001


def test_methane_at_3_3_microns_asks_for_its_band_at_2_3(rule: Coherence, with_bands) -> None:
    depth = with_bands(ch4=60.0)
    depth[:, 24:60] = depth.min()
    assert rule.molecules["ch4"](contrast(depth, 0.1)).sum().item() > 0.005


def test_flat_planet_need_not_hold_any_molecule(rule: Coherence, flat: torch.Tensor) -> None:
    assert rule(flat).sum().item() == 0.0


def test_presence_turns_the_rule_on_gradually(with_bands) -> None:
    rule = MoleculeCoherence("ch4", envelope=0.5, presence=0.5)
    broken = with_bands(ch4=1.0)
    broken[:, 24:60] = broken.min()
    above = contrast(broken, 0.1)
    costs = [rule(above * factor).sum().item() for factor in (0.1, 1.0, 10.0, 1000.0)]
    assert costs == sorted(costs)
    assert costs[0] < 0.01 * costs[-1]
    own = torch.from_numpy(template("ch4"))[torch.isin(rule.bins, rule.evidence)]
    explained = (above[0, rule.evidence] @ own) / own.norm() / len(own) ** 0.5
    assert rule(above * 0.5 / explained).sum().item() == pytest.approx(
        0.5 * rule(above * 1e6).sum().item(), rel=1e-3
    )


def test_a_window_below_the_continuum_shows_no_molecule(rule: Coherence, flat) -> None:
    """Its rms is large, and nothing of it is the template's: no band is asked for."""
    above = torch.zeros_like(flat)
    above[:, window_bins("h2o")] = -20.0
    above[:, window_bins("h2o")[-5:]] = 20.0
    assert rule.molecules["h2o"](above).sum().item() == 0.0
    assert rule.molecules["h2o"](-above).sum().item() > 0.0


def test_hiding_a_molecule_is_no_way_out(with_bands) -> None:
    rule = MoleculeCoherence("ch4", envelope=0.5, presence=0.5)
    above = contrast(with_bands(ch4=10.0), 0.1)
    above[:, 24:60] *= 0.1
    above.requires_grad_()
    (gradient,) = torch.autograd.grad(rule(above).sum(), above)
    assert gradient.abs().max() > 0
    # No slope along the amplitude of the whole window: only the shape is pushed.
    assert (gradient * above).sum().abs() < 1e-9 * (gradient * above).abs().sum()


def test_evidence_is_what_no_other_molecule_explains() -> None:
    co2 = set(window_bins("co2").tolist())
    assert not co2 & set(evidence_bins("h2o").tolist())
    assert set(evidence_bins("co2").tolist()) == co2  # all inside the water window
    assert 0 < len(evidence_bins("ch4")) < len(window_bins("ch4"))


def test_the_hole_is_told_where_it_is(rule: Coherence, with_bands) -> None:
    depth = with_bands(ch4=60.0)
    depth[:, 24:60] = depth.min()
    values = rule(depth)[0]
    told = set(values.nonzero().flatten().tolist())
    assert told <= set(range(24, 60))
    assert values.argmax().item() in range(24, 60)


def test_each_molecule_stands_in_the_log_by_its_name(rule: Coherence, with_bands) -> None:
    depth = with_bands(ch4=60.0)
    depth[:, 24:60] = depth.min()
    found = rule.violations(torch.cat([with_bands(ch4=60.0), depth]), unit=1e-4)
    assert list(found) == ["coherence:H2O", "coherence:CO2", "coherence:CH4"]
    whole, hole = found["coherence:CH4"]
    assert whole.score == pytest.approx(0.0, abs=1e-9)
    assert hole.score == hole.facts["score"] > 0.005
    assert set(hole.facts["bins"]) <= set(range(24, 60))
    assert 0 < len(hole.facts["bins"]) <= 5
