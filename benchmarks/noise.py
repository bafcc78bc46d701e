"""How quiet light curves are: ``python benchmarks/noise.py [--factors 0 1 2 4] [--cadence 1]``.

Simulates full-cadence visits with so many times the nominal jitter and defocus, runs the kill chain
with and without its regression on the pointing, divides the light curves by the injected transit
and drift, and prints their scatter over what photons and readout allow (the stated variance): 1.00
is the limit, for samples of one exposure, of some 20 s and of 7.5 minutes. "depth" is the error of
a transit's depth, rms over bins or visits, in standard deviations of those limits. Planets, stars
and detectors are the same for all factors. About 30 s and 1 GB of disk a visit.
"""

import argparse
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spectramind.calibration.calibrate_split import calibrate
from spectramind.config.compose import compose
from spectramind.config.sim import SimulationConfig
from spectramind.contracts.series import Series, read_series
from spectramind.contracts.work_folder import CalibratedFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.instrument.detectors import AIRS, FGS1, Detector
from spectramind.physics.orbit import projected_separation
from spectramind.physics.transit import transit_flux
from spectramind.run.pool import Workers
from spectramind.simulation.simulate_tree import TELEMETRY, simulate

Array = NDArray[np.float64]
Curves = dict[Detector, Series]

SPLITS = ("train", "test")
CURVES = {FGS1: 2, AIRS: 282}
BINS = {FGS1: slice(0, 1), AIRS: slice(1, None)}
SAMPLES = {FGS1: (1, 50, 1125), AIRS: (1, 5, 94)}  # cycles: one, 20 or 24 s, 7.5 minutes
_INSTANT_H = 30 / 3600  # longer exposures average the transit
ROWS = ("FGS1 by image", "FGS1 by aperture", "AIRS, a bin", "AIRS, white")


@dataclass(frozen=True)
class Noise:
    """One kind of light curve in one visit.

    Attributes:
        limit_ppm: stated noise of an exposure, median over the light curves.
        excess: (cadences,) mean square over the light curves of scatter over stated noise.
        depth: mean square error of the depth over its stated variance.
    """

    limit_ppm: float
    excess: Array
    depth: float


def main() -> None:
    """Print one line a factor and kind of light curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factors", type=float, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--planets", type=int, default=2, help="at least 2")
    parser.add_argument("--cadence", type=int, default=1, help="cycles summed into an exposure")
    chosen = parser.parse_args()
    columns = ("native", "20 s", "7.5 min", "depth")
    print(f"{'':>6} {'':17} {'limit':>6}" + 2 * "".join(f"{name:>8}" for name in columns))
    print(f"{'jitter':>6} {'':17} {'[ppm]':>6}{'as it comes':>32}{'regressed':>32}")
    for factor in chosen.factors:
        for title, raw, quiet in zip(ROWS, *visits(factor, chosen), strict=True):
            shown = "".join(f"{value:8.2f}" for noises in (raw, quiet) for value in pooled(noises))
            limit = np.median([noise.limit_ppm for noise in raw])
            print(f"{factor:6g} {title:17} {limit:6.0f}{shown}", flush=True)


def pooled(noises: list[Noise]) -> list[float]:
    """Root mean squares over visits."""
    excess = np.mean([noise.excess for noise in noises], axis=0)
    return [*np.sqrt(excess), np.sqrt(np.mean([noise.depth for noise in noises]))]


def visits(factor: float, chosen: argparse.Namespace) -> list[list[list[Noise]]]:
    """Noise of every kind in every visit, without and with regression."""
    sim = ["sim=full", f"sim.jitter.factor={factor}", f"sim.planets={chosen.planets - 1}"]
    sim += ["sim.test_planets=1", "sim.two_visit_fraction=0", f"sim.cadence={chosen.cadence}"]
    with tempfile.TemporaryDirectory() as folder:
        config = compose([*sim, f"paths.work={folder}"])
        simulate(config.sim, config.data.raw, config.seed, Workers(1), TELEMETRY)
        tree, found = KaggleTree(config.data.raw), []
        for regress in ("false", "true"):
            curves = light_curves(tree, f"calib.pointing.regress={regress}", Path(folder) / regress)
            by_visit = [
                measured(read, np.load(tree.root / "truth" / f"{name}.npz"), config.sim)
                for name, read in curves.items()
            ]
            found.append([list(kind) for kind in zip(*by_visit, strict=True)])
        return found


def light_curves(tree: KaggleTree, setting: str, out_dir: Path) -> dict[str, Curves]:
    """Native light curves of all visits, by name of the visit."""
    config = compose(["sim=full", "calib.cadence_min=0", setting])
    for split in SPLITS:
        calibrate(config.calib, tree, split, CalibratedFolder(out_dir), Workers(1))

    def read(visit: Visit) -> Curves:
        return {
            d: read_series(CalibratedFolder(out_dir).series(d, visit.name), n)
            for d, n in CURVES.items()
        }

    return {visit.name: read(visit) for split in SPLITS for visit in tree.visits(split)}


def measured(curves: Curves, truth: Mapping[str, Array], sim: SimulationConfig) -> list[Noise]:
    """Noise of the kinds in ``ROWS``; the last exposure is wrong by design and left out."""
    light = {
        d: averaged_light(truth, curves[d].time_h, bins, sim.hours) for d, bins in BINS.items()
    }
    flux, variance = ({d: getattr(curves[d], name)[:-1].astype(float) for d in curves}
                      for name in ("flux", "variance"))  # fmt: skip
    star = light[FGS1][:-1]
    samples = {d: tuple(max(1, n // sim.cadence) for n in counts) for d, counts in SAMPLES.items()}
    fgs1 = [noise(flux[FGS1][:, [k]], variance[FGS1][:, [k]], star, samples[FGS1]) for k in (0, 1)]
    bins, level = light[AIRS][:-1], flux[AIRS].mean(axis=0)
    white, spread = (values.sum(axis=1, keepdims=True) for values in (flux[AIRS], variance[AIRS]))
    mean_light = (bins @ level / level.sum())[:, None]
    return [
        *fgs1,
        noise(flux[AIRS], variance[AIRS], bins, samples[AIRS]),
        noise(white, spread, mean_light, samples[AIRS]),
    ]


def averaged_light(truth: Mapping[str, Array], time_h: Array, bins: slice, hours: float) -> Array:
    """True light, averaged over each exposure, (T, bins)."""
    step_h = float(np.median(np.diff(time_h)))
    instants = int(np.ceil(step_h / _INSTANT_H))
    offsets = step_h * ((np.arange(instants) + 0.5) / instants - 0.5)
    instant = [true_light(truth, time_h + offset, bins, hours) for offset in offsets]
    return np.asarray(np.mean(instant, axis=0))


def true_light(truth: Mapping[str, Array], time_h: Array, bins: slice, hours: float) -> Array:
    """Transit, spots and drift as they were injected, (T, bins)."""
    orbit = (float(truth[key]) for key in ("period_d", "a_over_rs", "inclination_deg"))
    separation = projected_separation(time_h, float(truth["mid_time_h"]), *orbit)
    ratio = np.sqrt(truth["spectrum"][bins])
    loss = 1 - transit_flux(separation, ratio, truth["limb_darkening"][bins])
    drift = np.polynomial.legendre.legval(2 * time_h / hours - 1, truth["drift_legendre"])
    star = 1 - truth["spot_factor"][bins, None] * loss
    return (star * (1 + truth["drift_spectrum"][bins, None] * drift)).T


def noise(flux: Array, variance: Array, light: Array, samples: tuple[int, ...]) -> Noise:
    """What is left of light curves (T, B) without their true light, against what is stated."""
    left = flux / light
    left = left / left.mean(axis=0) - 1
    stated = variance / flux.mean(axis=0) ** 2
    excess = []
    for count in samples:
        pieces = len(left) // count
        means, limit = (
            values[: pieces * count].reshape(pieces, count, -1).mean(axis=1)
            for values in (left, stated)
        )
        scatter = ((means - means.mean(axis=0)) ** 2).sum(axis=0) / (pieces - 1)
        excess.append(np.mean(scatter / (limit.mean(axis=0) / count)))
    shape = light.mean(axis=1) - light.mean()
    design = np.column_stack([shape / np.ptp(shape), np.ones(len(shape)), np.arange(len(shape))])
    weights = np.linalg.pinv(design)[0]
    depth = (weights @ left) ** 2 / (weights**2 @ stated)
    limit_ppm = 1e6 * float(np.median(np.sqrt(stated.mean(axis=0))))
    return Noise(limit_ppm, np.array(excess), float(depth.mean()))


if __name__ == "__main__":
    main()
