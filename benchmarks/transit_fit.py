"""How good and fast the white-light fit is: ``python benchmarks/transit_fit.py [--planets 12]``.

The peer is what one writes in an afternoon: batman's light curves in SciPy's least squares, with
mid-time, orbit, both radii, both quadratic limb darkenings and two quartics in time all free, no
prior, started where the star table and the deepest hour say. Both get the same simulated light
curves (``level=lightcurves``, the chain's features). Printed are errors of the white-light depth,
(Rp/Rs)^2 of FGS1 and of AIRS weighted as it shines [ppm], and seconds a visit in one process; in
ours the 283 bins are fitted, too. batman is a development dependency: run here, never shipped.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass

import batman
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from spectramind.config.compose import compose
from spectramind.config.root import Config
from spectramind.contracts.depths import Depths
from spectramind.contracts.star_row import StarRow
from spectramind.contracts.work_folder import WorkFolder
from spectramind.dataset.tree import KaggleTree, Visit
from spectramind.features.extract import extract
from spectramind.features.reference_depths import read_bin_curves
from spectramind.features.visit_fit import bin_in_time, estimate, mean_around
from spectramind.pipeline.draw_light_curves import light_curves_level
from spectramind.pipeline.visits import star_rows
from spectramind.run.npz import read_npz
from spectramind.run.pool import Workers
from spectramind.simulation.simulate_tree import simulate

Array = NDArray[np.float64]
ORDER = 4
MAX_RATIO = 0.5


@dataclass(frozen=True)
class Outcome:
    """One visit: true white-light depths of FGS1 and AIRS, errors [ppm], seconds, our doubt."""

    name: str
    truth: Array
    ours: Array
    peer: Array
    seconds: tuple[float, float]
    reason: str


def main() -> None:
    """Print one line a visit, then who is nearer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planets", type=int, default=12)
    parser.add_argument("--cadence", type=int, default=10, help="cycles summed into an exposure")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sim = ["sim=full", f"sim.cadence={chosen.cadence}", f"sim.planets={chosen.planets}"]
        sim += ["sim.test_planets=1", "sim.two_visit_fraction=0", "level=lightcurves"]
        found = outcomes(compose([*sim, f"paths.work={folder}"]))
    print(f"{'':12} {'true [ppm]':>16}{'FGS1 error':>16}{'AIRS error':>16}{'seconds':>15}")
    print(f"{'visit':12} {'FGS1':>8}{'AIRS':>8}" + 3 * f"  {'ours':>7}{'batman':>7}")
    for one in found:
        print(line(one))
    for text in verdict(found):
        print(text)


def line(one: Outcome) -> str:
    """One visit's numbers."""
    errors = zip(one.ours, one.peer, strict=True)
    pairs = "".join(f"  {ours:7.0f}{peer:7.0f}" for ours, peer in errors)
    depth = "".join(f"{1e6 * value:8.0f}" for value in one.truth)
    return f"{one.name:12} {depth}{pairs}  {one.seconds[0]:7.2f}{one.seconds[1]:7.2f}  {one.reason}"


def verdict(found: list[Outcome]) -> list[str]:
    """Medians and root mean squares of both, and how often ours is nearer."""
    lines = []
    for band, name in enumerate(("FGS1", "AIRS")):
        ours, peer = (np.array([getattr(o, who)[band] for o in found]) for who in ("ours", "peer"))
        nearer = int((np.abs(ours) < np.abs(peer)).sum())
        said = [
            f"{np.median(np.abs(error)):.0f} ({np.sqrt(np.mean(error**2)):.0f}) ppm"
            for error in (ours, peer)
        ]
        lines.append(
            f"{name}: median (rms) error {said[0]} ours, {said[1]} batman's; ours is nearer in "
            f"{nearer} of {len(found)}"
        )
    seconds = np.mean([one.seconds for one in found], axis=0)
    return [*lines, f"{seconds[0]:.2f} s a visit ours, {seconds[1]:.2f} s batman's, one process"]


def outcomes(config: Config) -> list[Outcome]:
    """Simulate, extract and fit the training planets, both ways."""
    level, workers = light_curves_level(config), Workers(1)
    simulate(config.sim, config.data.raw, config.seed, workers, level)
    tree, folder = KaggleTree(config.data.raw), WorkFolder(config.paths)
    extract(config.features, tree.visits("train"), folder.calibrated, folder.features, workers)
    stars = dict(star_rows(tree, "train"))
    visits = tree.visits("train")
    fit_both(visits[0], stars[visits[0].name], config)  # compiles
    return [fit_both(visit, stars[visit.name], config) for visit in visits]


def fit_both(visit: Visit, star: StarRow, config: Config) -> Outcome:
    """Fit one visit."""
    features = WorkFolder(config.paths).features
    curves = read_bin_curves(features, visit.name)
    path = features.fgs1_white(visit.name)
    fgs1 = read_npz(path, "time", "centroid", made_by="features")
    pointing = mean_around(curves.time_h, np.asarray(fgs1["time"]), np.asarray(fgs1["centroid"]))
    start = time.perf_counter()
    ours = estimate(curves.time_h, curves.flux, star, config.fit, pointing)
    between = time.perf_counter()
    time_h, flux = bin_in_time(curves.time_h, curves.flux, config.fit.samples)
    white = np.column_stack([flux[:, 0], flux[:, 1:].sum(axis=1)])
    peer = free_fit(time_h, white / np.median(white, axis=0), star)
    end = time.perf_counter()
    spectrum = np.load(config.data.raw / "truth" / f"{visit.name}.npz")["spectrum"]
    light = np.median(curves.flux, axis=0)[1:]
    truth = np.array([spectrum[0], np.average(spectrum[1:], weights=light)])
    return Outcome(
        name=visit.name,
        truth=truth,
        ours=1e6 * (_white_depth(ours, light) - truth),
        peer=1e6 * (peer - truth),
        seconds=(between - start, end - between),
        reason=ours.info["reason"],
    )


def _white_depth(found: Depths, light: Array) -> Array:
    return np.array([found.fit.depth[0], np.average(found.fit.depth[1:], weights=light)])


def free_fit(time_h: Array, flux: Array, star: StarRow) -> Array:
    """Depths of both bands (2,) by batman and least squares, nothing but bounds given.

    Args:
        time_h: (T,); flux: (T, 2), near 1.
        star: where the orbit starts.
    """
    x = 2 * (time_h - time_h[0]) / np.ptp(time_h) - 1
    basis = np.polynomial.legendre.legvander(x, ORDER)
    noise = np.std(np.diff(flux, axis=0), axis=0) / np.sqrt(2)
    hour = max(3, round(len(time_h) / np.ptp(time_h)))
    smooth = np.convolve(flux[:, 1], np.ones(hour) / hour, mode="valid")
    middle = time_h[int(smooth.argmin()) + hour // 2]
    ratio = np.sqrt(np.clip(1 - smooth.min(), 1e-4, MAX_RATIO**2))
    impact = min(abs(star.impact), 0.9)
    quartics = np.zeros((2, ORDER + 1))
    quartics[:, 0] = np.quantile(flux, 0.8, axis=0)
    begin = [middle, np.log(star.a_over_rs), impact, ratio, ratio, *[0.3, 0.1] * 2]
    low = [time_h[0], 0.5, 0.0, 1e-3, 1e-3, *[-1.0] * 4, *[-np.inf] * quartics.size]
    high = [time_h[-1], 5.0, 1.4, MAX_RATIO, MAX_RATIO, *[1.5] * 4, *[np.inf] * quartics.size]
    scale = [0.02, 0.1, 0.1, 0.01, 0.01, *[0.1] * 4, *[1e-3] * quartics.size]
    planet = batman.TransitParams()
    planet.per, planet.ecc, planet.w, planet.limb_dark = star.period_d, 0.0, 90.0, "quadratic"
    planet.t0, planet.a, planet.inc = middle / 24, star.a_over_rs, 90.0
    planet.rp, planet.u = ratio, [0.3, 0.1]
    model = batman.TransitModel(planet, time_h / 24)

    def residuals(values: Array) -> Array:
        planet.t0, planet.a = values[0] / 24, np.exp(values[1])
        planet.inc = np.degrees(np.arccos(min(values[2] / planet.a, 1.0)))
        drift = basis @ values[9:].reshape(2, -1).T
        left = []
        for band in range(2):
            planet.rp, planet.u = values[3 + band], list(values[5 + 2 * band : 7 + 2 * band])
            left.append((flux[:, band] - model.light_curve(planet) * drift[:, band]) / noise[band])
        return np.concatenate(left)

    start = np.clip([*begin, *quartics.ravel()], np.add(low, 1e-6), np.subtract(high, 1e-6))
    best = least_squares(residuals, start, bounds=(low, high), x_scale=scale)
    return np.asarray(best.x[3:5] ** 2)


if __name__ == "__main__":
    main()
