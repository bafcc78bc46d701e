"""A foreign tree in which every planet has its own strengths."""

from pathlib import Path

import numpy as np

from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.run.pool import Workers
from spectramind.simulation.simulate_tree import simulate
from spectramind.simulation.strengths import of_own_strengths

FOREIGN = compose(["sim=foreign"]).sim


def _drawn(count: int) -> list[SimulationConfig]:
    return [of_own_strengths(FOREIGN, np.random.default_rng(n)) for n in range(count)]


def test_each_switch_is_off_for_half_and_anything_up_to_the_setting_for_the_others() -> None:
    drawn = _drawn(600)
    for strength in (
        np.array([one.foreign.telescope.red_noise.airs for one in drawn]) / 3e-5,
        np.array([1 - one.foreign.telescope.airs_motion.shared for one in drawn]) / 0.7,
        np.array([one.foreign.sky.limb_factor - 1 for one in drawn]) / 0.15,
        np.array([one.foreign.sky.faculae.fraction[1] for one in drawn]) / 0.1,
        np.array([one.population.spots.fraction[1] for one in drawn]) / 0.1,
    ):
        assert abs((strength == 0).mean() - 0.5) < 0.08  # 4 sigma of 600 draws
        on = strength[strength > 0]
        assert on.max() < 1
        assert abs(on.mean() - 0.5) < 0.07
    laws = [one.foreign.sky.limb_darkening_law for one in drawn]
    assert abs(laws.count("four_parameter") / 600 - 0.5) < 0.08


def test_drawn_settings_are_ones_that_may_be_set() -> None:
    for one in _drawn(20):
        assert SimulationConfig.model_validate(one.model_dump()) == one


def test_switches_are_drawn_by_themselves() -> None:
    drawn = _drawn(600)
    red = [one.foreign.telescope.red_noise.airs for one in drawn]
    moon = [one.foreign.sky.moon.share for one in drawn]
    assert abs(np.corrcoef(red, moon)[0, 1]) < 0.16


def test_a_tree_of_own_strengths_holds_quiet_and_patchy_stars(tmp_path: Path) -> None:
    names = ("cadence=400", "hours=5", "planets=12", "test_planets=1", "foreign.own_strengths=true")
    config = compose(["sim=foreign", *(f"sim.{name}" for name in names)]).sim
    simulate(config, tmp_path / "raw", 3, Workers(1))
    records = [np.load(path) for path in sorted((tmp_path / "raw/truth").glob("*.npz"))]
    ellipses = [float(record["eccentricity"]) for record in records]
    assert 0 in ellipses
    assert max(ellipses) > 0
