"""The auditor: what each rule says of a planet, how bad it is, and which rule pushes where."""

import numpy as np
import pytest

from spectramind.config.auditing import SeverityBand
from spectramind.errors import ConfigError
from spectramind.instrument.molecules import window_bins
from spectramind.symbolic.auditor import Auditor, dominant_rules, titles
from spectramind.symbolic.rule import known_rules
from spectramind.symbolic.violation_log import Severity

BANDS = {name: SeverityBand(warn=0.05, fail=0.5) for name in known_rules()}


@pytest.fixture
def auditor(make_config) -> Auditor:
    return Auditor(make_config(ratio={"bounds": {"ch4_h2o": [0.0, 5.0]}, "floor": 0.2}), BANDS)


@pytest.fixture
def flat_depth() -> np.ndarray:
    return np.full((1, 283), 0.01)


def test_a_flat_planet_is_in_order(auditor: Auditor, flat_depth: np.ndarray) -> None:
    (found,) = auditor.judge(flat_depth)
    assert found.severity == Severity.OK
    assert found.violations == {
        "smoothness": {"score": 0.0, "top_bins": [], "status": "ok"},
        "nonneg": {"count": 0, "min": 0.0, "status": "ok"},
        **{
            f"coherence:{molecule}": {"score": 0.0, "bins": [], "status": "ok"}
            for molecule in ("H2O", "CO2", "CH4")
        },
        "seam": {"delta": 0.0, "status": "ok"},
        "ratios": {"ch4_h2o": {"r": 0.0, "status": "ok"}},
        "fft_power": {"score": 0.0, "top_bins": [], "status": "ok"},
        "asymmetry": {"score": 0.0, "top_bins": [], "status": "ok"},
    }


def test_every_violation_is_told_with_its_facts(auditor: Auditor, flat_depth: np.ndarray) -> None:
    mu = flat_depth.copy()
    mu[0, 250] = -2e-4  # negative, a spike, a notch, fast
    mu[0, 100:] += 3e-4  # a step at the seam
    mu[0, window_bins("ch4")] += 8e-4  # methane without water
    (found,) = auditor.judge(mu)
    told = found.violations
    assert found.severity == Severity.FAIL
    assert told["nonneg"] == {"count": 0, "min": 0.0, "status": "ok"}  # the step lifted it
    assert told["seam"]["delta"] == pytest.approx(-3e-4)
    assert told["seam"]["status"] == "fail"  # 9 units
    assert told["smoothness"]["top_bins"] == [249, 250, 251]
    assert told["asymmetry"]["top_bins"] == [250]
    assert 250 in told["fft_power"]["top_bins"]
    assert told["ratios"]["ch4_h2o"]["r"] > 5.0
    assert told["ratios"]["ch4_h2o"]["status"] in ("warn", "fail")


def test_negative_depths_are_counted(auditor: Auditor, flat_depth: np.ndarray) -> None:
    mu = flat_depth.copy()
    mu[0, [40, 41]] = -1e-4, -3e-4
    told = auditor.judge(mu)[0].violations["nonneg"]
    assert told["count"] == 2
    assert told["min"] == pytest.approx(-3e-4)


def test_intervals_in_the_wrong_order_are_counted(auditor: Auditor, flat_depth) -> None:
    half_width = np.full((1, 283), 1e-4)
    half_width[0, 5:8] = -1e-4
    (found,) = auditor.judge(flat_depth, half_width)
    assert found.violations["quantile_monotonicity"]["count"] == 3
    (found,) = auditor.judge(flat_depth, np.full((1, 283), np.inf))
    assert found.violations["quantile_monotonicity"] == {"count": 0, "status": "ok"}


@pytest.mark.parametrize(
    ("score", "severity"), [(0.0, "ok"), (0.05, "ok"), (0.06, "warn"), (0.5, "warn"), (0.6, "fail")]
)
def test_bands(score: float, severity: str) -> None:
    assert Severity.of(score, SeverityBand(warn=0.05, fail=0.5)) == severity


def test_rules_are_judged_whatever_their_weight(make_config, flat_depth: np.ndarray) -> None:
    off = {f"lambda_{name}": 0.0 for name in known_rules()}
    auditor = Auditor(make_config(**off), BANDS)
    rough = flat_depth + 5e-4 * np.random.default_rng(1).normal(size=(1, 283))
    assert auditor.judge(rough)[0].severity == Severity.FAIL
    maps = auditor.influence(rough)
    assert not any(values.any() for values in maps.values())
    assert set(dominant_rules(maps, titles())[0].values()) == {None}


def test_influence_is_weighted_and_its_greatest_rules_are_named(
    make_config, flat_depth: np.ndarray
) -> None:
    auditor = Auditor(make_config(lambda_sm=0.5, lambda_fft=0.0, lambda_asym=0.0), BANDS)
    mu = np.concatenate([flat_depth, flat_depth])
    mu[1, 0] = -1e-3  # FGS1 negative
    mu[1, 270] += 2e-4  # a spike outside all windows
    maps = auditor.influence(mu)
    assert maps["nn"][1, 0] == pytest.approx(-1 / 283 / 1e-4)
    assert maps["sm"][1, 270] > 0.0  # lower it, says the rule
    assert maps["sm"][1, 270] == pytest.approx(0.5 * 2 * (1 + 4 + 1) * 2 / 281 / 1e-4)
    quiet, loud = dominant_rules(maps, titles())
    assert set(quiet.values()) == {None}
    assert loud["FGS1"] == "nonneg"
    assert loud["continuum"] == "smoothness"


def test_a_rule_needs_a_band_and_a_band_a_rule(make_config) -> None:
    short = {name: band for name, band in BANDS.items() if name != "sm"}
    for bands, odd in ((short, "sm"), (BANDS | {"smm": BANDS["sm"]}, "smm")):
        with pytest.raises(ConfigError, match=f"without the other: {odd}: the rules are sm, nn"):
            Auditor(make_config(), bands)


def test_no_planets_no_findings(auditor: Auditor) -> None:
    assert auditor.judge(np.empty((0, 283))) == []
    assert dominant_rules(auditor.influence(np.empty((0, 283))), titles()) == []
