"""Do the rules punish the truth: ``python benchmarks/rules_on_truth.py [--trees RAW ...]``.

Every rule of the pack as configured on true spectra, and on the same with white noise: planets as
the simulator draws them, random atmospheres, and the labels and truths of trees (raw folders; give
foreign ones). A rule that costs a truth as much as noise is mis-set. A penalty is told without its
lambda, then the nats a planet that the truth costs in training.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.spectra import SPECTRUM_COLUMNS
from spectramind.dataset.tables import read_truth
from spectramind.prior.atmospheres import atmosphere_spectra
from spectramind.run.progress import track
from spectramind.simulation.planet_draw import draw_planet
from spectramind.symbolic.auditor import titles
from spectramind.symbolic.pack import SymbolicPack

Array = NDArray[np.float64]
_SEEDS = (11, 12)
_OFTEN = 0.99
# A rule is mis-set where half of the truths cost this much of what noise makes them cost, and that
# is more than a thousandth of a nat: less moves no estimate.
_SHARE_OF_NOISE = 0.5
_NATS = 1e-3


@dataclass(frozen=True)
class Cost:
    """A rule on a set of spectra.

    Attributes:
        spectra: the set; rule: by the name its weight has.
        truth, truth_often: penalty of the truths, median and the 99th percentile.
        noise: median penalty of the same with noise.
        nats: weight times ``truth``: what the median truth costs in training.
    """

    spectra: str
    rule: str
    truth: float
    truth_often: float
    noise: float
    nats: float

    @property
    def mis_set(self) -> bool:
        """The rule punishes what it is to defend."""
        return self.truth > _SHARE_OF_NOISE * self.noise and self.nats > _NATS


def simulated(config: Config, count: int) -> Array:
    """Spectra of planets as the simulator draws them, (count, 283)."""
    rng, limb_rng = (np.random.default_rng(seed) for seed in _SEEDS)
    draws = (draw_planet(rng, limb_rng, config.sim.population) for _ in range(count))
    return np.stack([planet.spectrum for planet in track(draws, "planets", count)])


def of_tree(raw: Path) -> Array:
    """Labels and, where they are known, truths of the test planets."""
    files = [path for path in (raw / "train.csv", raw / "truth" / "test.csv") if path.is_file()]
    tables = [read_truth(path)[list(SPECTRUM_COLUMNS)].to_numpy() for path in files]
    return np.concatenate(tables) if tables else np.empty((0, len(SPECTRUM_COLUMNS)))


def costs(pack: SymbolicPack, sets: Mapping[str, Array], noise: float) -> Iterator[Cost]:
    """Every rule on every set; ``noise``: white, (Rp/Rs)^2, the same draws for every rule."""
    for name, spectra in sets.items():
        drawn = np.random.default_rng(0).normal(0.0, noise, spectra.shape)
        truth, noisy = (pack(torch.tensor(s))[1] for s in (spectra, spectra + drawn))
        for rule, penalty in truth.items():
            median = float(penalty.median())
            yield Cost(
                spectra=name,
                rule=rule,
                truth=median,
                truth_often=float(penalty.quantile(_OFTEN)),
                noise=float(noisy[rule].median()),
                nats=pack.weights[rule] * median,
            )


def table(found: Sequence[Cost], noise: float) -> Table:
    """What was found, for people."""
    shown = Table(title="penalties of the truth", box=SIMPLE_HEAD, pad_edge=False)
    shown.add_column("spectra")
    shown.add_column("rule")
    for name in ("median", "99 %", f"with {1e6 * noise:g} ppm", "nats", ""):
        shown.add_column(name, justify="right")
    for cost in found:
        numbers = (cost.truth, cost.truth_often, cost.noise, cost.nats)
        said = "mis-set" if cost.mis_set else ""
        shown.add_row(cost.spectra, titles()[cost.rule], *(f"{x:.1e}" for x in numbers), said)
    return shown


def main(arguments: Sequence[str] | None = None) -> list[Cost]:
    """Measure, print, and return what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planets", type=int, default=1000, help="of simulator and atmospheres")
    parser.add_argument("--trees", type=Path, nargs="*", default=[], help="raw folders")
    parser.add_argument("--noise-ppm", type=float, default=50.0)
    parser.add_argument("overrides", nargs="*", help="such as loss.lambda_seam=1 loss.seam=140")
    options = parser.parse_args(arguments)
    config = compose(options.overrides)
    sets = {
        "simulated": simulated(config, options.planets),
        "atmospheres": atmosphere_spectra(options.planets),
    } | {str(raw): of_tree(raw) for raw in options.trees}
    noise = 1e-6 * options.noise_ppm
    pack = SymbolicPack(config.loss)
    found = list(costs(pack, {name: s for name, s in sets.items() if len(s)}, noise))
    Console().print(table(found, noise))
    return found


if __name__ == "__main__":
    main()
